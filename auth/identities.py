"""Who somebody is elsewhere: a provider's subject, and the tester it belongs to."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth import audit, names, sign_ins, step_up, terms, testers
from auth.records import Tester
from auth.rows import insert_new
from auth.terms import Terms
from database import Record
from errors import BadSpec, Conflict, NotGranted, NotInvited
from settings import ProviderSettings

NAME_TRIES = 50


class Identity(Record):
    """`subject` at `issuer` is this tester. Found by these two alone: names and mails change."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class Claims:
    """What a provider says of somebody, its signature found right.

    email  only where the provider says that it is verified
    orgs   names of organisations they belong to, as Hugging Face tells
    """

    issuer: str
    subject: str
    username: str = ""
    email: str | None = None
    orgs: frozenset[str] = frozenset()

    def facts(self) -> set[tuple[str, str]]:
        """What an allow-list can ask for (settings.ALLOW_KINDS)."""
        facts = {("sub", self.subject), *(("org", name) for name in self.orgs)}
        if self.username:
            facts.add(("user", self.username))
        if self.email is not None:
            facts.add(("domain", self.email.rpartition("@")[2].lower()))
        return facts


def role_of(claims: Claims, provider: ProviderSettings) -> str:
    """What somebody new becomes: the admin, or a tester by the allow-list.

    A mail address alone makes nobody anybody: it may only stand in the allow-list, by its domain.
    Raises NotInvited.
    """
    if claims.subject == provider.admin_subject:
        return testers.ADMIN
    if claims.facts() & lowered(provider.allow):
        return testers.TESTER
    raise NotInvited(
        f"{provider.name} says who you are, but you are not in this programme yet. Come in "
        "with your invitation first, then connect your account in the studio's menu."
    )


def enter(
    db: Session,
    claims: Claims,
    provider: ProviderSettings,
    *,
    in_force: Terms,
    seen_sha256: str,
    now_ms: int,
) -> str:
    """The id of the tester this is: linked before, or new, with the terms accepted.

    Raises NotInvited, Conflict for terms that have changed since they were shown. Of parallel
    first sign-ins one wins, the others get Conflict.
    """
    known = find(db, claims)
    if known is not None:
        return known
    role = role_of(claims, provider)
    tester = add_named(db, claims.username or "Tester", role, now_ms)
    terms.accept(db, in_force, tester.id, seen_sha256, now_ms)
    audit.record(
        db,
        actor=audit.SYSTEM,
        action="tester.add",
        subject=f"tester:{tester.id}",
        details={
            "role": role,
            "by": "provider",
            "terms": in_force.version,
            "terms_sha256": in_force.sha256,
        },
        now_ms=now_ms,
    )
    link(db, claims, tester.id, now_ms)
    return tester.id


def find(db: Session, claims: Claims) -> str | None:
    return db.scalar(
        select(Identity.tester_id).where(
            Identity.issuer == claims.issuer, Identity.subject == claims.subject
        )
    )


def link(db: Session, claims: Claims, tester_id: str, now_ms: int) -> None:
    """Let `claims` sign this tester in from now on; again for the same tester changes nothing.

    Raises Conflict where they belong to somebody else already.
    """
    values = {"issuer": claims.issuer, "subject": claims.subject, "tester_id": tester_id}
    if not insert_new(db, Identity, **values, created_at=now_ms):
        if find(db, claims) != tester_id:
            raise Conflict(
                "This account belongs to another tester already. Sign in with it instead, or "
                "connect another one."
            )
        return
    audit.record(
        db,
        actor=f"tester:{tester_id}",
        action="identity.link",
        subject=f"tester:{tester_id}",
        details={"issuer": claims.issuer, "subject": claims.subject},
        now_ms=now_ms,
    )


def require_hand(db: Session, sign_in_id: str, now_ms: int) -> None:
    """Nothing where this session may link an account: its sign-in, or a touch in it, was just now.

    Raises StepUpRequired for who has passkeys, NotGranted for who has none, TokenInvalid.
    """
    sign_in, _ = sign_ins.get(db, sign_in_id, now_ms=now_ms)
    if now_ms < (sign_in.fresh_until or 0):
        return
    if step_up.count_passkeys(db, sign_in.tester_id):
        step_up.require_touch_here(db, sign_in.tester_id, sign_in_id, now_ms)
        return
    raise NotGranted(
        "An account is connected within ten minutes of signing in. Sign out, sign in again with "
        "your token or a link of an admin's, and connect it then."
    )


def unlink(db: Session, issuer: str, subject: str, *, actor: str, now_ms: int) -> bool:
    """Whether there was such an identity; it signs nobody in any more."""
    row = db.get(Identity, (issuer, subject))
    if row is None:
        return False
    db.delete(row)
    audit.record(
        db,
        actor=actor,
        action="identity.unlink",
        subject=f"tester:{row.tester_id}",
        details={"issuer": issuer, "subject": subject},
        now_ms=now_ms,
    )
    return True


def add_named(db: Session, wanted: str, role: str, now_ms: int) -> Tester:
    """A new tester of that name, with a number behind it where it is taken."""
    printable = "".join(char for char in wanted if char.isprintable()).strip()
    try:
        base = names.plain_name(printable[: testers.NAME_MAX_CHARS - 4])
    except BadSpec:
        base = "Tester"
    for number in range(1, NAME_TRIES):
        name = base if number == 1 else f"{base} {number}"
        if testers.looks_like(db, name) is None:
            return testers.add(db, name, role=role, now_ms=now_ms)
    raise Conflict("Too many testers have your name already. Ask whoever invited you.")


def lowered(allow: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    """Domains are compared in small letters, the rest as it is."""
    return {(kind, text.lower() if kind == "domain" else text) for kind, text in allow}
