"""Open calls: brief, rules, prize, dates and who decides, in sight before anybody enters.

Every entry is accounted for: its artist sees where it stands, how many there were, and how many
were shortlisted and chosen. The decision is published once, of all entries together.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Update, func, select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.rows import changed, insert_new
from errors import BadSpec, ClipDeleted, Conflict, NotFound, OwnWork, TakenDown
from jobs.records import Clip
from programme.reasons import REASONS
from programme.records_calls import Call, Entry
from programme.showing import hold, taken_down_for
from programme.words import plain_words

ENTERED, CHOSEN, NOT_CHOSEN, WITHDRAWN = "entered", "chosen", "not_chosen", "withdrawn"
COMING, OPEN, CLOSED, DECIDED = "coming", "open", "closed", "decided"
LENGTHS = {"title": 120, "brief": 4000, "rules": 4000, "prize": 400, "jury": 400}
EACH_MAX = 20


def state_of(call: Call, now_ms: int) -> str:
    """Where a call stands: COMING, OPEN, CLOSED (being decided) or DECIDED."""
    if call.decided_at is not None:
        return DECIDED
    if now_ms < call.opens_at:
        return COMING
    return OPEN if now_ms < call.closes_at else CLOSED


def publish(db: Session, form: Mapping[str, Any], *, by: str, now_ms: int) -> Call:
    """A new call, from texts by the names of LENGTHS, `entries_each`, and three times in order.

    `by`: the audit log's actor. Does not commit. Raises BadSpec naming the field.
    """
    texts = {
        name: plain_words(
            str(form.get(name) or ""), name, least=1, most=most, lines=name in ("brief", "rules")
        )
        for name, most in LENGTHS.items()
    }
    each = whole(form, "entries_each")
    if not 1 <= each <= EACH_MAX:
        raise BadSpec(f"An artist enters 1 to {EACH_MAX} clips.", field="entries_each")
    opens, closes, decides = (whole(form, f"{what}_at") for what in ("opens", "closes", "decides"))
    if not opens < closes <= decides or closes <= now_ms:
        raise BadSpec(
            "A call opens, then closes, after now, and is decided after that.", field="closes_at"
        )
    call = Call(
        id=uuid.uuid4().hex,
        **texts,
        entries_each=each,
        opens_at=opens,
        closes_at=closes,
        decides_at=decides,
        created_at=now_ms,
        words="",
    )
    db.add(call)
    db.flush()
    told(db, "call.publish", call.id, by, now_ms)
    return call


def whole(form: Mapping[str, Any], name: str) -> int:
    value = form.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise BadSpec(f"{name} is a whole number.", field=name)
    return value


def enter(db: Session, call_id: str, clip_id: str, owner_id: str, note: str, now_ms: int) -> Entry:
    """Submit the owner's clip; again where it was withdrawn. Does not commit.

    The jury sees it from now on.
    Raises NotFound, Conflict unless the call is open or where it was entered already or enough
    were, TakenDown, BadSpec for the note.
    """
    call = held_call(db, call_id)
    if state_of(call, now_ms) != OPEN:
        raise Conflict("This call is not open for entries. Its dates stand on its page.")
    if hold(db, clip_id).owner_id != owner_id:
        raise NotFound
    if reason := taken_down_for(db, clip_id):
        raise TakenDown(REASONS[reason], reason=reason)
    mine = select(func.count()).where(
        Entry.call_id == call_id, Entry.owner_id == owner_id, Entry.state != WITHDRAWN
    )
    if (db.scalar(mine) or 0) >= call.entries_each:
        raise Conflict(f"You entered {call.entries_each} already, as many as the rules allow.")
    wish = {
        "note": plain_words(note, "note"),
        "state": ENTERED,
        "shortlisted": False,
        "entered_at": now_ms,
        "changed_at": now_ms,
    }
    again = one(call_id, clip_id, WITHDRAWN)
    key = {"call_id": call_id, "clip_id": clip_id, "owner_id": owner_id}
    if not insert_new(db, Entry, **key, **wish) and not changed(db, again.values(**wish)):
        raise Conflict("This clip was entered already.")
    told(db, "call.enter", call_id, f"tester:{owner_id}", now_ms, clip=clip_id)
    return db.get_one(Entry, (call_id, clip_id), populate_existing=True)


def withdraw(db: Session, call_id: str, clip_id: str, owner_id: str, now_ms: int) -> None:
    """Take one's entry back before the decision. Does not commit. Raises Conflict."""
    mine = one(call_id, clip_id, ENTERED).where(Entry.owner_id == owner_id)
    if not changed(db, mine.values(state=WITHDRAWN, changed_at=now_ms)):
        raise Conflict("This entry does not wait for a decision. Look at the page again.")
    told(db, "call.withdraw", call_id, f"tester:{owner_id}", now_ms, clip=clip_id)


