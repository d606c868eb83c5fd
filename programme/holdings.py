"""Everything that is kept of a tester: where, what for, and what becomes of it when they leave.

One row for each table that knows people. The export reads it, the erasure follows it, and a test
finds the table that stands in neither list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from auth.binding import Device
from auth.idempotency import IdempotencyKey
from auth.identities import Identity
from auth.joining import Invite, TermsAcceptance, WaitlistEntry
from auth.records import AuditEntry, Budget, Meter, Reservation, SignIn, Subject, Tester, Token
from auth.touching import Challenge, Passkey, Touch
from database import Record
from jobs.records import Clip, Job, Mark, Picture, Reel, Turn
from programme.moderation.records import Refusal
from programme.records import Consent, PolicyAcceptance
from programme.records_calls import Entry
from programme.records_clips import Publication, Review, Share
from programme.records_contributions import Credit, Feedback

Whose = Callable[[str], ColumnElement[bool]]
DELETED, CHANGED, KEPT = "deleted", "made nameless", "kept"


@dataclass(frozen=True)
class Holding:
    """One kind of thing that is kept.

    name     of its file in the export
    record   the table
    whose    the condition that picks a tester's rows
    purpose  what it is kept for
    hidden   columns that leave in no export, as they open doors
    kept     why it stays when they leave; empty: it is deleted
    blanked  columns, and what they hold once their tester has left
    """

    name: str
    record: type[Record]
    whose: Whose
    purpose: str
    hidden: tuple[str, ...] = ()
    kept: str = ""
    blanked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        if not self.kept:
            return DELETED
        return CHANGED if self.blanked else KEPT


def by(column: Any, prefix: str = "") -> Whose:
    return lambda tester_id: column == f"{prefix}{tester_id}"


def waited(tester_id: str) -> ColumnElement[bool]:
    """On the waitlist: by the invite that came of it, or by their address."""
    invites = select(Invite.id).where(Invite.tester_id == tester_id)
    address = select(Tester.email).where(Tester.id == tester_id).scalar_subquery()
    return or_(WaitlistEntry.invite_id.in_(invites), WaitlistEntry.email == address)


def told_of(tester_id: str) -> ColumnElement[bool]:
    """Rows of the log that they made, or that name them or a thing of theirs."""
    theirs = [
        select(kind + column).where(owner == tester_id)
        for kind, column, owner in (
            ("job:", Job.id, Job.owner_id),
            ("clip:", Job.id, Job.owner_id),
            ("token:", Token.id, Token.tester_id),
            ("device:", Device.id, Device.tester_id),
            ("passkey:", Passkey.id, Passkey.tester_id),
            ("invite:", Invite.id, Invite.tester_id),
            ("share:", Share.id, Share.owner_id),
            ("refusal:", Refusal.id, Refusal.tester_id),
            ("feedback:", Feedback.id, Feedback.tester_id),
            ("credit:", Credit.id, Credit.tester_id),
        )
    ]
    return or_(
        AuditEntry.actor == f"tester:{tester_id}",
        AuditEntry.subject == f"tester:{tester_id}",
        AuditEntry.details.contains(tester_id),
        *(AuditEntry.subject.in_(ids) for ids in theirs),
    )


BOOKS = "the books of the programme: it names a number, and nobody can say whose that was"

#: In the order in which rows may go: what points at others first.
HOLDINGS: tuple[Holding, ...] = (
    Holding("consents", Consent, by(Consent.tester_id), "What you allowed, and what not."),
    Holding(
        "policy",
        PolicyAcceptance,
        by(PolicyAcceptance.tester_id),
        "Which version of the policy you agreed to.",
    ),
    Holding(
        "feedback", Feedback, by(Feedback.tester_id), "What you told us, and what we answered."
    ),
    Holding(
        "reviews",
        Review,
        by(Review.owner_id),
        "Where your clips stood in review, and why.",
        hidden=("reviewer_id",),
    ),
    Holding(
        "refusals",
        Refusal,
        by(Refusal.tester_id),
        "Prompts and pictures that met a rule, and what became of your appeal.",
        hidden=("decided_by",),
    ),
    Holding("entries", Entry, by(Entry.owner_id), "What you entered in open calls."),
    Holding("links", Share, by(Share.owner_id), "Your links to clips.", hidden=("secret",)),
    Holding("gallery", Publication, by(Publication.owner_id), "What you published."),
    Holding("touches", Touch, by(Touch.tester_id), "What the last touch of a passkey opened."),
    Holding("challenges", Challenge, by(Challenge.tester_id), "What a passkey was asked."),
    Holding("passkeys", Passkey, by(Passkey.tester_id), "The passkeys you touch."),
    Holding(
        "sign-ins",
        SignIn,
        by(SignIn.tester_id),
        "Your sessions, so that each can be ended.",
        hidden=("id",),
    ),
    Holding("devices", Device, by(Device.tester_id), "The keys of your devices."),
    Holding("accounts", Identity, by(Identity.tester_id), "Accounts you can sign in with."),
    Holding(
        "requests", IdempotencyKey, by(IdempotencyKey.tester_id), "So that nothing counts twice."
    ),
    Holding("terms", TermsAcceptance, by(TermsAcceptance.tester_id), "Which terms you accepted."),
    Holding("waitlist", WaitlistEntry, waited, "That you asked for a place."),
    Holding("pictures", Picture, by(Picture.owner_id), "Pictures for clips to begin with."),
    Holding("films", Reel, by(Reel.owner_id), "Films you brought for clips that are under way."),
    Holding("clips", Clip, by(Clip.owner_id), "The films you made; they lie in `clips/`."),
    Holding("wishes", Job, by(Job.owner_id), "What you asked for, with every setting."),
    Holding("line", Turn, lambda tester_id: Turn.flow.contains(tester_id), "Whose turn is next."),
    Holding("rates", Meter, by(Meter.subject, "tester:"), "How often you asked."),
    Holding("days", Budget, by(Budget.subject, "tester:"), "What you used of each day."),
    Holding(
        "limits", Subject, by(Subject.key, "tester:"), "Whether an admin stopped you, and why."
    ),
    Holding(
        "marks",
        Mark,
        by(Mark.owner_id),
        "Which number is hidden in which clip, so that a leaked copy can be traced.",
        hidden=("key_id",),
        kept="copies of a clip outlive it; what they lead to then is a number",
    ),
    Holding(
        "ledger",
        Credit,
        by(Credit.tester_id),
        "What you gave to the programme, and what it owes and paid you.",
        kept=BOOKS,
        blanked={"words": "", "dispute": ""},
    ),
    Holding(
        "drawing-time",
        Reservation,
        by(Reservation.tester_id),
        "Drawing time that each clip held and used.",
        kept=BOOKS,
    ),
    Holding(
        "tokens",
        Token,
        by(Token.tester_id),
        "The tokens you sign in with; of their secrets only a keyed hash.",
        hidden=("secret_hash", "pepper_version"),
        kept="drawing time is accounted by token; revoked, and without its hash",
        blanked={"secret_hash": "", "jkt": None},
    ),
    Holding(
        "invites",
        Invite,
        by(Invite.tester_id),
        "The invitation you came with.",
        hidden=("secret_hash", "pepper_version"),
        kept="so that it is never good again",
        blanked={"name": None, "email": None, "secret_hash": ""},
    ),
    Holding(
        "audit-log",
        AuditEntry,
        told_of,
        "Who did what, when and why: rows about you, in a chain that shows every change.",
        kept="each row vouches for the one before; they name numbers, not people",
    ),
    Holding(
        "you",
        Tester,
        by(Tester.id),
        "Your name, your address where you gave one, your limits.",
        kept="so that the number is never somebody else's",
        blanked={"email": None, "cohort_id": None, "role": "tester", "reviewer_since": None},
    ),
)

#: Tables that know no tester.
NOBODYS = (
    "cohorts",
    "calls",
    "incidents",
    "policies",
    "rates",
    "presences",
    "spent_proofs",
    "audit_head",
    "audit_checkpoints",
    "tracings",
)


def facts(row: Record, hidden: tuple[str, ...]) -> dict[str, Any]:
    """A row as it leaves: every column but the hidden ones."""
    names = [column.key for column in type(row).__mapper__.column_attrs]
    return {name: getattr(row, name) for name in names if name not in hidden}
