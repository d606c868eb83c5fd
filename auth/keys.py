"""The keys behind every stored hash, derived from the operator's one secret."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

PEPPER_VERSION = 1


@dataclass(frozen=True)
class Keys:
    """Peppers of the token hashes by version, and the key of the cookie hashes.

    Each token row names the version it was hashed under. To rotate: add a version, mint under
    the new one, and drop the old one when its last token has expired.
    """

    peppers: Mapping[int, bytes] = field(repr=False)
    cookie: bytes = field(repr=False)

    @classmethod
    def derive(cls, secret: str) -> "Keys":
        """Keys for each use from `secret`, so that no hash can stand in for another kind."""
        return cls(
            peppers={PEPPER_VERSION: keyed(secret.encode(), f"token pepper {PEPPER_VERSION}")},
            cookie=keyed(secret.encode(), "sign-in cookie"),
        )

    def hash_secret(self, token_secret: str, version: int = PEPPER_VERSION) -> str:
        """64 hex digits: HMAC-SHA256 of a token's secret part.

        A version that was dropped gives a hash that no stored one equals.
        """
        pepper = self.peppers.get(version) or secrets.token_bytes(32)
        return keyed(pepper, token_secret).hex()

    def hash_cookie(self, value: str) -> str:
        """64 hex digits: what a cookie's value is stored and looked up as."""
        return keyed(self.cookie, value).hex()


def keyed(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()
