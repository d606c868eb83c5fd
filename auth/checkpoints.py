"""Signed checkpoints of the audit log: what its end was, said with a key the database lacks.

Who can write to the database can also hash a forged chain from its start. They cannot sign it: the
key (Ed25519, RFC 8032) is derived from GREENROOM_SECRET. And a checkpoint kept outside shows that
rows behind it were cut off, checkpoints and all.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.keys import keyed
from auth.records import AuditCheckpoint, AuditHead
from auth.rows import changed, insert_new
from errors import BadRequest
from settings import Settings

EVERY_ROWS = 32
NAME = "greenroom-audit-1"
LINE_SHAPE = re.compile(rf"{NAME} (\d{{1,15}}) (\d{{1,15}}) ([0-9a-f]{{64}}) (\S{{43}}) (\S{{86}})")


def signing_key(secret: str) -> Ed25519PrivateKey:
    """The key that belongs to the operator's secret, and to no other use of it."""
    return Ed25519PrivateKey.from_private_bytes(keyed(secret.encode(), "audit checkpoint"))


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half: 32 bytes in 43 characters of base64url."""
    return b64(key.public_key().public_bytes_raw())


def trusted_keys(settings: Settings) -> list[str]:
    """Public keys of this server: of its secret, and of the one before while that is kept."""
    secrets = (settings.secret, settings.secret_previous)
    return [public_text(signing_key(secret)) for secret in secrets if secret is not None]


@dataclass(frozen=True)
class Checkpoint:
    """Row `seq` had this `hash` at `at_ms`, signed. `public_key`, `signature`: base64url."""

    seq: int
    at_ms: int
    hash: str
    public_key: str
    signature: str

    @property
    def line(self) -> str:
        """The checkpoint as one line to keep outside."""
        return f"{NAME} {self.seq} {self.at_ms} {self.hash} {self.public_key} {self.signature}"

    @classmethod
    def parse(cls, line: str) -> "Checkpoint":
        """Raises BadRequest."""
        match = LINE_SHAPE.fullmatch(" ".join(line.split()))
        if match is None:
            raise BadRequest(
                "This is no checkpoint: give the whole line `audit checkpoint` printed."
            )
        return cls(int(match[1]), int(match[2]), *match.groups()[2:])

    def is_signed(self) -> bool:
        """Whether the signature fits the key named here; whose key that is, the caller knows."""
        try:
            key = Ed25519PublicKey.from_public_bytes(unb64(self.public_key))
            key.verify(unb64(self.signature), message(self.seq, self.at_ms, self.hash))
        except (InvalidSignature, ValueError, binascii.Error):
            return False
        return True


def sign(db: Session, key: Ed25519PrivateKey, *, now_ms: int) -> Checkpoint | None:
    """Sign the chain's end as it is now and keep that with it; None while the log is empty."""
    locked = select(AuditHead).with_for_update().execution_options(populate_existing=True)
    head = db.execute(locked).scalar_one()
    if head.seq == 0:
        return None
    signature = b64(key.sign(message(head.seq, now_ms, head.hash)))
    checkpoint = Checkpoint(head.seq, now_ms, head.hash, public_text(key), signature)
    insert_new(db, AuditCheckpoint, **vars(checkpoint))  # asked twice in one moment: the same one
    changed(db, update(AuditHead).values(checkpoint_seq=head.seq))
    return checkpoint


def message(seq: int, at_ms: int, row_hash: str) -> bytes:
    return json.dumps([NAME, seq, at_ms, row_hash], separators=(",", ":")).encode()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
