"""Reading the audit log from its start: is it whole, and if not, which row is the first bad one?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.audit import hash_of
from auth.checkpoints import Checkpoint
from auth.records import AuditCheckpoint, AuditEntry, AuditHead

GENESIS = "0" * 64
PAGE_ROWS = 1000


@dataclass(frozen=True)
class Verdict:
    """`bad_seq`: the first row that is not as it was written; None for a whole log of `rows`.

    `signed_seq`: the last row that a checkpoint vouches for. Whoever can write to the database
    could have hashed the rows behind it anew.
    """

    rows: int
    signed_seq: int
    bad_seq: int | None
    sentence: str


class Broken(Exception):
    def __init__(self, seq: int, sentence: str) -> None:
        super().__init__(sentence)
        self.seq = seq


def verify(db: Session, trusted_keys: Sequence[str], kept: Sequence[Checkpoint] = ()) -> Verdict:
    """Hold every row, the head and every checkpoint against each other, in one snapshot.

    trusted_keys  public keys, base64url, whose checkpoints count; those of `kept` do as well
    kept          checkpoints from outside: only they show that the log was cut off or replaced
    """
    if db.get_bind().dialect.name != "sqlite":  # there a transaction is a snapshot already
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    trusted = {*trusted_keys, *(checkpoint.public_key for checkpoint in kept)}
    stored = [
        Checkpoint(row.seq, row.at_ms, row.hash, row.public_key, row.signature)
        for row in db.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.seq))
    ]
    signed = sorted([*stored, *kept], key=lambda checkpoint: checkpoint.seq)
    rows = db.scalar(select(func.count()).select_from(AuditEntry)) or 0
    signed_seq = 0
    try:
        for checkpoint in signed:
            check_signature(checkpoint, trusted)
        signed_seq = check_rows(db, signed)
        check_end(db, rows, signed, stored)
    except Broken as broken:
        return Verdict(rows, signed_seq, broken.seq, str(broken))
    behind = rows - signed_seq
    unsigned = f" The last {behind} are not signed yet." if behind else ""
    return Verdict(rows, signed_seq, None, f"The log is whole: {rows} rows.{unsigned}")


def check_signature(checkpoint: Checkpoint, trusted: set[str]) -> None:
    seq = checkpoint.seq
    if not checkpoint.is_signed():
        raise Broken(seq, f"The checkpoint of row {seq} was forged: its signature does not fit.")
    if checkpoint.public_key not in trusted:
        raise Broken(
            seq,
            f"The checkpoint of row {seq} is signed by {checkpoint.public_key}, which is not this "
            "server's key. If GREENROOM_SECRET has changed, give a --checkpoint kept from before.",
        )


def check_rows(db: Session, signed: Sequence[Checkpoint]) -> int:
    """Every row follows the one before it and is what was signed; the last row that was."""
    expected_seq, last_hash, signed_seq = 1, GENESIS, 0
    due = list(reversed(signed))
    for row in every_row(db):
        check_row(row, expected_seq, last_hash)
        while due and due[-1].seq == row.seq:
            if due.pop().hash != row.hash:
                raise Broken(
                    signed_seq + 1,
                    f"Row {row.seq} is not the one that was signed: it, or one from row "
                    f"{signed_seq + 1} on, was replaced and the chain hashed anew.",
                )
            signed_seq = row.seq
        expected_seq, last_hash = row.seq + 1, row.hash
    return signed_seq


def check_row(row: AuditEntry, expected_seq: int, last_hash: str) -> None:
    if row.seq > expected_seq:
        raise Broken(expected_seq, f"Row {expected_seq} is missing: it was deleted.")
    if row.seq < expected_seq:
        raise Broken(row.seq, f"Row {row.seq} was inserted before the first.")
    if hash_of(vars(row)) != row.hash:
        raise Broken(row.seq, f"Row {row.seq} was edited: its hash does not fit what it says.")
    if row.prev_hash != last_hash:
        raise Broken(
            row.seq,
            f"Row {row.seq} does not follow row {row.seq - 1}: one of them was replaced, inserted "
            "or moved.",
        )


def check_end(
    db: Session, rows: int, signed: Sequence[Checkpoint], stored: Sequence[Checkpoint]
) -> None:
    """The log ends where its head and every checkpoint say."""
    head = db.execute(select(AuditHead)).scalar_one_or_none()
    if head is None:
        raise Broken(rows, "The row that says where the log ends was deleted.")
    ends = max([head.seq, *(checkpoint.seq for checkpoint in signed)])
    if rows < ends:
        raise Broken(
            rows + 1, f"Row {rows + 1} is missing: the log was cut off; it reached row {ends}."
        )
    if rows > head.seq:
        raise Broken(head.seq + 1, f"Row {head.seq + 1} was inserted behind the end of the log.")
    if head.hash != (last_hash_of(db, rows) if rows else GENESIS):
        raise Broken(rows, f"Row {rows} is not the last one that was written: it was replaced.")
    if head.checkpoint_seq not in {0, *(checkpoint.seq for checkpoint in stored)}:
        raise Broken(
            head.checkpoint_seq, f"The checkpoint of row {head.checkpoint_seq} was deleted."
        )


def last_hash_of(db: Session, seq: int) -> str | None:
    return db.scalar(select(AuditEntry.hash).where(AuditEntry.seq == seq))


def every_row(db: Session) -> Iterator[AuditEntry]:
    """By seq, a page at a time."""
    after = None
    while True:
        page = select(AuditEntry).order_by(AuditEntry.seq).limit(PAGE_ROWS)
        found = db.scalars(page if after is None else page.where(AuditEntry.seq > after)).all()
        yield from found
        if len(found) < PAGE_ROWS:
            return
        after = found[-1].seq
        db.expunge_all()
