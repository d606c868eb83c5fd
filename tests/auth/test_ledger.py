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

from auth import budget, revocation, switch
from auth.gate import Gate
from auth.keys import Keys
from auth.limits import Limits
from auth.meters import SQL, MeterStore, wire
from auth.meters_redis import LEASE_MS
from auth.pots import TOTAL
from auth.records import Budget, Cohort, Reservation, Subject
from database import Database
from errors import GreenroomError, TooMany
from tests.auth.conftest import DAY_MS, NOON, Invited, ToldRedis, as_told, invite, reading

LIMITS = Limits(4, 2, 3, 5000, rate_per_day=6, gpu_ms_total=9000)
COHORT = Limits(concurrent=3, clips_per_day=5)
MINUTE_PACE_MS, DAY_PACE_MS = 15_000, DAY_MS // 6
PRICES = st.sampled_from([0, 1500, 4000, 5000])
WHO = st.integers(0, 1)


@dataclass
class Pot:
    clips: int = 0
    held_gpu_ms: int = 0
    spent_gpu_ms: int = 0

    @property
    def taken_ms(self) -> int:
        return self.held_gpu_ms + self.spent_gpu_ms


@dataclass
class Hold:
    who: int
    pots: list[tuple[str, int]]
    gpu_ms: int
    state: str = "held"


@dataclass
class Person:
    minute_ms: int = 0
    day_ms: int = 0
    revoked: bool = False


@dataclass
class Ledger:
    """What the books should say: the rules of the limits in their plainest words."""

    people: tuple[Person, Person] = field(default_factory=lambda: (Person(), Person()))
    pots: dict[tuple[str, int], Pot] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    # Places that a crash left behind: whose, and until when.
    leaked: list[tuple[int, int]] = field(default_factory=list)
    stopped: bool = False

    def held(self, *people: int) -> int:
        return sum(hold.state == "held" and hold.who in people for hold in self.holds.values())

    def places(self, now_ms: int, *people: int) -> int:
        leaked = sum(who in people and until > now_ms for who, until in self.leaked)
        return self.held(*people) + leaked

    def refused(self, who: int, job_id: str, gpu_ms: int, now_ms: int) -> set[str]:
        """Any of these may be the answer; none: the call passes."""
        person, today = self.people[who], now_ms // DAY_MS
        if person.revoked:
            return {"token_invalid"}
        if self.stopped:
            return {"suspended"}
        if (first := self.holds.get(job_id)) is not None:
            if first.who != who:
                return {"not_found"}
            return {"first hold"} if first.state == "held" else {"conflict"}
        day, cohort = self.pot(f"tester {who}", today), self.pot("cohort", today)
        if cohort.clips == COHORT.clips_per_day or day.clips == LIMITS.clips_per_day:
            return (
                {"clips_per_day", "gpu_ms_total"} if self.spent(who, gpu_ms) else {"clips_per_day"}
            )
        if self.spent(who, gpu_ms):
            return {"gpu_ms_total"}
        if day.taken_ms + gpu_ms > LIMITS.gpu_ms_per_day:
            return {"gpu_ms_per_day"}
        limits = set()
        if max(person.minute_ms, now_ms) + MINUTE_PACE_MS > now_ms + 60_000:
            limits.add("rate_per_minute")
        if max(person.day_ms, now_ms) + DAY_PACE_MS > now_ms + DAY_MS:
            limits.add("rate_per_day")
        if self.places(now_ms, who) >= 2 or self.places(now_ms, 0, 1) >= 3:
            limits.add("concurrent")
        return limits

    def spent(self, who: int, gpu_ms: int) -> bool:
        return self.pot(f"tester {who}", TOTAL).taken_ms + gpu_ms > LIMITS.gpu_ms_total

    def pot(self, whose: str, day: int) -> Pot:
        return self.pots.get((whose, day), Pot())

    def count_call(self, who: int, now_ms: int) -> None:
        person = self.people[who]
        person.minute_ms = max(person.minute_ms, now_ms) + MINUTE_PACE_MS
        person.day_ms = max(person.day_ms, now_ms) + DAY_PACE_MS

    def take(self, who: int, job_id: str, gpu_ms: int, now_ms: int) -> None:
        self.count_call(who, now_ms)
        today = now_ms // DAY_MS
        names = [("cohort", today), (f"tester {who}", TOTAL), (f"tester {who}", today)]
        for name in names:
            pot = self.pots.setdefault(name, Pot())
            pot.clips += 1
            pot.held_gpu_ms += gpu_ms
        self.holds[job_id] = Hold(who, names, gpu_ms)

    def end(self, job_id: str, state: str, spent_gpu_ms: int) -> None:
        hold = self.holds.get(job_id)
        if hold is None or hold.state != "held":
            return
        hold.state = state
        for name in hold.pots:
            pot = self.pots[name]
            pot.clips -= state == "released"
            pot.held_gpu_ms -= hold.gpu_ms
            pot.spent_gpu_ms += min(spent_gpu_ms, hold.gpu_ms)


