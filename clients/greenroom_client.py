"""Makes videos at a Greenroom, signed with a key that stays in a file of yours. One file: copy it.

    from greenroom_client import Greenroom

    room = Greenroom("https://room.example", token, "~/.greenroom-key.pem")
    video = room.wait(room.create("a red ball bouncing", seconds=2, turbo=True)["id"])
    open("ball.mp4", "wb").write(room.download(video["id"]))

The same key signs for any other client:

    import httpx, httpx2, openai
    from greenroom_client import GreenroomAuth

    signer = GreenroomAuth("~/.greenroom-key.pem")        # made at first use, mode 0600
    httpx.get("https://room.example/me", auth=signer, headers={"authorization": f"Bearer {token}"})
    openai.OpenAI(
        base_url="https://room.example/v1", api_key=token, http_client=httpx2.Client(auth=signer)
    )

Each request carries a proof (DPoP, RFC 9449), made for its method and address and good once, so
that the token is worth nothing to whoever has not got the file. The token is bound to the first
key that signs with it, or to the one it was issued for:

    python greenroom_client.py ~/.greenroom-key.pem       # prints the key's thumbprint

Needs cryptography, and httpx or httpx2, which the openai client uses since its version 3.
"""

import contextlib
import hashlib
import hmac
import importlib
import json
import os
import secrets
import sys
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

COORDINATE_BYTES = 32


def auth_classes() -> tuple[Any, ...]:
    """What httpx and httpx2 take for an `auth`, of those that are installed."""
    found = []
    for name in ("httpx", "httpx2"):
        with contextlib.suppress(ImportError):
            found.append(importlib.import_module(name).Auth)
    return tuple(found)


