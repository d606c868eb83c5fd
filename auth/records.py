"""The tables of the gate."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from auth.names import look
from database import Record


def look_of_name(new_row: Any) -> str:
    """A column's default: `new_row` is SQLAlchemy's context of the insert."""
    return look(new_row.get_current_parameters()["name"])


class Limited:
    """Limits as an admin set them, of whoever has this row. NULL: none was set here."""

    rate_per_minute: Mapped[int | None]
    rate_per_day: Mapped[int | None]
    concurrent: Mapped[int | None]
    clips_per_day: Mapped[int | None]
    gpu_ms_per_day: Mapped[int | None] = mapped_column(BigInteger)
    gpu_ms_total: Mapped[int | None] = mapped_column(BigInteger)


class Touched:
    """What an admin said of touches of a passkey, of whoever has this row. NULL: nothing was.

    step_up      whether one must come before clips are made
    touch_clips  a touch opens so many
    touch_hours  and none later than this after it
    """

    step_up: Mapped[bool | None]
    touch_clips: Mapped[int | None]
    touch_hours: Mapped[int | None]


class Cohort(Limited, Touched, Record):
    """A group of testers. Where set, the columns above override the settings for its testers."""

    __tablename__ = "cohorts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    created_at: Mapped[int] = mapped_column(BigInteger)


class Tester(Limited, Touched, Record):
    """A person in the programme. Where set, the columns above override their cohort's, or the
    settings.

    look            what the name has in common with all that look the same (names.look)
    reviewer_since  since when they decide on others' clips; NULL: they do not. Admins do anyway
    """

    __tablename__ = "testers"
    __table_args__ = (CheckConstraint("role IN ('tester', 'admin')", name="tester_role"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[str] = mapped_column(String(16), default="tester")
    look: Mapped[str] = mapped_column(Text, index=True, default=look_of_name, server_default="")
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    cohort_id: Mapped[str | None] = mapped_column(ForeignKey("cohorts.id"), index=True)
    reviewer_since: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)


class Token(Record):
    """A credential. `id` is public; of the secret only a keyed hash is kept.

    kind            `access` signs a tester in, `link` does so once (`used_at`), `api` is for
                    scripts, `worker` for machines that draw
    scopes          what it may be used for: names in order, one space between
    pepper_version  names the secret the hash is keyed with (Keys)
    jkt             thumbprint (RFC 7638) of the one key it works with, or of an access token: of
                    the first it let in, which is the last without a link
    bearer_granted  an api token that needs no proof of a key
    replaced_by     the token that a rotation made in its place, until `expires_at` beside it
    parent_id       of a link made on a device: the token which that device came in with
    """

    __tablename__ = "tokens"
    __table_args__ = (
        CheckConstraint("kind IN ('access', 'link', 'api', 'worker')", name="token_kind"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[str] = mapped_column(String(80))
    secret_hash: Mapped[str] = mapped_column(String(64))
    pepper_version: Mapped[int] = mapped_column(default=1)
    jkt: Mapped[str | None] = mapped_column(String(43))
    bearer_granted: Mapped[bool] = mapped_column(default=False)
    replaced_by: Mapped[str | None] = mapped_column(String(16))
    parent_id: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    revoke_reason: Mapped[str | None] = mapped_column(String(400))
    used_at: Mapped[int | None] = mapped_column(BigInteger)
    last_used_at: Mapped[int | None] = mapped_column(BigInteger)


class SignIn(Record):
    """A browser's session on one device. `id` is the keyed hash of the cookie's value.

    It lives no longer than its token: the one it was opened with, or for a link that was made on
    a device the one that let this device in.

    fresh_until  till then it may add a first passkey; NULL where it came by a link made on a device
    """

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), index=True)
    token_id: Mapped[str] = mapped_column(ForeignKey("tokens.id"), index=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id"), index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    fresh_until: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)


class Subject(Limited, Record):
    """What an admin set for a token, a tester, a cohort or everybody as one (`Chain.keys`).

    stopped_at  since when it makes no clips, or NULL; stop_message is what its testers read
    epoch       rises with each stop, resumption and revocation
    The limits are of all it asks for together. A tester's own stand in the tester's row.
    """

    __tablename__ = "subjects"

    key: Mapped[str] = mapped_column(String(48), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    stopped_at: Mapped[int | None] = mapped_column(BigInteger)
    stop_message: Mapped[str | None] = mapped_column(String(400))


class Meter(Record):
    """How far ahead of an even pace a subject has asked: its two rates, where SQL counts them."""

    __tablename__ = "meters"

    subject: Mapped[str] = mapped_column(String(48), primary_key=True)
    minute_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    day_ms: Mapped[int] = mapped_column(BigInteger, default=0)


class Budget(Record):
    """What a subject used in a day (UTC, days since the epoch), or with day 0 in all its time."""

    __tablename__ = "budgets"

    subject: Mapped[str] = mapped_column(String(48), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    clips: Mapped[int] = mapped_column(default=0)
    held_gpu_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    spent_gpu_ms: Mapped[int] = mapped_column(BigInteger, default=0)


class Reservation(Record):
    """What one admission holds until its job ends: `held` → `settled` or `released`, once.

    A held one is also the lease of its place. `charged` names the budgets it was taken from:
    `subject/day`, one space between.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'settled', 'released')", name="reservation_state"),
        Index("ix_reservations_tester_state", "tester_id", "state"),
        Index("ix_reservations_state_token", "state", "token_id"),
        Index("ix_reservations_state_cohort", "state", "cohort_id"),
    )

    job_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"))
    token_id: Mapped[str] = mapped_column(ForeignKey("tokens.id"))
    cohort_id: Mapped[str | None] = mapped_column(String(32))
    day: Mapped[int]
    charged: Mapped[str] = mapped_column(String(480))
    state: Mapped[str] = mapped_column(String(16))
    held_gpu_ms: Mapped[int] = mapped_column(BigInteger)
    spent_gpu_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)


class AuditEntry(Record):
    """One row of the audit log, never changed. `hash` covers all the others, `prev_hash` too."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_actor_seq", "actor", "seq"),
        Index("ix_audit_entries_subject_seq", "subject", "seq"),
        Index("ix_audit_entries_action_seq", "action", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(400))
    details: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Record):
    """One row: where the audit log ends. Whoever appends locks it."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="audit_head_only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    checkpoint_seq: Mapped[int] = mapped_column(BigInteger)


class AuditCheckpoint(Record):
    """A signed statement that row `seq` had this hash. Never changed."""

    __tablename__ = "audit_checkpoints"

    signature: Mapped[str] = mapped_column(String(86), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, index=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    public_key: Mapped[str] = mapped_column(String(43))