class Crash(Exception):
    """The process is gone before it could commit, or take anything back."""


class Books(RuleBasedStateMachine):
    database: Database  # one for all runs: each run has a cohort of its own
    store: MeterStore
    runs = 0

    def __init__(self) -> None:
        super().__init__()
        Books.runs += 1
        self.cohort = f"{type(self).__name__}{Books.runs}"
        self.gate = Gate(Keys.derive("a secret of at least thirty-two characters"), LIMITS, as_told)
        with self.database.begin() as db:
            db.add(Cohort(id=self.cohort, name=self.cohort, created_at=NOON))
            db.add(Subject(key=f"cohort:{self.cohort}", epoch=0, **vars(COHORT)))
        self.who = [self.join(number) for number in (0, 1)]
        self.now_ms = NOON
        self.jobs: list[str] = []
        self.ledger = Ledger()

    def join(self, number: int) -> Invited:
        name = f"{self.cohort} {number}"
        return invite(self.database, self.gate, name, cohort_id=self.cohort)

    @rule(who=WHO, gpu_ms=PRICES)
    def admit_new(self, who: int, gpu_ms: int) -> None:
        self.jobs.append(f"{self.cohort}-{len(self.jobs)}")
        self.admit(who, self.jobs[-1], gpu_ms)

    @precondition(lambda self: self.jobs)
    @rule(who=WHO, which=st.integers(0, 99), gpu_ms=PRICES)
    def admit_again(self, who: int, which: int, gpu_ms: int) -> None:
        self.admit(who, self.jobs[which % len(self.jobs)], gpu_ms)

    def admit(self, who: int, job: str, gpu_ms: int) -> None:
        expected = self.ledger.refused(who, job, gpu_ms, self.now_ms)
        event(" or ".join(sorted(expected)) or "admitted")
        outcome = self.ask(who, job, gpu_ms)
        if not expected:
            assert outcome == gpu_ms
            self.ledger.take(who, job, gpu_ms, self.now_ms)
        elif expected == {"first hold"}:
            assert outcome == self.ledger.holds[job].gpu_ms
        else:
            assert outcome in expected

    def ask(self, who: int, job_id: str, gpu_ms: int) -> int | str:
        """The GPU time held, or what refused it."""
        principal = self.who[who].principal
        try:
            with self.database.begin() as db:
                return self.gate.admit(db, principal, job_id, gpu_ms, self.now_ms).gpu_ms
        except TooMany as refusal:
            return refusal.limit
        except GreenroomError as refusal:
            return refusal.code

    @rule(who=WHO)
    def crash_after_the_yes(self, who: int) -> None:
        """The database forgets it all; Redis keeps the call, and the place until it lapses."""
        job = f"{self.cohort}-crash-{len(self.ledger.leaked)}"
        if self.ledger.refused(who, job, 0, self.now_ms):
            return
        with pytest.MonkeyPatch.context() as patch:
            if isinstance(self.store, ToldRedis):
                patch.setattr(self.store, "undo", lambda *_: None)
                self.ledger.count_call(who, self.now_ms)
                self.ledger.leaked.append((who, self.now_ms + LEASE_MS))
            with pytest.raises(Crash):
                self.admit_in_vain(who, job)

    @rule(who=WHO)
    def roll_back_after_the_yes(self, who: int) -> None:
        job = f"{self.cohort}-undone"
        if self.ledger.refused(who, job, 0, self.now_ms):
            return
        with pytest.raises(Crash):
            self.admit_in_vain(who, job)

    def admit_in_vain(self, who: int, job: str) -> None:
        with self.database.begin() as db:
            self.gate.admit(db, self.who[who].principal, job, 0, self.now_ms)
            raise Crash

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

    @precondition(lambda self: self.jobs)
    @rule(which=st.sets(st.integers(0, 99), max_size=6))
    def release_together(self, which: set[int]) -> None:
        """Of both testers, of several days, some of them ended already."""
        jobs = sorted({self.jobs[number % len(self.jobs)] for number in which})
        for job in jobs:
            self.ledger.end(job, "released", 0)
        with self.database.begin() as db:
            budget.release_all(db, jobs, self.now_ms)

    @rule(pass_ms=st.sampled_from([60_000, 15_000, 14_999, 1, DAY_MS]))
    def wait(self, pass_ms: int) -> None:
        """Time passes, and web processes renew the places of what lives."""
        self.now_ms = min(self.now_ms + pass_ms, NOON + 13 * DAY_MS)
        if isinstance(self.store, ToldRedis):
            self.store.tell(self.now_ms)
            with self.database.read() as db:
                self.store.restore(db)

    @precondition(lambda self: len(self.jobs) > 8)
    @rule(who=WHO)
    def revoke(self, who: int) -> None:
        person = self.ledger.people[who]
        first, person.revoked = not person.revoked, True
        with self.database.begin() as db:
            revoked = revocation.revoke(db, self.who[who].token.id, "pasted", self.now_ms)
        assert (revoked.first, revoked.clips) == (first, self.ledger.held(who))

    @precondition(lambda self: len(self.jobs) > 4)
    @rule()
    def turn_the_switch(self) -> None:
        key = f"cohort:{self.cohort}"
        with self.database.begin() as db:
            if self.ledger.stopped:
                assert switch.resume(db, key)
            else:
                assert switch.stop(db, key, "A leak is being looked at", self.now_ms)
        self.ledger.stopped = not self.ledger.stopped

    @invariant()
    def books_agree(self) -> None:
        keys = {f"tester:{who.tester.id}": f"tester {n}" for n, who in enumerate(self.who)}
        keys[f"cohort:{self.cohort}"] = "cohort"
        mine = Reservation.tester_id.in_([who.tester.id for who in self.who])
        with self.database.read() as db:
            rows = db.scalars(select(Budget).where(Budget.subject.in_(keys)))
            pots = {
                (keys[row.subject], row.day): Pot(row.clips, row.held_gpu_ms, row.spent_gpu_ms)
                for row in rows
            }
            states = {
                hold.job_id: hold.state for hold in db.scalars(select(Reservation).where(mine))
            }
        assert pots == self.ledger.pots
        assert states == {job: hold.state for job, hold in self.ledger.holds.items()}
        for (whose, day), pot in pots.items():
            limits = COHORT if whose == "cohort" else LIMITS
            allowed = limits.gpu_ms_total if day == TOTAL else limits.gpu_ms_per_day
            assert allowed is None or pot.taken_ms <= allowed
            assert day == TOTAL or pot.clips <= (limits.clips_per_day or 0)

    @invariant()
    def meters_agree(self) -> None:
        for number, who in enumerate(self.who):
            person, key = self.ledger.people[number], f"tester:{who.tester.id}"
            meters = reading(self.database, self.store, key)
            # An arrival that lies behind limits nothing: it may be forgotten, or stand for now.
            assert max(meters.minute_ms, self.now_ms) == max(person.minute_ms, self.now_ms)
            assert max(meters.day_ms, self.now_ms) == max(person.day_ms, self.now_ms)
            assert self.ledger.held(number) <= meters.held


class BooksInSql(Books):
    pass


class BooksInRedis(Books):
    pass


@pytest.fixture(scope="module", autouse=True)
def _one_database_each(redis_url: str) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        for books, store in ((BooksInSql, SQL), (BooksInRedis, ToldRedis(redis_url))):
            books.database = Database(f"sqlite:///{Path(folder) / books.__name__}.db")
            books.database.migrate()
            books.store = store
            wire(books.database, store)
        yield
        for books in (BooksInSql, BooksInRedis):
            books.database.close()


pytestmark = pytest.mark.timeout(900)
SETTINGS = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestBooksInSql = BooksInSql.TestCase
TestBooksInSql.settings = SETTINGS
TestBooksInRedis = BooksInRedis.TestCase
TestBooksInRedis.settings = SETTINGS
