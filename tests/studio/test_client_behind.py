"""Behind trusted proxies the client is who they vouch for; nobody else can say who they are."""

from ipaddress import ip_network

import pytest

from errors import BootRefused
from settings import Settings
from studio.requests import client_behind

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # the peer is no proxy of ours
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.6, 198.51.100.1"], "198.51.100.1"),  # the left one is a claim
        ("10.0.0.1", ["192.0.2.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.6", "198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.1"),
        ("unix", ["198.51.100.1"], "unix"),
    ],
)
def test_client_behind_is_the_rightmost_address_no_proxy_of_ours_has(
    peer: str, forwarded: list[str], client: str
) -> None:
    headers = [(b"X-Forwarded-For", value.encode()) for value in forwarded]
    found = client_behind({"client": (peer, 9), "headers": headers}, TRUSTED)
    assert found is not None
    assert found[0] == client


def test_client_behind_believes_nobody_by_default() -> None:
    scope = {"client": ("10.0.0.1", 9), "headers": [(b"x-forwarded-for", b"198.51.100.1")]}
    assert client_behind(scope, ()) == ("10.0.0.1", 9)


def test_settings_refuse_what_is_no_network(tmp_path: object) -> None:
    environ = {"GREENROOM_DATA": str(tmp_path), "GREENROOM_TRUSTED_PROXIES": "10.0.0.0/8,proxy"}
    with pytest.raises(BootRefused, match="GREENROOM_TRUSTED_PROXIES"):
        Settings.read(environ)
    environ["GREENROOM_TRUSTED_PROXIES"] = "10.0.0.0/8, fd00::/8"
    assert Settings.read(environ).trusted_proxies == TRUSTED
