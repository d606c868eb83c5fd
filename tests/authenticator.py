"""An authenticator in software: what a security key answers, byte by byte (WebAuthn, level 3)."""

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from clients.greenroom_client import encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One credential. Whatever a test sets differently, an honest key never would.

    origin      what the browser says it showed
    flags       of the authenticator data
    sign_count  of the latest answer; `counts` is false for a key that keeps none
    """

    origin: str = "http://localhost:7860"
    rp_id: str = "localhost"
    flags: int = PRESENT | VERIFIED
    sign_count: int = 0
    counts: bool = True
    cross_origin: bool = False
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to `navigator.credentials.create()`, as JSON."""
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public_key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id
        data = self.data(ATTESTED) + attested + public_key
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        return self.answer(
            {
                "clientDataJSON": encode(self.client_data("webauthn.create", options)),
                "attestationObject": encode(cbor2.dumps(statement)),
            }
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to `navigator.credentials.get()`, as JSON."""
        data, client = self.data(), self.client_data("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self.answer(
            {
                "clientDataJSON": encode(client),
                "authenticatorData": encode(data),
                "signature": encode(signature),
            }
        )

    def data(self, more_flags: int = 0) -> bytes:
        self.sign_count += self.counts
        head = hashlib.sha256(self.rp_id.encode()).digest()
        return head + struct.pack(">BI", self.flags | more_flags, self.sign_count)

    def client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        claims = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps({**claims, "crossOrigin": self.cross_origin}).encode()

    def answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = encode(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
