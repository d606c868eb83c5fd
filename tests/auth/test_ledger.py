"""Whatever happens in whatever order, the gate's books agree with a plain ledger."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from auth import budget, revocation
from auth.gate import Gate
from auth.keys import Keys
from auth.limits import Limits
from auth.records import DayBudget, Meter, Reservation
from database import Database
from errors import GreenroomError, TooMany
from tests.auth.conftest import DAY_MS, NOON, Invited, invite

LIMITS = Limits(rate_per_minute=4, concurrent=2, clips_per_day=3, gpu_ms_per_day=5000)
EVERY_MS = 15_000
PRICES = st.sampled_from([0, 1500, 4000, 5000])


@dataclass
class Day:
    clips: int = 0
    held_gpu_ms: int = 0
    spent_gpu_ms: int = 0


@dataclass
class Hold:
    day: int
    gpu_ms: int
    state: str = "held"


@dataclass
class Ledger:
    """What the books should say: the rules of the limits in their plainest words."""

    asked_ms: int = 0
    days: dict[int, Day] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    revoked: bool = False

    def held(self) -> int:
        return sum(hold.state == "held" for hold in self.holds.values())

    def admit(self, job_id: str, gpu_ms: int, now_ms: int) -> str:
        day = self.days.get(now_ms // DAY_MS, Day())
        if self.revoked:
            return "token_invalid"
        if job_id in self.holds:
            return "first hold" if self.holds[job_id].state == "held" else "conflict"
        if max(self.asked_ms, now_ms) + EVERY_MS > now_ms + 60_000:
            return "rate_per_minute"
        if self.held() == LIMITS.concurrent:
            return "concurrent"
        if day.clips == LIMITS.clips_per_day:
            return "clips_per_day"
        if day.held_gpu_ms + day.spent_gpu_ms + gpu_ms > LIMITS.gpu_ms_per_day:
            return "gpu_ms_per_day"
        self.asked_ms = max(self.asked_ms, now_ms) + EVERY_MS
        self.days[now_ms // DAY_MS] = day
        day.clips += 1
        day.held_gpu_ms += gpu_ms
        self.holds[job_id] = Hold(now_ms // DAY_MS, gpu_ms)
        return "admitted"

    def end(self, job_id: str, state: str, spent_gpu_ms: int) -> None:
        hold = self.holds.get(job_id)
        if hold is None or hold.state != "held":
            return
        hold.state = state
        day = self.days[hold.day]
        day.clips -= state == "released"
        day.held_gpu_ms -= hold.gpu_ms
        day.spent_gpu_ms += min(spent_gpu_ms, hold.gpu_ms)


class Books(RuleBasedStateMachine):
    database: Database  # one for all runs: each run has a tester of its own
    runs = 0

    def __init__(self) -> None:
        super().__init__()
        Books.runs += 1
        self.gate = Gate(Keys.derive("a secret of at least thirty-two characters"), LIMITS)
        self.who: Invited = invite(self.database, self.gate, f"tester {Books.runs}")
        self.now_ms = NOON
        self.jobs: list[str] = []
        self.ledger = Ledger()

    @rule(gpu_ms=PRICES)
    def admit_new(self, gpu_ms: int) -> None:
        self.jobs.append(f"{Books.runs}-{len(self.jobs)}")
        self.admit(self.jobs[-1], gpu_ms)

    @precondition(lambda self: self.jobs)
    @rule(which=st.integers(0, 99), gpu_ms=PRICES)
    def admit_again(self, which: int, gpu_ms: int) -> None:
        self.admit(self.jobs[which % len(self.jobs)], gpu_ms)

    def admit(self, job: str, gpu_ms: int) -> None:
        expected = self.ledger.admit(job, gpu_ms, self.now_ms)
        event(expected)
        outcome = self.ask(job, gpu_ms)
        if expected in ("admitted", "first hold"):
            assert outcome == self.ledger.holds[job].gpu_ms
        else:
            assert outcome == expected

    def ask(self, job_id: str, gpu_ms: int) -> int | str:
        """The GPU time held, or what refused it."""
        try:
            with self.database.begin() as db:
                return self.gate.admit(db, self.who.principal, job_id, gpu_ms, self.now_ms).gpu_ms
        except TooMany as refusal:
            return refusal.limit
        except GreenroomError as refusal:
            return refusal.code

    @precondition(lambda self: self.jobs)
    @rule(which=st.integers(0, 99), spent_gpu_ms=st.integers(0, 5000))
    def settle(self, which: int, spent_gpu_ms: int) -> None:
        job = self.jobs[which % len(self.jobs)]
        self.ledger.end(job, "settled", spent_gpu_ms)
        with self.database.begin() as db:
            budget.settle(db, job, spent_gpu_ms, self.now_ms)

    @precondition(lambda self: self.jobs)
    @rule(which=st.integers(0, 99))
    def release(self, which: int) -> None:
        job = self.jobs[which % len(self.jobs)]
        self.ledger.end(job, "released", 0)
        with self.database.begin() as db:
            budget.release(db, job, self.now_ms)

    @rule(pass_ms=st.sampled_from([60_000, 15_000, 14_999, 1, DAY_MS]))
    def wait(self, pass_ms: int) -> None:
        self.now_ms = min(self.now_ms + pass_ms, NOON + 13 * DAY_MS)

    @precondition(lambda self: len(self.jobs) > 8)
    @rule()
    def revoke(self) -> None:
        first, self.ledger.revoked = not self.ledger.revoked, True
        with self.database.begin() as db:
            stopped = revocation.revoke(db, self.who.token.id, "pasted", self.now_ms)
        assert (stopped.first, stopped.clips) == (first, self.ledger.held())

    @invariant()
    def books_agree(self) -> None:
        tester_id = self.who.tester.id
        with self.database.read() as db:
            meter = db.get(Meter, tester_id)
            rows = db.scalars(select(DayBudget).where(DayBudget.tester_id == tester_id))
            days = {row.day: Day(row.clips, row.held_gpu_ms, row.spent_gpu_ms) for row in rows}
            holds = db.scalars(select(Reservation).where(Reservation.tester_id == tester_id))
            states = {hold.job_id: hold.state for hold in holds}
        assert (meter.held if meter else 0) == self.ledger.held()
        assert (meter.arrival_ms if meter else 0) == self.ledger.asked_ms
        assert days == self.ledger.days
        assert states == {job: hold.state for job, hold in self.ledger.holds.items()}
        assert all(
            day.held_gpu_ms + day.spent_gpu_ms <= LIMITS.gpu_ms_per_day
            and day.clips <= LIMITS.clips_per_day
            for day in days.values()
        )


@pytest.fixture(scope="module", autouse=True)
def _one_database() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        Books.database = Database(f"sqlite:///{Path(folder) / 'greenroom.db'}")
        Books.database.migrate()
        yield
        Books.database.close()


TestBooks = Books.TestCase
TestBooks.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
