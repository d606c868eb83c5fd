"""The policy: what becomes of the clips people make here, as data, in numbered versions.

A version is announced, never changed. What takes nothing away holds for everybody at once. What
takes something away holds for a tester from when they accept it: until then the version they have
holds for what they made, and new clips wait for their answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth import audit
from auth.records import Tester
from auth.rows import insert_new
from errors import BadSpec, Conflict, PolicyUnaccepted
from programme.records import PolicyAcceptance, PolicyVersion
from programme.words import plain_words

FREE, REVIEW_FIRST, PRIVATE = SHARING = ("free", "review", "private")  # from loose to strict
READERS = ("artist", "reviewers", "admins")  # each sees what the one before does
NO_FILM, FOR_OTHERS, EVERY_FILM = MARKED = ("none", "others", "all")
REVIEW_HOURS_MAX, KEEP_DAYS_MAX = 24 * 90, 3650


@dataclass(frozen=True)
class Policy:
    """What holds for clips. The defaults hold until an admin announces something else.

    sharing       whom an artist may show a clip: `free`, `review` (once approved) or `private`
    review_hours  within which a review is promised
    keep_days     how long a clip is kept; None: until its artist deletes it
    prompts       who reads prompts: `artist`, `reviewers` (of clips submitted to them) or `admins`
    marked        which films carry the visible mark: `none`, `others` (what anybody but the artist
                  is sent, reviewers and juries too) or `all`
    open_numbers  whether the programme's numbers stand on a public page
    """

    sharing: str = REVIEW_FIRST
    review_hours: int = 48
    keep_days: int | None = None
    prompts: str = "reviewers"
    marked: str = FOR_OTHERS
    open_numbers: bool = True


@dataclass(frozen=True)
class Version:
    """An announced policy. Number 0 is the default one, in force from the beginning."""

    number: int
    policy: Policy
    words: str = ""
    announced_at: int = 0


@dataclass(frozen=True)
class Standing:
    """What holds for one tester, and what waits for their answer, if anything does.

    lost  what `awaits` takes from them, in sentences
    """

    holds: Version
    awaits: Version | None = None
    lost: tuple[str, ...] = ()


def parse(form: Mapping[str, Any]) -> Policy:
    """The policy a form asks for; what it does not name is as in the default one.

    Raises BadSpec naming the field.
    """
    for name in form:
        if name not in {field.name for field in fields(Policy)}:
            raise BadSpec("A policy has no such part.", field=ascii(name)[1:-1][:40])
    policy = Policy(**form)
    if policy.sharing not in SHARING:
        raise BadSpec(f"Sharing is one of {', '.join(SHARING)}.", field="sharing")
    if policy.prompts not in READERS:
        raise BadSpec(f"Prompts are read by one of {', '.join(READERS)}.", field="prompts")
    if policy.marked not in MARKED:
        raise BadSpec(f"The mark is on one of {', '.join(MARKED)}.", field="marked")
    if not isinstance(policy.open_numbers, bool):
        raise BadSpec("Open numbers are true or false.", field="open_numbers")
    if not within(policy.review_hours, REVIEW_HOURS_MAX):
        raise BadSpec(f"Promise 1 to {REVIEW_HOURS_MAX:,} hours.", field="review_hours")
    if policy.keep_days is not None and not within(policy.keep_days, KEEP_DAYS_MAX):
        raise BadSpec(f"Keep clips 1 to {KEEP_DAYS_MAX:,} days, or always.", field="keep_days")
    return policy


def within(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def taken_away(old: Policy, new: Policy) -> tuple[str, ...]:
    """What an artist who has `old` loses by `new`, in sentences; empty: nothing."""
    kept = f"{new.keep_days} days" if new.keep_days else "until you delete them"
    compared = (
        (
            SHARING.index(new.sharing) > SHARING.index(old.sharing),
            "You may show fewer of your clips to others: " + SHARING_WORDS[new.sharing],
        ),
        (new.review_hours > old.review_hours, "Reviews are promised later than before."),
        (
            (new.keep_days or 10**9) < (old.keep_days or 10**9),
            f"Clips are kept for less long: {kept}.",
        ),
        (
            READERS.index(new.prompts) > READERS.index(old.prompts),
            "More people read your prompts: " + PROMPTS_WORDS[new.prompts],
        ),
        (
            MARKED.index(new.marked) > MARKED.index(old.marked),
            "More of your films carry a visible mark: " + MARKED_WORDS[new.marked],
        ),
        (
            old.open_numbers and not new.open_numbers,
            "The programme's numbers are no longer public.",
        ),
    )
    return tuple(sentence for is_less, sentence in compared if is_less)


SHARING_WORDS = {
    FREE: "You may show your clips to others without asking.",
    REVIEW_FIRST: "You may show a clip to others once a reviewer approved it.",
    PRIVATE: "Clips are shown to nobody but their artist.",
}
PROMPTS_WORDS = {
    "artist": "Nobody but you reads your prompts.",
    "reviewers": "Reviewers read the prompts of clips you submit to them; nobody reads the others.",
    "admins": "The programme's admins may read your prompts; you read when they did, and why.",
}
MARKED_WORDS = {
    NO_FILM: "No film carries a visible mark.",
    FOR_OTHERS: "What others see says in a corner that a model made it; your own films do not.",
    EVERY_FILM: "Every film says in a corner that a model made it, your own too.",
}


def sentences(policy: Policy) -> tuple[str, ...]:
    """The policy in words, for whoever is about to make something under it."""
    hours = policy.review_hours
    promise = f"{hours // 24} days" if hours > 24 and hours % 24 == 0 else f"{hours} hours"
    reviewed = (f"A review takes at most {promise}, with a reason, and you can appeal.",)
    keep = "until you delete them" if policy.keep_days is None else f"{policy.keep_days} days"
    return (
        SHARING_WORDS[policy.sharing],
        *(reviewed if policy.sharing == REVIEW_FIRST else ()),
        f"Your clips are kept {keep}.",
        PROMPTS_WORDS[policy.prompts],
        MARKED_WORDS[policy.marked],
        "Nothing you make is used for training, publicity or analytics unless you say so.",
        "The programme's numbers are public."
        if policy.open_numbers
        else "The programme's numbers are shown to its testers.",
    )


def announce(
    db: Session, policy: Policy, words: str, *, after: int, by: str, now_ms: int
) -> Version:
    """Put the next version into force. Does not commit.

    words  what changed and why; its testers read it
    after  the number that whoever announces has before them
    by     the audit log's actor
    Raises BadSpec without words, Conflict where another came in between or nothing changes.
    """
    words = plain_words(words, "words", least=1)
    before = current(db)
    if before.number != after:
        raise Conflict("Another policy was announced meanwhile. Look at it first.")
    if before.policy == policy:
        raise Conflict("This is the policy in force already.")
    row = {**asdict(policy), "words": words, "announced_at": now_ms}
    if not insert_new(db, PolicyVersion, number=after + 1, **row):
        raise Conflict("Another policy was announced meanwhile. Look at it first.")
    audit.record(
        db,
        actor=by,
        action="policy.announce",
        subject=f"policy:{after + 1}",
        details=asdict(policy),
        now_ms=now_ms,
    )
    return Version(after + 1, policy, words, now_ms)


def versions(db: Session) -> Sequence[Version]:
    """All of them, the newest first; the default one last."""
    rows = db.scalars(select(PolicyVersion).order_by(PolicyVersion.number.desc()))
    return [*(version_of(row) for row in rows), Version(0, Policy())]


def current(db: Session) -> Version:
    """The newest version."""
    newest = select(PolicyVersion).order_by(PolicyVersion.number.desc()).limit(1)
    row = db.scalar(newest)
    return Version(0, Policy()) if row is None else version_of(row)


def version_of(row: PolicyVersion) -> Version:
    policy = Policy(**{field.name: getattr(row, field.name) for field in fields(Policy)})
    return Version(row.number, policy, row.words, row.announced_at)


def standing(db: Session, tester_id: str) -> Standing:
    """What holds for this tester. Whoever accepted nothing has what was in force when they came."""
    return stands(held(db, tester_id), current(db))


def standings(db: Session) -> Mapping[str, Standing]:
    """What holds for everybody, by tester, in three looks."""
    announced = versions(db)
    newest = select(PolicyAcceptance.tester_id, func.max(PolicyAcceptance.number))
    agreed = dict(db.execute(newest.group_by(PolicyAcceptance.tester_id)).tuples().all())

    def had(tester_id: str, came: int) -> Version:
        theirs = agreed.get(tester_id)
        return next(row for row in announced if row.number == theirs or row.announced_at <= came)

    return {
        tester_id: stands(had(tester_id, came), announced[0])
        for tester_id, came in db.execute(select(Tester.id, Tester.created_at))
    }


def stands(had: Version, newest: Version) -> Standing:
    lost = taken_away(had.policy, newest.policy)
    return Standing(had, newest, lost) if lost else Standing(newest)


def held(db: Session, tester_id: str) -> Version:
    """The newest version they accepted, or the one in force when they came, if that is newer."""
    accepted = select(PolicyAcceptance.number).where(PolicyAcceptance.tester_id == tester_id)
    came = select(Tester.created_at).where(Tester.id == tester_id).scalar_subquery()
    theirs = select(PolicyVersion).where(
        PolicyVersion.number.in_(accepted) | (PolicyVersion.announced_at <= came)
    )
    row = db.scalar(theirs.order_by(PolicyVersion.number.desc()).limit(1))
    return Version(0, Policy()) if row is None else version_of(row)


def accept(db: Session, tester_id: str, number: int, now_ms: int) -> None:
    """Write down that a tester agrees to this version; a second time changes nothing. No commit.

    Raises Conflict where it is not the one in force.
    """
    if current(db).number != number:
        raise Conflict("The policy has changed meanwhile. Reload the page and read it again.")
    new = insert_new(db, PolicyAcceptance, tester_id=tester_id, number=number, accepted_at=now_ms)
    if new:
        audit.record(
            db,
            actor=f"tester:{tester_id}",
            action="policy.accept",
            subject=f"policy:{number}",
            now_ms=now_ms,
        )


def require_accepted(db: Session, tester_id: str) -> None:
    """Raises PolicyUnaccepted where a version waits for this tester's answer."""
    now = standing(db, tester_id)
    if now.awaits is not None:
        raise PolicyUnaccepted(number=now.awaits.number, lost=now.lost)
