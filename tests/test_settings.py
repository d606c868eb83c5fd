"""The environment is read once, into something that cannot change."""

import dataclasses
import stat
from pathlib import Path

import pytest

from errors import BootRefused
from settings import Settings

GOOD_SECRET = "thirty-two characters or more, all mine"


def test_read_gives_the_embedded_default_for_an_empty_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.read({})
    assert settings.data == tmp_path / "data"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/greenroom.db"
    assert settings.redis_url is None
    assert (settings.host, settings.port) == ("127.0.0.1", 7860)
    assert settings.public_url == "http://127.0.0.1:7860"


def test_read_makes_a_secret_only_the_owner_may_read_and_keeps_it(tmp_path: Path) -> None:
    first = Settings.read({"GREENROOM_DATA": str(tmp_path)})
    second = Settings.read({"GREENROOM_DATA": str(tmp_path)})
    assert first.secret == second.secret
    assert len(first.secret) >= 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


@pytest.mark.parametrize("secret", ["", " ", "changeme", "short", "SECRET", "x" * 64, "ab" * 32])
def test_read_refuses_to_boot_with_a_secret_everybody_knows(tmp_path: Path, secret: str) -> None:
    with pytest.raises(BootRefused, match="GREENROOM_SECRET"):
        Settings.read({"GREENROOM_DATA": str(tmp_path), "GREENROOM_SECRET": secret})


@pytest.mark.parametrize("secret", ["changeme", "short", "x" * 64])
def test_read_refuses_to_boot_with_a_previous_secret_that_was_none(
    tmp_path: Path, secret: str
) -> None:
    environment = {"GREENROOM_DATA": str(tmp_path), "GREENROOM_SECRET_PREVIOUS": secret}
    with pytest.raises(BootRefused, match="GREENROOM_SECRET_PREVIOUS"):
        Settings.read(environment)


def test_read_takes_an_empty_previous_secret_for_none(tmp_path: Path) -> None:
    environment = {"GREENROOM_DATA": str(tmp_path), "GREENROOM_SECRET_PREVIOUS": ""}
    assert Settings.read(environment).secret_previous is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GREENROOM_INVITE_HOURS", "25"),
        ("GREENROOM_INVITE_HOURS", "0"),
        ("GREENROOM_WAITLIST", "maybe"),
        ("GREENROOM_WAITLIST", ""),
    ],
)
def test_read_refuses_to_boot_where_coming_in_is_set_to_nonsense(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(BootRefused, match=name):
        Settings.read({"GREENROOM_DATA": str(tmp_path), name: value})


def test_read_refuses_to_boot_with_an_emptied_secret_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("")
    with pytest.raises(BootRefused, match="The file secret"):
        Settings.read({"GREENROOM_DATA": str(tmp_path)})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "7860.0", "", "٣", "seven"])
def test_read_names_the_setting_when_a_number_is_none(tmp_path: Path, port: str) -> None:
    environ = {"GREENROOM_DATA": str(tmp_path), "GRADIO_SERVER_PORT": port}
    with pytest.raises(BootRefused, match="GRADIO_SERVER_PORT must be a whole number"):
        Settings.read(environ)


def test_read_says_so_when_the_data_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BootRefused, match="GREENROOM_DATA"):
        Settings.read({"GREENROOM_DATA": str(tmp_path / "file" / "data")})


def test_settings_cannot_be_changed_after_they_were_read(tmp_path: Path) -> None:
    settings = Settings.read({"GREENROOM_DATA": str(tmp_path), "GREENROOM_SECRET": GOOD_SECRET})
    assert not (tmp_path / "secret").exists()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]


def test_read_takes_the_public_address_from_the_space_it_runs_on(tmp_path: Path) -> None:
    environ = {"GREENROOM_DATA": str(tmp_path), "SPACE_HOST": "a-b.hf.space,c.example"}
    settings = Settings.read(environ)
    assert settings.public_url == "https://a-b.hf.space"
    assert settings.in_space
    assert not Settings.read({"GREENROOM_DATA": str(tmp_path)}).in_space


OIDC = {
    "GREENROOM_OIDC_URL": "https://id.example/.well-known/openid-configuration",
    "GREENROOM_OIDC_CLIENT_ID": "us",
    "GREENROOM_OIDC_CLIENT_SECRET": "between us",
}
SPACE = {
    "SPACE_HOST": "us-room.hf.space",
    "OAUTH_CLIENT_ID": "space",
    "OAUTH_CLIENT_SECRET": "between us",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
}


def test_provider_is_ours_where_set_else_the_spaces_else_none(tmp_path: Path) -> None:
    base = {"GREENROOM_DATA": str(tmp_path)}
    assert Settings.read(base).provider is None
    space = Settings.read({**base, **SPACE}).provider
    assert space is not None
    assert (space.issuer, space.name) == ("https://huggingface.co", "Hugging Face")
    assert (space.client_id, space.scopes) == ("space", "openid profile")
    ours = Settings.read({**base, **SPACE, **OIDC}).provider
    assert ours is not None
    assert (ours.issuer, ours.client_id) == ("https://id.example", "us")
    assert "between us" not in repr(ours)


def test_provider_allow_list_is_read_rule_by_rule(tmp_path: Path) -> None:
    rules = " sub:1, org:film-club ,domain:Example.org,user:a:b"
    given = {"GREENROOM_DATA": str(tmp_path), **OIDC, "GREENROOM_OIDC_ALLOW": rules}
    provider = Settings.read(given).provider
    assert provider is not None
    assert provider.allow == {
        ("sub", "1"),
        ("org", "film-club"),
        ("domain", "Example.org"),
        ("user", "a:b"),
    }


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"GREENROOM_OIDC_URL": "http://id.example"}, "GREENROOM_OIDC_URL"),
        ({"GREENROOM_OIDC_URL": "http://localhost.example"}, "GREENROOM_OIDC_URL"),
        ({"GREENROOM_OIDC_CLIENT_ID": ""}, "GREENROOM_OIDC_CLIENT_ID"),
        ({"GREENROOM_OIDC_CLIENT_SECRET": ""}, "GREENROOM_OIDC_CLIENT_SECRET"),
        ({"GREENROOM_OIDC_ALLOW": "everybody"}, "GREENROOM_OIDC_ALLOW"),
        ({"GREENROOM_OIDC_ALLOW": "sub:"}, "GREENROOM_OIDC_ALLOW"),
        ({"GREENROOM_OIDC_ALLOW": "email:ada@example.org"}, "GREENROOM_OIDC_ALLOW"),
    ],
)
def test_provider_that_is_set_by_half_refuses_to_boot(
    tmp_path: Path, change: dict[str, str], named: str
) -> None:
    with pytest.raises(BootRefused, match=named):
        Settings.read({"GREENROOM_DATA": str(tmp_path), **OIDC, **change})
