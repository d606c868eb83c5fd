"""A refusal: written down and explained, appealed to a person, who upholds it or lets it pass."""

import hashlib
import uuid
from collections.abc import Sequence
from typing import NoReturn

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.rows import changed
from database import Database
from errors import (
    AlreadyDecided,
    BadSpec,
    Conflict,
    NotFound,
    OwnWork,
    PictureRefused,
    PromptRefused,
    TooMany,
)
from jobs.pictures import find_picture, use_pictures
from jobs.records import Picture
from programme.moderation.judge import Finding, Judge
from programme.moderation.records import Refusal
from programme.words import plain_words

PROMPT, PICTURE, FILM = "prompt", "picture", "film"
REFUSED, APPEALED, UPHELD, ALLOWED = "refused", "appealed", "upheld", "allowed"
VERDICTS = (UPHELD, ALLOWED)
SHOWN = 50
# Whoever meets rules more often than this is guessing at them, or filling the log.
A_MINUTE_MAX, MINUTE_MS = 20, 60_000


def require_allowed(
    database: Database, judge: Judge, tester_id: str, text: str, now_ms: int
) -> None:
    """Let a text pass, or write its refusal down and say why.

    Raises PromptRefused; JudgeUnavailable; TooMany after A_MINUTE_MAX of them within a minute.
    """
    findings = judge.findings(text)
    if not findings:
        return
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if against := not_allowed(database, tester_id, sha256, findings):
        refuse(database, judge, tester_id, against[0], sha256=sha256, text=text, now_ms=now_ms)


def not_allowed(
    database: Database, tester_id: str, sha256: str, findings: Sequence[Finding]
) -> Sequence[Finding]:
    """The findings but for what a person let pass: the same, of the same artist, the same rule."""
    passed = select(Refusal.rule_id).where(
        Refusal.tester_id == tester_id,
        Refusal.text_sha256 == sha256,
        Refusal.state == ALLOWED,
    )
    with database.read() as db:
        rules = set(db.scalars(passed))
    return [finding for finding in findings if finding.rule_id not in rules]


def refuse(
    database: Database,
    judge: Judge,
    tester_id: str,
    finding: Finding,
    *,
    sha256: str,
    kind: str = PROMPT,
    text: str = "",
    picture_id: str | None = None,
    now_ms: int,
) -> NoReturn:
    """Write a refusal down, in a transaction of its own, and say why.

    Raises PromptRefused, or PictureRefused of a picture or film; TooMany.
    """
    with database.begin() as db:
        require_slow(db, tester_id, now_ms)
        refusal = Refusal(
            id=uuid.uuid4().hex,
            tester_id=tester_id,
            rule_id=finding.rule_id,
            reason=finding.reason,
            kind=kind,
            text=text,
            text_sha256=sha256,
            picture_id=picture_id,
            rules_sha256=judge.rules.sha256,
            state=REFUSED,
            plea="",
            words="",
            created_at=now_ms,
        )
        db.add(refusal)
        told(db, refusal, "refuse", audit.SYSTEM, now_ms, rule=refusal.rule_id)
        why = {"rule": refusal.rule_id, "refusal": refusal.id}
    raise (PromptRefused if kind == PROMPT else PictureRefused)(finding.reason, **why)


def require_slow(db: Session, tester_id: str, now_ms: int) -> None:
    """Raises TooMany."""
    lately = select(func.count()).where(
        Refusal.tester_id == tester_id, Refusal.created_at > now_ms - MINUTE_MS
    )
    if (db.scalar(lately) or 0) >= A_MINUTE_MAX:
        raise TooMany(
            "Too many of your prompts met a rule just now. Wait a minute, or appeal one of them.",
            limit="refusals",
            retry_after_s=60,
        )


