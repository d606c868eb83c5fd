"""The one reader of the environment.

`Settings.read(environ)` turns the table (settings_table.py) into a frozen object, once, at start.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from errors import BootRefused
from settings_table import TABLE

DISCOVERY = "/.well-known/openid-configuration"
ALLOW_KINDS = ("sub", "user", "org", "domain")

# Values people copy from examples; a secret everybody knows is no secret.
KNOWN_SECRETS = frozenset({"changeme", "change-me", "secret", "greenroom", "default", "password"})
SECRET_MIN_CHARS, SECRET_MIN_DISTINCT = 32, 8


@dataclass(frozen=True)
class ProviderSettings:
    """One OpenID provider.

    issuer  without a slash at its end
    allow   pairs of a kind of ALLOW_KINDS and what it must be
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: str
    allow: frozenset[tuple[str, str]]
    admin_subject: str | None


@dataclass(frozen=True)
class Settings:
    data: Path
    database_url: str
    redis_url: str | None
    public_url: str
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    secret: str
    secret_previous: str | None
    invite_ms: int
    waitlist: bool
    webhooks_loopback: bool
    rate_per_minute: int
    concurrent: int
    clips_per_day: int
    gpu_ms_per_day: int
    bearer_rate_per_minute: int
    bearer_concurrent: int
    bearer_clips_per_day: int
    bearer_gpu_ms_per_day: int
    step_up: bool
    touch_clips: int
    touch_ms: int
    media: str
    keep_ms: int | None
    worker: bool
    drain_s: int
    lost_s: int
    host: str
    port: int
    in_space: bool
    provider: ProviderSettings | None = None
    visible_mark: str = "policy"
    mark_key: str = field(default="", repr=False)
    signing_certificates: Path | None = None
    signing_key: Path | None = None
    signing_roots: Path | None = None
    log: str = "text"
    metrics_token: str | None = field(default=None, repr=False)
    worker_metrics: tuple[str, int] | None = None
    traces_to: str | None = None
    rules: str | None = None
    classifiers: str = ""
    picture_classifiers: str = ""

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Settings from `environ` (default: the process's).

        Creates the data folder, and the secret in it, where they are missing.
        Raises BootRefused with a sentence that names the setting.
        """
        environ = os.environ if environ is None else environ
        value = {row.name: environ.get(row.name, row.default).strip() for row in TABLE}
        data = Path(value["GREENROOM_DATA"]).expanduser().resolve()
        make_folder(data)
        # A Space with several names lists them with commas; the first is its own.
        space = value["SPACE_HOST"].split(",")[0].strip()
        host, port = value["GRADIO_SERVER_NAME"], whole(value, "GRADIO_SERVER_PORT", 1, 65535)
        return cls(
            data=data,
            database_url=value["GREENROOM_DATABASE_URL"] or f"sqlite:///{data / 'greenroom.db'}",
            redis_url=value["GREENROOM_REDIS_URL"] or None,
            public_url=(
                value["GREENROOM_PUBLIC_URL"]
                or (f"https://{space}" if space else f"http://{host}:{port}")
            ).rstrip("/"),
            trusted_proxies=networks(value["GREENROOM_TRUSTED_PROXIES"]),
            secret=read_secret(environ.get("GREENROOM_SECRET"), data / "secret"),
            secret_previous=read_previous(value["GREENROOM_SECRET_PREVIOUS"]),
            invite_ms=3_600_000 * whole(value, "GREENROOM_INVITE_HOURS", 1, 24),
            waitlist=on_or_off(value, "GREENROOM_WAITLIST"),
            webhooks_loopback=on_or_off(value, "GREENROOM_WEBHOOKS_LOOPBACK"),
            rate_per_minute=whole(value, "GREENROOM_RATE_PER_MINUTE", 1, 60_000),
            concurrent=whole(value, "GREENROOM_CONCURRENT", 1, 1_000),
            clips_per_day=whole(value, "GREENROOM_CLIPS_PER_DAY", 0, 1_000_000),
            gpu_ms_per_day=1000 * whole(value, "GREENROOM_GPU_SECONDS_PER_DAY", 0, 10_000_000),
            bearer_rate_per_minute=whole(value, "GREENROOM_BEARER_RATE_PER_MINUTE", 1, 60_000),
            bearer_concurrent=whole(value, "GREENROOM_BEARER_CONCURRENT", 1, 1_000),
            bearer_clips_per_day=whole(value, "GREENROOM_BEARER_CLIPS_PER_DAY", 0, 1_000_000),
            bearer_gpu_ms_per_day=1000
            * whole(value, "GREENROOM_BEARER_GPU_SECONDS_PER_DAY", 0, 10_000_000),
            step_up=on_or_off(value, "GREENROOM_STEP_UP"),
            touch_clips=whole(value, "GREENROOM_TOUCH_CLIPS", 1, 1_000),
            touch_ms=3_600_000 * whole(value, "GREENROOM_TOUCH_HOURS", 1, 24),
            media=value["GREENROOM_MEDIA"] or str(data / "clips"),
            keep_ms=86_400_000 * whole(value, "GREENROOM_KEEP_DAYS", 0, 36_500) or None,
            worker=on_or_off(value, "GREENROOM_WORKER"),
            drain_s=whole(value, "GREENROOM_DRAIN_SECONDS", 0, 86_400),
            lost_s=whole(value, "GREENROOM_LOST_SECONDS", 6, 600),
            host=host,
            port=port,
            in_space=bool(space),
            provider=read_provider(value),
            visible_mark=one_of(value, "GREENROOM_VISIBLE_MARK", ("policy", "never")),
            mark_key=read_secret(
                value["GREENROOM_MARK_KEY"] or None, data / "mark-key", "GREENROOM_MARK_KEY"
            ),
            signing_certificates=file_of(value["GREENROOM_SIGNING_CERTIFICATES"]),
            signing_key=file_of(value["GREENROOM_SIGNING_KEY"]),
            signing_roots=file_of(value["GREENROOM_SIGNING_ROOTS"]),
            log=one_of(value, "GREENROOM_LOG", ("text", "json")),
            metrics_token=read_metrics_token(value["GREENROOM_METRICS_TOKEN"]),
            worker_metrics=read_worker_metrics(value),
            traces_to=value["OTEL_EXPORTER_OTLP_ENDPOINT"] or None,
            rules=value["GREENROOM_RULES"] or None,
            classifiers=value["GREENROOM_CLASSIFIERS"],
            picture_classifiers=value["GREENROOM_PICTURE_CLASSIFIERS"],
        )


def read_provider(value: Mapping[str, str]) -> ProviderSettings | None:
    """The provider that is set, the Space's where none is; None where neither is.

    Raises BootRefused where it is set by half.
    """
    ours, space = value["GREENROOM_OIDC_URL"], value["OPENID_PROVIDER_URL"]
    if not ours and not (space and value["OAUTH_CLIENT_ID"]):
        return None
    prefix = "GREENROOM_OIDC" if ours else "OAUTH"
    issuer = (ours or space).removesuffix(DISCOVERY).rstrip("/")
    local = urlsplit(issuer).hostname in ("127.0.0.1", "localhost")
    if not issuer.startswith("https://") and not (issuer.startswith("http://") and local):
        raise BootRefused("GREENROOM_OIDC_URL must begin with https://.")
    for name in (f"{prefix}_CLIENT_ID", f"{prefix}_CLIENT_SECRET"):
        if not value[name]:
            raise BootRefused(f"{name} is missing: the sign-in provider gave you one.")
    return ProviderSettings(
        issuer=issuer,
        client_id=value[f"{prefix}_CLIENT_ID"],
        client_secret=value[f"{prefix}_CLIENT_SECRET"],
        name=value["GREENROOM_OIDC_NAME"] or ("your account" if ours else "Hugging Face"),
        scopes="openid profile email" if ours else value["OAUTH_SCOPES"],
        allow=read_allow(value["GREENROOM_OIDC_ALLOW"]),
        admin_subject=value["GREENROOM_OIDC_ADMIN"] or None,
    )


def read_allow(text: str) -> frozenset[tuple[str, str]]:
    rules = [rule.strip().partition(":") for rule in text.split(",") if rule.strip()]
    for kind, _, wanted in rules:
        if kind not in ALLOW_KINDS or not wanted.strip():
            raise BootRefused(
                "GREENROOM_OIDC_ALLOW must be a list like sub:ID, user:NAME, org:NAME, "
                "domain:EXAMPLE.ORG."
            )
    return frozenset((kind, wanted.strip()) for kind, _, wanted in rules)


def whole(value: Mapping[str, str], name: str, least: int, most: int) -> int:
    text = value[name]
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise BootRefused(f"{name} must be a whole number from {least} to {most}.")
    return int(text)


def on_or_off(value: Mapping[str, str], name: str) -> bool:
    if value[name].lower() not in ("on", "off"):
        raise BootRefused(f"{name} must be on or off.")
    return value[name].lower() == "on"


def one_of(value: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    if value[name].lower() not in choices:
        raise BootRefused(f"{name} must be one of: {', '.join(choices)}.")
    return value[name].lower()


def read_metrics_token(given: str) -> str | None:
    return checked_secret(given, "GREENROOM_METRICS_TOKEN") if given else None


def read_worker_metrics(value: Mapping[str, str]) -> tuple[str, int] | None:
    """Where a worker answers /metrics, which it does only to whoever shows a token."""
    text = value["GREENROOM_WORKER_METRICS"]
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise BootRefused("GREENROOM_WORKER_METRICS must be like 127.0.0.1:9464.")
    if not value["GREENROOM_METRICS_TOKEN"]:
        raise BootRefused("GREENROOM_WORKER_METRICS needs GREENROOM_METRICS_TOKEN to be set too.")
    return host, int(port)


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise BootRefused(
            "GREENROOM_TRUSTED_PROXIES must be networks with commas between, like "
            "10.0.0.0/8, 192.0.2.7/32."
        ) from error


def file_of(text: str) -> Path | None:
    return Path(text).expanduser().resolve() if text else None


def make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BootRefused(
            f"GREENROOM_DATA cannot be made or opened: {error.strerror}. Choose another folder."
        ) from error


def read_secret(given: str | None, path: Path, name: str = "GREENROOM_SECRET") -> str:
    """The operator's secret, or the one kept at `path`, made there at the first start."""
    if given is not None:
        return checked_secret(given, name)
    if not path.exists():
        make_secret(path)
    return checked_secret(path.read_text(), f"The file {path.name} in the data folder")


def read_previous(given: str) -> str | None:
    return checked_secret(given, "GREENROOM_SECRET_PREVIOUS") if given else None


def make_secret(path: Path) -> None:
    """A random secret at `path`, mode 0600, whole or not at all; keeps one that is there first."""
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    # A link appears at once and never replaces: of two processes that start together one wins.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    os.unlink(draft)


def checked_secret(secret: str, name: str) -> str:
    secret = secret.strip()
    known = secret.lower() in KNOWN_SECRETS or len(set(secret)) < SECRET_MIN_DISTINCT
    if known or len(secret) < SECRET_MIN_CHARS:
        raise BootRefused(
            f"{name} is empty, well known or too short: give {SECRET_MIN_CHARS} random characters "
            "or more, or unset it."
        )
    return secret
