"""What must hold when everything is quiet again, counted from the rows and the files themselves."""

import time
from collections import Counter
from pathlib import Path

from redis import Redis
from sqlalchemy import func, select

from auth.checkpoints import trusted_keys
from auth.records import Budget, Reservation
from auth.verification import verify
from database import Database
from jobs.records import LIVE, Clip, Job
from settings import Settings
from tests.crashes.town import Town


def wait_until_quiet(settings: Settings, patience_s: float) -> None:
    """Return once no job lives, or none has ended for `patience_s`."""
    database, end, left = Database(settings.database_url), 0.0, -1
    while left:
        before = left
        with database.read() as db:
            live = select(func.count()).select_from(Job).where(Job.state.in_(LIVE))
            left = db.scalar(live) or 0
        if left != before:
            end = time.monotonic() + patience_s
        if time.monotonic() > end:
            break
        time.sleep(0.5)
    database.close()


def reckon(town: Town, settings: Settings, promised: list[str]) -> dict[str, int]:
    """Name → how many. Every one of them must be 0."""
    database = Database(settings.database_url)
    with database.read() as db:
        jobs = {job.id: job for job in db.scalars(select(Job))}
        holds = {hold.job_id: hold for hold in db.scalars(select(Reservation))}
        clips = {clip.id: clip for clip in db.scalars(select(Clip))}
        budgets = list(db.scalars(select(Budget)))
    finished = {job.id for job in jobs.values() if job.state == "finished"}
    settled = [hold for hold in holds.values() if hold.state == "settled"]
    mine = [budget for budget in budgets if budget.subject.startswith("tester:") and budget.day]
    media = files(town.media)
    named = {key for clip in clips.values() for key in (clip.key, clip.poster_key)}
    found = {
        "jobs lost": len(set(promised) - set(jobs)),
        "jobs nobody was promised": len(set(jobs) - set(promised)),
        "jobs that never ended": sum(job.state in LIVE for job in jobs.values()),
        "finished without a clip, or a clip without": len(finished ^ set(clips)),
        "finished uncharged, or charged unfinished": len(finished ^ {h.job_id for h in settled}),
        "reservations left": sum(hold.state == "held" for hold in holds.values()),
        "GPU ms held for nothing": sum(budget.held_gpu_ms for budget in budgets),
        "GPU ms charged twice": sum(budget.spent_gpu_ms for budget in mine)
        - sum(hold.spent_gpu_ms for hold in settled),
        "clips charged twice": sum(budget.clips for budget in mine) - len(settled),
        "failed but for two lost workers": sum(
            job.state == "failed" and job.error_code != "worker_lost" for job in jobs.values()
        ),
        "files missing": len(named - media),
        "places left in Redis": places(town.redis.url),
        "audit rows that are not whole": broken_rows(database, settings),
    }
    database.close()
    return found


def endings(settings: Settings) -> Counter[str]:
    """How the jobs ended, and how often they were begun."""
    database = Database(settings.database_url)
    with database.read() as db:
        rows = db.execute(select(Job.state, Job.attempts, Job.error_code)).all()
    database.close()
    return Counter(
        f"{code if state == 'failed' else state}, begun {attempts} times"
        for state, attempts, code in rows
    )


def files(folder: Path) -> set[str]:
    """The keys of everything kept, without drafts."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] != ".drafts"}


def places(url: str, limit_s: float = 75) -> int:
    """Places of clips under way that stay taken: what nobody renews lapses within a minute."""
    redis, end = Redis.from_url(url), time.monotonic() + limit_s
    while True:
        now_s, _ = redis.time()
        keys = list(redis.scan_iter("greenroom:gate:places:*"))
        left = sum(redis.zcount(key, now_s * 1000, "+inf") for key in keys)
        if left == 0 or time.monotonic() > end:
            return left
        time.sleep(1)


def broken_rows(database: Database, settings: Settings) -> int:
    with database.read() as db:
        verdict = verify(db, trusted_keys(settings))
        return int(verdict.bad_seq is not None or verdict.rows == 0)
