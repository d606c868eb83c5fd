"""When a token was last used: written at most once a minute, and never waited for."""

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from auth import tokens
from auth.keys import Keys
from auth.records import Token
from auth.rows import changed
from database import Database

EVERY_MS = 60_000


def is_due(token: Token, keys: Keys, now_ms: int, *, by_text: bool) -> bool:
    """Whether this use is worth writing down: the first of its minute, or under an old pepper."""
    if token.last_used_at is None or token.last_used_at <= now_ms - EVERY_MS:
        return True
    return by_text and token.pepper_version != keys.current


def note(database: Database, keys: Keys, token_id: str, text: str | None, now_ms: int) -> None:
    """`write` in a transaction of its own, or nothing where that would wait for another."""
    try:
        with database.begin(wait=False) as db:
            write(db, keys, token_id, text, now_ms)
    except OperationalError:
        return  # a later use writes it


def write(db: Session, keys: Keys, token_id: str, text: str | None, now_ms: int) -> None:
    """Remember a use of this token; with its whole `text`, hash it anew under the current pepper.

    Guarded: at most one write a minute or a pepper. A row that somebody holds is left as it is.
    Does not commit.
    """
    values: dict[str, object] = {"last_used_at": now_ms}
    due: ColumnElement[bool] = or_(
        Token.last_used_at.is_(None), Token.last_used_at <= now_ms - EVERY_MS
    )
    if text is not None:
        secret = tokens.parse(text).secret
        values |= {"secret_hash": keys.hash_new(secret), "pepper_version": keys.current}
        due = or_(due, Token.pepper_version != keys.current)
    free = (
        select(Token.id)
        .where(Token.id == token_id, due)
        .with_for_update(skip_locked=True, key_share=True)
    )
    changed(db, update(Token).where(Token.id.in_(free)).values(**values))