class GreenroomAuth(*auth_classes()):  # type: ignore[misc]
    """Signs every request of a `Client` or an `AsyncClient`.

    key_file  PEM of a P-256 key; made where it is missing
    token     sent as `Authorization: DPoP …`; without one, a bearer token that the request has
              already, as the openai client sets it, is signed for and sent so
    """

    requires_request_body = True  # a request may have to be sent twice

    def __init__(self, key_file: str | os.PathLike[str], token: str | None = None) -> None:
        self.key, self.token = read_key(Path(key_file).expanduser()), token
        self.nonces: dict[str, str] = {}

    def auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Sign; where the server asks for a newer nonce, sign with that one, once."""
        site = str(request.url.copy_with(raw_path=b"/"))
        used = self.nonces.get(site)
        self.sign(request, used)
        response = yield request
        given = response.headers.get("dpop-nonce")
        if given is None:
            return
        self.nonces[site] = given
        if response.status_code == 401 and given != used:
            self.sign(request, given)
            response = yield request
            self.nonces[site] = response.headers.get("dpop-nonce", given)

    def sign(self, request: Any, nonce: str | None) -> None:
        scheme, _, held = request.headers.get("authorization", "").partition(" ")
        token = self.token or (held if scheme in ("Bearer", "DPoP") else None)
        if token is not None:
            request.headers["authorization"] = f"DPoP {token}"
        address = str(request.url.copy_with(query=None, fragment=None))
        request.headers["dpop"] = prove(self.key, request.method, address, nonce, token)

    @property
    def thumbprint(self) -> str:
        """RFC 7638: what a token is bound to."""
        jwk = json.dumps(public_jwk(self.key), sort_keys=True, separators=(",", ":"))
        return encode(hashlib.sha256(jwk.encode()).digest())


class Extras(TypedDict, total=False):
    """What may be said of a video besides its prompt."""

    style: str
    seed: int
    negative_prompt: str
    turbo: bool
    variations: int


class Wish(Extras, total=False):
    model: str
    seconds: int
    size: str
    storyboard: list[str]


class Video(TypedDict):
    """A video as Greenroom tells of it; times in seconds since the epoch, UTC."""

    id: str
    object: Literal["video"]
    model: str
    status: Literal["queued", "in_progress", "completed", "failed"]
    progress: int
    created_at: int
    completed_at: int | None
    expires_at: int | None
    prompt: str | None
    size: str
    seconds: str
    remixed_from_video_id: str | None
    error: dict[str, str] | None
    review: dict[str, Any] | None
    style: str | None
    seed: int
    negative_prompt: str
    turbo: bool
    operation: str
    sources: list[str]
    variation_of: str | None


class Refused(Exception):
    """Greenroom said no. `code` is stable, `param` names the field that is wrong, if one is."""

    def __init__(self, answer: Any) -> None:
        told = answer.json()["error"]
        super().__init__(told["message"])
        self.status: int = answer.status_code
        self.code: str = told["code"]
        self.param: str | None = told["param"]
        self.request_id: str | None = answer.headers.get("x-request-id")
        self.retry_after_s = int(answer.headers.get("retry-after", 0)) or None


class Greenroom:
    """Videos of one tester. Every call raises Refused where Greenroom says no.

    url       of the room, without /v1
    token     one for scripts: `python -m auth token issue NAME --scope api`
    key_file  as for GreenroomAuth
    """

    def __init__(
        self, url: str, token: str, key_file: str | os.PathLike[str], timeout_s: float = 60
    ) -> None:
        library = importlib.import_module(auth_classes()[0].__module__.partition(".")[0])
        signer = GreenroomAuth(key_file, token)
        self.http = library.Client(base_url=f"{url.rstrip('/')}/v1", auth=signer, timeout=timeout_s)

    def create(
        self,
        prompt: str,
        *,
        input_reference: bytes | None = None,
        idempotency_key: str | None = None,
        **wish: Unpack[Wish],
    ) -> Video:
        """A new video, queued. `input_reference`: a picture (PNG, JPEG, WebP) to begin with."""
        body: dict[str, Any] = {"prompt": prompt, **wish}
        if input_reference is not None:
            picture = b64encode(input_reference).decode()
            body["input_reference"] = {"image_url": f"data:image/png;base64,{picture}"}
        return self.ask("POST", "/videos", body, idempotency_key)

    def remix(self, video_id: str, prompt: str, **extras: Unpack[Extras]) -> Video:
        """A finished video drawn anew by another prompt."""
        body = {"prompt": prompt, **extras}
        return self.ask("POST", f"/videos/{video_id}/remix", body)

    def extend(self, video_id: str, prompt: str, seconds: int, **extras: Unpack[Extras]) -> Video:
        """A finished video with so many seconds added to its end."""
        body = {"prompt": prompt, "seconds": seconds, "video": {"id": video_id}, **extras}
        return self.ask("POST", "/videos/extensions", body)

    def retrieve(self, video_id: str) -> Video:
        return self.ask("GET", f"/videos/{video_id}")

    def wait(self, video_id: str, every_s: float = 1, limit_s: float = 600) -> Video:
        """The video once it is completed or failed. Raises TimeoutError."""
        end = time.monotonic() + limit_s
        while (video := self.retrieve(video_id))["status"] in ("queued", "in_progress"):
            if time.monotonic() > end:
                raise TimeoutError(f"Video {video_id} is {video['status']} after {limit_s} s.")
            time.sleep(every_s)
        return video

    def videos(self) -> Iterator[Video]:
        """All of them, newest first."""
        after = ""
        while True:
            page = self.ask("GET", f"/videos?limit=100{after}")
            yield from page["data"]
            if not page["has_more"]:
                return
            after = f"&after={page['last_id']}"

    def download(
        self, video_id: str, variant: Literal["video", "thumbnail", "spritesheet"] = "video"
    ) -> bytes:
        """The MP4, or a JPEG."""
        answer = self.http.get(f"/videos/{video_id}/content?variant={variant}")
        if answer.status_code >= 400:
            raise Refused(answer)
        return bytes(answer.content)

    def delete(self, video_id: str) -> None:
        """Stop it where it is not finished, and erase it."""
        self.ask("DELETE", f"/videos/{video_id}")

    def add_webhook(
        self, url: str, event_types: tuple[str, ...] = ("video.completed", "video.failed")
    ) -> dict[str, Any]:
        """The endpoint, with its `signing_secret`, which is shown this once."""
        body = {"name": "webhook", "url": url, "event_types": event_types}
        return self.ask("POST", "/webhook_endpoints", body)

    def remove_webhook(self, endpoint_id: str) -> None:
        self.ask("DELETE", f"/webhook_endpoints/{endpoint_id}")

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        headers = {"idempotency-key": key} if key else {}
        answer = self.http.request(method, path, json=body, headers=headers)
        if answer.status_code >= 400:
            raise Refused(answer)
        return answer.json()


def read_webhook(
    body: bytes, headers: Mapping[str, str], secret: str, tolerance_s: int = 300
) -> dict[str, Any]:
    """The event that came with a webhook. Raises ValueError where it is forged, or old.

    headers  names in lower case
    Remember the ids of those you heard for `tolerance_s`: the same may come twice.
    Standard Webhooks 1.0.0.
    """
    event_id, sent_s = headers["webhook-id"], headers["webhook-timestamp"]
    message = f"{event_id}.{sent_s}.".encode() + body
    mac = hmac.new(b64decode(secret.removeprefix("whsec_")), message, hashlib.sha256).digest()
    signatures = headers["webhook-signature"].split()
    wanted = f"v1,{b64encode(mac).decode()}"
    if not any(hmac.compare_digest(wanted.encode(), one.encode()) for one in signatures):
        raise ValueError("This webhook is not signed with the endpoint's secret.")
    if abs(time.time() - int(sent_s)) > tolerance_s:
        raise ValueError("This webhook is too old: it may have been sent by somebody again.")
    event: dict[str, Any] = json.loads(body)
    return event


def prove(
    key: ec.EllipticCurvePrivateKey,
    method: str,
    address: str,
    nonce: str | None = None,
    token: str | None = None,
) -> str:
    """A DPoP header for one request to `address`, which has no query."""
    claims: dict[str, object] = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": address,
        "iat": int(time.time()),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    if token is not None:
        claims["ath"] = encode(hashlib.sha256(token.encode()).digest())
    return sign_compact(key, {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(key)}, claims)


def sign_compact(
    key: ec.EllipticCurvePrivateKey, header: dict[str, object], claims: dict[str, object]
) -> str:
    """A JWS in its compact form, ES256 (RFC 7515, RFC 7518)."""
    body = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    r, s = decode_dss_signature(key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{body}.{encode(b''.join(n.to_bytes(COORDINATE_BYTES, 'big') for n in (r, s)))}"


def public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (encode(n.to_bytes(COORDINATE_BYTES, "big")) for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key at `path`, made there if need be. Raises PermissionError where others can read it."""
    if not path.exists():
        make_key(path)
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"Others may read {path}: chmod 600 it, or better make a new key.")
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError(f"{path} holds no P-256 key. Name another file; a key is made there.")
    return key


def make_key(path: Path) -> None:
    """A fresh key, whole or not at all; keeps one that another program made meanwhile."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(pem)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def encode(raw: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Name one key file: python greenroom_client.py ~/.greenroom-key.pem")
    print(GreenroomAuth(sys.argv[1]).thumbprint)
