"""The keys behind every stored hash, derived from the operator's one secret."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

# Hashes of before versions named their secret: keyed with the previous secret while there is
# one, else with the current.
FIRST_VERSION = 1


@dataclass(frozen=True)
class Keys:
    """Peppers of the token hashes by version, and the keys of the cookie hashes, newest first.

    Each token row names the version it was hashed under, a number that its secret gives. While a
    previous secret is known its hashes verify too, and `current` is what new ones carry.
    """

    current: int
    peppers: Mapping[int, bytes] = field(repr=False)
    cookies: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def derive(cls, secret: str, previous: str | None = None) -> "Keys":
        """Keys for each use from each secret, so that no hash can stand in for another kind."""
        known = [given.encode() for given in (secret, previous) if given]
        peppers = {version_of(key): keyed(key, "token pepper 1") for key in known}
        peppers[FIRST_VERSION] = keyed(known[-1], "token pepper 1")
        cookies = tuple(keyed(key, "sign-in cookie") for key in known)
        return cls(version_of(known[0]), peppers, cookies)

    def hash_secret(self, token_secret: str, version: int) -> str:
        """64 hex digits: HMAC-SHA256 of a token's secret part.

        A version whose secret was dropped gives a hash that no stored one equals.
        """
        pepper = self.peppers.get(version) or secrets.token_bytes(32)
        return keyed(pepper, token_secret).hex()

    def hash_new(self, token_secret: str) -> str:
        """The hash a new token is stored with, under the current version."""
        return self.hash_secret(token_secret, self.current)

    def hash_cookie(self, value: str) -> str:
        """64 hex digits: what a new cookie's value is stored as."""
        return keyed(self.cookies[0], value).hex()

    def cookie_hashes(self, value: str) -> list[str]:
        """What a cookie's value may be stored as, of each known secret one."""
        return [keyed(key, value).hex() for key in self.cookies]


def version_of(key: bytes) -> int:
    """A number of 31 bits that names a secret and does not give it away."""
    return int.from_bytes(keyed(key, "token pepper version")[:4]) >> 1


def keyed(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()
