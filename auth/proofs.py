"""Proofs that a request comes from the device it claims: DPoP, RFC 9449.

The device signs each request with a key that never leaves it. Whoever copies a cookie or a token
without the key can prove nothing. Freshness is the server's: each proof carries a nonce of ours,
a MAC over the current stretch of time, so that a client's wrong clock does no harm.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from auth.keys import keyed
from errors import NonceNeeded, ProofInvalid
from settings import Settings

PROOF_MAX_BYTES = 4096
JTI_MAX_CHARS = 256
WINDOW_MS = 120_000  # a nonce is good in its own window and in the next
# `iat` tells a clock that is plainly wrong, no more: the nonce says when the proof was made.
IAT_SLACK_MS = 15 * 60_000
# How far apart the clocks of two servers may be before one proof could pass at both.
CLOCKS_APART_MS = 20 * 60_000
THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 (compared, not bound)

REGISTRY = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)


@dataclass(frozen=True)
class Proof:
    """A proof found right. It counts once it is spent, and is spent once (`auth/spending.py`).

    jkt       RFC 7638 thumbprint of the device's key, 43 characters
    id        what is remembered of it, 64 hex digits
    until_ms  from then on every server refuses it for its age alone
    ageing    its nonce is good for one window more at most
    """

    jkt: str
    id: str
    until_ms: int
    ageing: bool = False


@dataclass(frozen=True)
class Proofs:
    """The verifier at one configured address; what a request says of its host is not asked."""

    public_url: str
    key: bytes = field(repr=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Proofs":
        return cls(settings.public_url, keyed(settings.secret.encode(), "proof nonce"))

    def nonce(self, now_ms: int) -> str:
        """What a proof made now must carry: 43 characters, the same for everybody."""
        return encoded(keyed(self.key, str(now_ms // WINDOW_MS)))

    def verify(
        self, text: str, *, method: str, path: str, token: str | None = None, now_ms: int
    ) -> Proof:
        """The proof in `text`, a DPoP header, if it fits this request and, where given, `token`.

        Nothing is stored and nothing looked up. Raises ProofInvalid, which names the claim that is
        wrong, and NonceNeeded where only the nonce is missing or old. RFC 9449, 4.3.
        """
        check(len(text) <= PROOF_MAX_BYTES, "size", "it is too long")
        claims, key = opened(text)
        addresses = [origin + path for origin in origins(self.public_url)]
        jti, iat = claims.get("jti"), claims.get("iat")
        ath = token and encoded(hashlib.sha256(token.encode()).digest())
        check(claims.get("htm") == method, "htm", "it was made for another method")
        check(claims.get("htu") in addresses, "htu", f"it was not made for {addresses[0]}")
        near = isinstance(iat, int) and abs(iat * 1000 - now_ms) <= IAT_SLACK_MS
        check(near, "iat", "the device's clock is wrong")
        check(isinstance(jti, str) and 0 < len(jti) <= JTI_MAX_CHARS, "jti", "it has no jti")
        check(claims.get("ath") == ath, "ath", "it was not made for this token")
        age = self.age_of(claims.get("nonce"), now_ms)
        jkt = key.thumbprint()
        proof_id = hashlib.sha256(f"{jkt} {jti!a}".encode()).hexdigest()
        return Proof(jkt, proof_id, now_ms + 2 * WINDOW_MS + CLOCKS_APART_MS, ageing=age > 0)

    def age_of(self, nonce: object, now_ms: int) -> int:
        """How many windows ago `nonce` was given out: 0 or 1. Raises NonceNeeded."""
        for age in (0, 1):
            if hmac.compare_digest(ascii(nonce), ascii(self.nonce(now_ms - age * WINDOW_MS))):
                return age
        raise NonceNeeded


def opened(text: str) -> tuple[dict[str, Any], ECKey]:
    """What the proof claims, and the public key it brings along, its signature found right."""
    try:
        signed = jws.extract_compact(text.encode(), registry=REGISTRY)
        header = signed.headers()
        check(header.get("typ") == "dpop+jwt", "typ", "its typ is not dpop+jwt")
        check(header.get("alg") == "ES256", "alg", "its alg is not ES256")
        check(not {"crit", "b64"} & header.keys(), "crit", "it asks for extensions")
        key = public_key(header.get("jwk"))
        check(jws.validate_compact(signed, key, registry=REGISTRY), "signature", "the key differs")
        claims = json.loads(signed.payload)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise refused("jws", "it is not a signed proof") from error
    check(isinstance(claims, dict), "jws", "it claims nothing")
    return claims, key


def public_key(jwk: Any) -> ECKey:
    """A P-256 key in the one spelling its thumbprint is taken of."""
    check(isinstance(jwk, dict) and jwk.get("crv") == "P-256", "jwk", "its key is not P-256")
    check("d" not in jwk, "jwk", "it gives its private key away, so make a new key")
    key = ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")})
    spelt = ECKey.binding.export_public_key(key.public_key)
    check((spelt["x"], spelt["y"]) == (jwk["x"], jwk["y"]), "jwk", "its key is oddly spelt")
    return key


def origins(public_url: str) -> list[str]:
    """Our address, and on a machine of one's own the other names it goes by."""
    url = urlsplit(public_url)
    host = url.netloc.removesuffix(f":{url.port}")
    names = THIS_MACHINE if host in (*THIS_MACHINE, ANY_ADDRESS) else ()
    return [public_url, *(public_url.replace(host, name, 1) for name in names)]


def encoded(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def check(right: bool, claim: str, fault: str) -> None:
    if not right:
        raise refused(claim, fault)


def refused(claim: str, fault: str) -> ProofInvalid:
    return ProofInvalid(
        f"The proof of your device was refused: {fault}. Reload the page and try again; "
        "a script signs each request anew.",
        claim=claim,
    )
