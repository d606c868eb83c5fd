"""Each proof is spent once, whoever sends it, and however many come at once.

One atomic insert, after every other check (RFC 9449, 11.1): what was looked up first and added
then could be spent twice.
"""

from typing import Protocol, cast

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import delete

from auth.binding import SpentProof
from auth.proofs import Proof, refused
from auth.rows import insert_new
from database import Database
from errors import Unavailable
from settings import Settings

REDIS_TIMEOUT_S = 2
ASK_AGAIN_S = 5


class Spending(Protocol):
    def spend(self, proof: Proof, now_ms: int) -> None:
        """Take the proof. Commits at once: it stays spent, also when what it asks is refused.

        Raises ProofInvalid where it was spent before, Unavailable where nobody can tell.
        """


def open_spending(settings: Settings, database: Database) -> Spending:
    """Redis where it is set, so that every web process asks the same one; else the database."""
    if settings.redis_url is None:
        return SqlSpending(database)
    return RedisSpending(settings.redis_url)


class SqlSpending:
    def __init__(self, database: Database) -> None:
        self.database = database

    def spend(self, proof: Proof, now_ms: int) -> None:
        with self.database.begin() as db:
            if proof.id.startswith("00"):  # one in 256 sweeps
                db.execute(delete(SpentProof).where(SpentProof.until_ms <= now_ms))
            if not insert_new(db, SpentProof, id=proof.id, until_ms=proof.until_ms):
                raise spent_before()


class RedisSpending:
    def __init__(self, url: str) -> None:
        self.redis = cast(
            "Redis",
            Redis.from_url(
                url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
            ),
        )

    def spend(self, proof: Proof, now_ms: int) -> None:
        name, ttl_ms = f"greenroom:proof:{proof.id}", proof.until_ms - now_ms
        try:
            first = self.redis.set(name, b"", nx=True, px=ttl_ms)
        except RedisError as error:
            raise Unavailable(
                "Greenroom cannot tell whether this request came before. Nothing was made; try "
                "again in a moment.",
                retry_after_s=ASK_AGAIN_S,
            ) from error
        if not first:
            raise spent_before()


def spent_before() -> Exception:
    return refused("jti", "it was used before")
