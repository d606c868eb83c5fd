"""Keys of marks: 32 bytes from an operator's secret, and a name for each that tells nothing."""

import hashlib


def mark_key(secret: str) -> bytes:
    return hashlib.sha256(b"greenroom mark 1 " + secret.encode()).digest()


def key_id_of(key: bytes) -> str:
    """16 hex digits: which key a number was written with."""
    return hashlib.sha256(b"greenroom mark key id " + key).hexdigest()[:16]