def appeal(db: Session, refusal_id: str, tester_id: str, plea: str, now_ms: int) -> Refusal:
    """Ask a person to look at one's own refusal, once. Does not commit.

    Its picture is kept from now on, for whoever decides.
    Raises BadSpec without words, NotFound, Conflict where it was asked for already, or where its
    picture is gone.
    """
    plea = plain_words(plea, "words", least=1)
    refusal = db.get(Refusal, refusal_id)
    if refusal is None or refusal.tester_id != tester_id:
        raise NotFound
    asked = update(Refusal).where(Refusal.id == refusal_id, Refusal.state == REFUSED)
    if not changed(db, asked.values(state=APPEALED, plea=plea, appealed_at=now_ms)):
        raise Conflict("This was appealed already. The page shows where it stands.")
    if refusal.picture_id is not None:
        keep_picture(db, refusal.picture_id, tester_id, now_ms)
    told(db, refusal, "appeal", f"tester:{tester_id}", now_ms)
    return db.get_one(Refusal, refusal_id, populate_existing=True)


def keep_picture(db: Session, picture_id: str, tester_id: str, now_ms: int) -> None:
    """Raises Conflict."""
    try:
        use_pictures(db, [picture_id], tester_id, now_ms)
    except NotFound as error:
        raise Conflict(
            "This picture is gone: ask for the clip with it again, then appeal."
        ) from error


def decide(
    db: Session, refusal_id: str, verdict: str, words: str, *, by: str, now_ms: int
) -> Refusal:
    """Uphold an appealed refusal, or let it pass, as the reviewer `by`. Does not commit.

    Raises BadSpec without words, NotFound, OwnWork, AlreadyDecided.
    """
    if verdict not in VERDICTS:
        raise BadSpec("The verdict is upheld or allowed.", field="verdict")
    words = plain_words(words, "words", least=1)
    refusal = db.get(Refusal, refusal_id)
    if refusal is None:
        raise NotFound
    if refusal.tester_id == by:
        raise OwnWork
    waiting = update(Refusal).where(Refusal.id == refusal_id, Refusal.state == APPEALED)
    decided = {"state": verdict, "words": words, "decided_by": by, "decided_at": now_ms}
    if not changed(db, waiting.values(**decided)):
        raise AlreadyDecided(db.get_one(Refusal, refusal_id, populate_existing=True).state)
    told(db, refusal, "decide", f"tester:{by}", now_ms, verdict=verdict)
    return db.get_one(Refusal, refusal_id, populate_existing=True)


def of_tester(db: Session, tester_id: str) -> Sequence[Refusal]:
    """One's own, the newest first."""
    mine = select(Refusal).where(Refusal.tester_id == tester_id)
    return db.scalars(mine.order_by(Refusal.created_at.desc()).limit(SHOWN)).all()


def appealed(db: Session) -> Sequence[Refusal]:
    """What a person has to look at, the longest waiting first."""
    waiting = select(Refusal).where(Refusal.state == APPEALED)
    return db.scalars(waiting.order_by(Refusal.appealed_at).limit(SHOWN)).all()


def counts(db: Session, since_ms: int = 0) -> dict[str, dict[str, int]]:
    """How many there were, rule → state → number. No text is among it."""
    rows = db.execute(
        select(Refusal.rule_id, Refusal.state, func.count())
        .where(Refusal.created_at >= since_ms)
        .group_by(Refusal.rule_id, Refusal.state)
    )
    found: dict[str, dict[str, int]] = {}
    for rule_id, state, number in rows:
        found.setdefault(rule_id, {})[state] = number
    return found


def told(db: Session, refusal: Refusal, verb: str, by: str, now_ms: int, **facts: object) -> None:
    audit.record(
        db,
        actor=by,
        action=f"{refusal.kind}.{verb}",
        subject=f"refusal:{refusal.id}",
        details=facts,
        now_ms=now_ms,
    )


def require_appealed_picture(db: Session, refusal_id: str) -> str:
    """The picture that its artist showed to a person by appealing. Raises NotFound for others."""
    refusal = db.get(Refusal, refusal_id)
    if refusal is None or refusal.state == REFUSED or refusal.picture_id is None:
        raise NotFound
    return find_picture(db, refusal.picture_id, refusal.tester_id).key


def pictures_of(db: Session, found: Sequence[Refusal]) -> set[str]:
    """Which of the pictures that these refusals name are still kept."""
    named = [refusal.picture_id for refusal in found if refusal.picture_id]
    return set(db.scalars(select(Picture.id).where(Picture.id.in_(named)))) if named else set()
