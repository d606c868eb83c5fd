"""Consent: what else a tester's clips may be used for. No until they say yes, and no again at once.

A word about one clip goes before the word about all of them. Whoever uses clips asks here, each
time: `allows` for one, `clips_allowed` for all. Nothing is copied out of here that would outlive
the next no.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.rows import changed, insert_new
from errors import BadSpec
from jobs.records import Clip
from programme import gallery
from programme.records import Consent
from programme.records_clips import Publication
from programme.reviews import own_clip

TRAINING, PUBLICITY, ANALYTICS = "training", "publicity", "analytics"
PURPOSES: Mapping[str, str] = {
    TRAINING: "The operator may train models on it.",
    PUBLICITY: "The operator may show it to others to tell of the programme.",
    ANALYTICS: "What was asked for may be counted: length, size, style, how it was rated.",
}
ALL = ""  # instead of a clip's id: of everything this tester makes


def say(
    db: Session, tester_id: str, purpose: str, given: bool, *, clip_id: str = ALL, now_ms: int
) -> None:
    """Take a tester's word, of one clip of theirs or of all. Does not commit.

    The word about all leaves what was said of single clips as it is. Withdrawing publicity takes
    clips out of the gallery. Raises BadSpec for an unknown purpose, NotFound for a clip that is
    not theirs.
    """
    if purpose not in PURPOSES:
        raise BadSpec(f"Consent is about {', '.join(PURPOSES)}.", field="purpose")
    if clip_id != ALL:
        own_clip(db, clip_id, tester_id)
    key = {"tester_id": tester_id, "purpose": purpose, "clip_id": clip_id}
    if not insert_new(db, Consent, **key, given=given, said_at=now_ms):
        mine = update(Consent).filter_by(**key).where(Consent.given != given)
        if not changed(db, mine.values(given=given, said_at=now_ms)):
            return
    if purpose == PUBLICITY and not given:
        take_out(db, tester_id, clip_id, now_ms)
    audit.record(
        db,
        actor=f"tester:{tester_id}",
        action="consent.give" if given else "consent.withdraw",
        subject=f"clip:{clip_id}" if clip_id else f"tester:{tester_id}",
        details={"purpose": purpose},
        now_ms=now_ms,
    )


def take_out(db: Session, tester_id: str, clip_id: str, now_ms: int) -> None:
    """Out of the gallery: this clip, or all about which nothing else was said."""
    hanging = select(Publication.clip_id).where(
        Publication.owner_id == tester_id, Publication.ended_at.is_(None)
    )
    if clip_id != ALL:
        hanging = hanging.where(Publication.clip_id == clip_id)
    for shown in db.scalars(hanging).all():
        if not allows(db, PUBLICITY, tester_id, shown):
            gallery.take_out(db, shown, tester_id, now_ms)


def words_of(db: Session, tester_id: str) -> Sequence[Consent]:
    """All that a tester said, the newest first."""
    said = select(Consent).where(Consent.tester_id == tester_id)
    return db.scalars(said.order_by(Consent.said_at.desc(), Consent.purpose)).all()


def in_general(db: Session, tester_id: str) -> dict[str, bool]:
    """Each purpose, and whether it is allowed of clips about which nothing else was said."""
    said = {row.purpose: row.given for row in words_of(db, tester_id) if row.clip_id == ALL}
    return {purpose: said.get(purpose, False) for purpose in PURPOSES}


def allows(db: Session, purpose: str, tester_id: str, clip_id: str) -> bool:
    """Whether this clip may be used so, now."""
    said = select(Consent.clip_id, Consent.given).where(
        Consent.tester_id == tester_id,
        Consent.purpose == purpose,
        Consent.clip_id.in_((ALL, clip_id)),
    )
    answers = dict(db.execute(said).tuples().all())
    return answers.get(clip_id, answers.get(ALL, False))


def clips_allowed(db: Session, purpose: str) -> Sequence[Clip]:
    """Every clip that may be used so, now; the oldest first."""
    said = db.execute(
        select(Consent.tester_id, Consent.clip_id, Consent.given).where(Consent.purpose == purpose)
    ).tuples()
    answers = {(tester, clip): given for tester, clip, given in said}
    willing = {tester for (tester, _), given in answers.items() if given}
    clips = db.scalars(select(Clip).where(Clip.owner_id.in_(willing)).order_by(Clip.id))
    return [
        clip
        for clip in clips
        if answers.get((clip.owner_id, clip.id), answers.get((clip.owner_id, ALL), False))
    ]
