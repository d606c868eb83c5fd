"""Proofs as the verifier hands them on, of devices that tests need no real key of."""

import hashlib
import uuid

from auth.proofs import Proof
from clients.greenroom_client import encode

FAR_MS = 10**14


def signed_by(device: str) -> Proof:
    """A fresh proof of the device of this name, found right."""
    jkt = encode(hashlib.sha256(device.encode()).digest())
    return Proof(jkt, uuid.uuid4().hex * 2, FAR_MS)
