"""Challenges: what an authenticator signs, once, so that no answer can be used again."""

import secrets

from sqlalchemy import delete
from sqlalchemy.orm import Session

from auth.rows import row_count
from auth.touching import Challenge
from errors import TouchInvalid

ENROL, TOUCH = "enrol", "touch"
LIFETIME_MS = 3 * 60_000


def issue(db: Session, tester_id: str, sign_in_id: str, purpose: str, now_ms: int) -> str:
    """A new challenge of 256 random bits, base64url, for `purpose` (ENROL or TOUCH).

    Forgets those that ran out. Does not commit.
    """
    db.execute(delete(Challenge).where(Challenge.until_ms <= now_ms))
    challenge = Challenge(
        id=secrets.token_urlsafe(32),
        tester_id=tester_id,
        sign_in_id=sign_in_id,
        purpose=purpose,
        until_ms=now_ms + LIFETIME_MS,
    )
    db.add(challenge)
    db.flush()
    return challenge.id


def take(db: Session, challenge: str, sign_in_id: str, purpose: str, now_ms: int) -> None:
    """Use a challenge up. Commit at once: it is gone also where its answer is refused.

    Of parallel callers one wins. Raises TouchInvalid for one that is unknown, used, of another
    sign-in or purpose, or too old.
    """
    waiting = delete(Challenge).where(
        Challenge.id == challenge,
        Challenge.sign_in_id == sign_in_id,
        Challenge.purpose == purpose,
        Challenge.until_ms > now_ms,
    )
    if row_count(db.execute(waiting, execution_options={"synchronize_session": False})) != 1:
        raise TouchInvalid(
            "This touch answers nothing that was asked here in the last three minutes. Try again.",
            fault="challenge",
        )


def forget(db: Session, tester_id: str) -> None:
    """Whatever this tester was asked: no answer counts any more. Does not commit."""
    db.execute(delete(Challenge).where(Challenge.tester_id == tester_id))
