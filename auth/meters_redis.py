"""Rates and places in Redis: one Lua call decides for every web process, on Redis's clock.

What may not be lost stands in the database. A Redis that starts empty says no to everybody until
somebody has filled it from there; one that cannot be reached says no as long.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.limits import DAY_MS, MINUTE_MS, Bound
from auth.meters import left_of, unless_committed, when_committed, wire, with_one_more
from auth.quotas import Meters, Quota, pace_ms, refuse_spent
from auth.records import Reservation, Subject
from auth.redis_client import connect, read_text, unavailable
from auth.subjects import Chain
from database import Database
from settings import Settings

log = logging.getLogger("greenroom.gate")

CHANNEL = "greenroom:gate:changed"
READY, FILLING, SWITCHES = (
    "greenroom:gate:ready",
    "greenroom:gate:filling",
    "greenroom:gate:switches",
)
LEASE_MS = 60_000
FILLING_MS = 10_000


def wire_redis(database: Database, settings: Settings) -> None:
    """Let every transaction of `database` count in Redis, where the settings name one."""
    if settings.redis_url is not None:
        wire(database, RedisMeters(settings.redis_url))


class RedisMeters:
    """Threads may share it; each call takes a connection of its own.

    read_script  gives the text of a Lua file in this folder by its name
    """

    def __init__(self, url: str, read_script: Callable[[str], str] = read_text) -> None:
        self.redis = connect(url)
        self.admit_script = self.redis.register_script(read_script("admit"))
        self.undo_script = self.redis.register_script(read_script("undo"))
        self.restore_script = self.redis.register_script(read_script("restore"))

    def take(
        self, db: Session, job_id: str, bounds: Sequence[Bound], now_ms: int
    ) -> Sequence[Quota]:
        """See MeterStore. `now_ms` is not asked: Redis has the clock."""
        word, *rest = self.ask(lambda: self.admit(job_id, bounds))
        if word == "closed":
            self.restore(db, but_for=job_id)
            word, *rest = self.ask(lambda: self.admit(job_id, bounds))
        if word in ("closed", "changed"):
            raise unavailable("The gate is being put in order")
        now_ms, *counted = rest
        found = [
            (bound, Meters(*counted[3 * number : 3 * number + 3]))
            for number, bound in enumerate(bounds)
        ]
        if word == "refused":
            refuse_spent(left_of(found, now_ms))
        unless_committed(db, lambda: self.undo(job_id, bounds))
        return left_of(with_one_more(found, now_ms), now_ms)

    def admit(self, job_id: str, bounds: Sequence[Bound]) -> list[Any]:
        keys, words = [READY, SWITCHES], list[str | int]((job_id, LEASE_MS))
        for bound in bounds:
            keys += keys_of(bound.subject)
            words += [bound.subject, bound.epoch, *rates(bound), bound.limits.concurrent or 0]
        answer: list[Any] = self.admit_script(keys=keys, args=words)
        return answer

    def undo(self, job_id: str, bounds: Sequence[Bound]) -> None:
        keys = [key for bound in bounds for key in keys_of(bound.subject)]
        paces = [pace for bound in bounds for pace in rates(bound)[::2]]
        self.quietly(lambda: self.undo_script(keys=keys, args=[job_id, *paces]))

    def leave(self, db: Session, jobs: Mapping[str, Chain]) -> None:
        def free() -> None:
            pipeline = self.redis.pipeline(transaction=False)
            for job_id, chain in jobs.items():
                for key in chain.keys:
                    pipeline.zrem(places_of(key), job_id)
            pipeline.execute()

        when_committed(db, lambda: self.quietly(free))

    def announce(self, db: Session, key: str) -> None:
        row = db.get_one(Subject, key)
        words: list[str | int] = ["", LEASE_MS, CHANNEL, 1, *switch_of(row)]
        tell = self.restore_script
        when_committed(db, lambda: self.quietly(lambda: tell(keys=[READY, SWITCHES], args=words)))

    def restore(self, db: Session, but_for: str = "") -> None:
        """Switches that rose since, and every place that is held: renewed, or there again.

        In a Redis that is empty one process does this, and the others say no meanwhile.
        `but_for`: a job whose admission is still under way, and has yet to take its places.
        """
        first = self.ask(lambda: self.redis.set(FILLING, "", nx=True, px=FILLING_MS))
        if not first:
            raise unavailable("The gate is being put in order")
        rows = db.scalars(select(Subject).where(Subject.epoch > 0)).all()
        held = select(
            Reservation.job_id,
            Reservation.tester_id,
            Reservation.token_id,
            Reservation.cohort_id,
        ).where(Reservation.state == "held", Reservation.job_id != but_for)
        places = [
            (places_of(key), job_id)
            for job_id, tester_id, token_id, cohort_id in db.execute(held)
            for key in Chain(tester_id, token_id, cohort_id).keys
        ]
        words: list[str | int] = [secrets.token_hex(8), LEASE_MS, CHANNEL, len(rows)]
        words += [word for row in rows for word in switch_of(row)]
        words += [job_id for _, job_id in places]
        keys = [READY, SWITCHES, *(key for key, _ in places)]
        self.ask(lambda: self.restore_script(keys=keys, args=words))
        self.quietly(lambda: self.redis.delete(FILLING))

    def ask(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except RedisError as error:
            log.warning("Redis does not answer: %s", error)
            raise unavailable() from error

    def quietly(self, act: Callable[[], Any]) -> None:
        """What Redis misses here it gets from the next `restore`, or forgets by itself."""
        try:
            act()
        except RedisError as error:
            log.warning("Redis was not told: %s", error)


def keys_of(subject: str) -> tuple[str, str, str]:
    """The keys of a subject's two rates and of its places."""
    return f"greenroom:gate:minute:{subject}", f"greenroom:gate:day:{subject}", places_of(subject)


def places_of(subject: str) -> str:
    return f"greenroom:gate:places:{subject}"


def rates(bound: Bound) -> tuple[int, int, int, int]:
    """Of the minute's rate and the day's: ms between two calls, and how many pass at once."""
    minute, day = bound.limits.rate_per_minute, bound.limits.rate_per_day
    return (
        pace_ms(minute, MINUTE_MS) if minute else 0,
        minute or 0,
        pace_ms(day, DAY_MS) if day else 0,
        day or 0,
    )


def switch_of(row: Subject) -> tuple[str, int, int]:
    return row.key, row.epoch, int(row.stopped_at is not None)
