"""Whose turn it is: the order of the waiting line, fair between artists.

Start-time fair queueing (Goyal, Vin, Cheng 1996, doi 10.1145/248157.248171), with one clip as the
unit of work: a job's `line` is its round, rounds are drawn in order, and in each every artist has
one clip. Fifty clips of one artist stand in fifty rounds; another's first joins the round that is
being drawn, behind one of them at most.
"""

from collections.abc import Mapping

from sqlalchemy import case, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from jobs.records import LIVE, Job, Turn

STEWARD, TESTER, BACKGROUND = "steward", "tester", "background"
#: Rounds that a priority's clips come before the round being drawn, or behind it. Within so many
#: rounds a clip is due whatever comes: nobody is kept waiting for ever.
ROUNDS: Mapping[str, int] = {STEWARD: -8, TESTER: 0, BACKGROUND: 8}
#: The round a new house begins with: the engine wants priorities above zero.
FIRST = 1_000
#: In place of an artist: the round that is being drawn.
NOW = "now"


def join(db: Session, owner_id: str, priority: str) -> int:
    """The round of the owner's next clip: the one after their last, never before it is due.

    One statement: of parallel calls each gets a round of its own. Does not commit.
    """
    flow = flow_of(owner_id, priority)
    due = literal(current(db) + ROUNDS[priority])
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    after = Turn.line + 1
    taken = (
        insert(Turn)
        .values(flow=flow, line=due)
        .on_conflict_do_update(
            index_elements=[Turn.flow], set_={"line": case((after < due, due), else_=after)}
        )
        .returning(Turn.line)
    )
    return int(db.execute(taken).scalar_one())


def reach(db: Session, line: int) -> None:
    """A clip of this round is being drawn. Rounds never go back. Does not commit."""
    db.execute(update(Turn).where(Turn.flow == NOW, Turn.line < line).values(line=line))


def give_up_turn(db: Session, owner_id: str, priority: str) -> None:
    """Let the owner's next clip come after those still there, once some left the line unseen.

    Does not commit.
    """
    mine = (Job.owner_id == owner_id, Job.priority == priority, Job.state.in_(LIVE))
    last = db.scalar(select(func.max(Job.line)).where(*mine))
    line = max(current(db), last or 0)
    behind = update(Turn).where(Turn.flow == flow_of(owner_id, priority), Turn.line > line)
    db.execute(behind.values(line=line))


def current(db: Session) -> int:
    return db.scalar(select(Turn.line).where(Turn.flow == NOW)) or FIRST


def flow_of(owner_id: str, priority: str) -> str:
    return f"{owner_id}/{priority}"
