"""Signs requests to a Greenroom with a key that stays in a file of yours. One file: copy it.

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
import importlib
import json
import os
import secrets
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Generator
from pathlib import Path
from typing import Any

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