def shortlist(
    db: Session, call_id: str, clip_id: str, listed: bool, *, by: str, now_ms: int
) -> None:
    """Put an entry on the shortlist, or off it, as the admin `by`, once entries are closed.

    Does not commit. Raises NotFound, Conflict, OwnWork, ClipDeleted.
    """
    require_closed(held_call(db, call_id), now_ms)
    entry = db.get(Entry, (call_id, clip_id))
    if entry is None:
        raise NotFound
    if entry.owner_id == by:
        raise OwnWork
    if db.get(Clip, clip_id) is None:
        raise ClipDeleted
    other = one(call_id, clip_id, ENTERED).where(Entry.shortlisted.is_(not listed))
    if not changed(db, other.values(shortlisted=listed, changed_at=now_ms)):
        raise Conflict("This entry stands elsewhere by now. Look at the page again.")
    told(db, "call.shortlist", call_id, f"tester:{by}", now_ms, clip=clip_id, listed=listed)


def decide(
    db: Session, call_id: str, chosen: Sequence[str], words: str, *, by: str, now_ms: int
) -> None:
    """Publish the decision: those clips of the shortlist are chosen, every other entry is not.

    Once, and of all together. `words`: what the jury says about it. Does not commit.
    Raises BadSpec, Conflict before entries are closed or where it is decided already, OwnWork where
    the admin `by` has an entry in it, ClipDeleted where a chosen one is gone.
    """
    call = held_call(db, call_id)
    require_closed(call, now_ms)
    words = plain_words(words, "words", least=1, most=4000)
    if has_entry(db, call_id, by):
        raise OwnWork
    for clip_id in chosen:
        if db.scalar(select(Clip.id).where(Clip.id == clip_id).with_for_update()) is None:
            raise ClipDeleted
        listed = one(call_id, clip_id, ENTERED).where(Entry.shortlisted)
        if not changed(db, listed.values(state=CHOSEN, changed_at=now_ms)):
            raise BadSpec("Choose among the entries on the shortlist, each once.", field="chosen")
    rest = update(Entry).where(Entry.call_id == call_id, Entry.state == ENTERED)
    changed(db, rest.values(state=NOT_CHOSEN, changed_at=now_ms))
    once = update(Call).where(Call.id == call_id, Call.decided_at.is_(None))
    if not changed(db, once.values(decided_at=now_ms, words=words)):
        raise Conflict("This call was decided meanwhile.")
    told(db, "call.decide", call_id, f"tester:{by}", now_ms, chosen=len(chosen))


def require_closed(call: Call, now_ms: int) -> None:
    """Raises Conflict while entries come in, and once it is decided."""
    state = state_of(call, now_ms)
    if state != CLOSED:
        raise Conflict(f"This call is {state}: it is judged between its closing and its decision.")


def has_entry(db: Session, call_id: str, owner_id: str) -> bool:
    theirs = select(Entry.clip_id).where(
        Entry.call_id == call_id, Entry.owner_id == owner_id, Entry.state != WITHDRAWN
    )
    return db.scalar(theirs.limit(1)) is not None


def held_call(db: Session, call_id: str) -> Call:
    """The call, its row locked: entries, shortlist and decision come one after the other.

    Raises NotFound.
    """
    found = select(Call).where(Call.id == call_id).with_for_update()
    call = db.scalar(found.execution_options(populate_existing=True))
    if call is None:
        raise NotFound
    return call


def one(call_id: str, clip_id: str, state: str) -> Update:
    """An update of one entry in this state."""
    return update(Entry).where(
        Entry.call_id == call_id, Entry.clip_id == clip_id, Entry.state == state
    )


@dataclass(frozen=True)
class Count:
    """Of one call, withdrawn entries aside: entries, their artists, those shortlisted, chosen."""

    entries: int
    artists: int
    shortlisted: int
    chosen: int


def count(db: Session, call_id: str) -> Count:
    rows = db.execute(
        select(Entry.owner_id, Entry.shortlisted, Entry.state).where(
            Entry.call_id == call_id, Entry.state != WITHDRAWN
        )
    ).all()
    return Count(
        entries=len(rows),
        artists=len({owner for owner, _, _ in rows}),
        shortlisted=sum(listed for _, listed, _ in rows),
        chosen=sum(state == CHOSEN for _, _, state in rows),
    )


def all_calls(db: Session) -> Sequence[Call]:
    """The newest first."""
    return db.scalars(select(Call).order_by(Call.opens_at.desc(), Call.id)).all()


def entries(db: Session, call_id: str, owner_id: str | None = None) -> Sequence[Entry]:
    """Those of a call, or of one artist in it, in the order they came; withdrawn ones too."""
    wanted = [Entry.call_id == call_id]
    if owner_id is not None:
        wanted.append(Entry.owner_id == owner_id)
    return db.scalars(select(Entry).where(*wanted).order_by(Entry.entered_at, Entry.clip_id)).all()


def require_entered(db: Session, clip_id: str) -> Clip:
    """The clip, if it is in a call, for the jury to see. Raises NotFound."""
    shown = select(Entry.clip_id).where(Entry.state != WITHDRAWN)
    clip = db.scalar(select(Clip).where(Clip.id == clip_id, Clip.id.in_(shown)))
    if clip is None:
        raise NotFound
    return clip


def told(db: Session, action: str, call_id: str, by: str, now_ms: int, **facts: object) -> None:
    audit.record(
        db, actor=by, action=action, subject=f"call:{call_id}", details=facts, now_ms=now_ms
    )
