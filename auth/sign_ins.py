"""Sign-ins: a browser's cookie, kept as a keyed hash, of one device, never outliving its token."""

import re
import secrets

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth import last_use
from auth.keys import Keys
from auth.records import SignIn, Token
from auth.rows import changed
from auth.tokens import ACCESS, LINK, is_expired
from errors import TokenInvalid

LIFETIME_MS = 14 * 24 * 3_600_000
# How long it counts that somebody just came in with a credential from outside.
FRESH_MS = 10 * 60_000
COOKIE_SHAPE = re.compile(r"[0-9A-Za-z_-]{43}")


def open_with(
    db: Session, keys: Keys, token: Token, text: str, device_id: str, now_ms: int
) -> tuple[SignIn, str]:
    """Open a sign-in with a live token on a device; it, and the cookie's value, 256 random bits.

    `text` is the token's, whole.

    A link is used up by this: of parallel callers one wins, the others get TokenInvalid.
    """
    root = root_of(db, token, now_ms)
    if token.kind == LINK:
        use_up(db, token.id, now_ms)
    else:
        last_use.write(db, keys, token.id, text, now_ms)
    value = secrets.token_urlsafe(32)
    expires_at = now_ms + LIFETIME_MS
    if root.kind == ACCESS and root.expires_at is not None:
        expires_at = min(expires_at, root.expires_at)
    sign_in = SignIn(
        id=keys.hash_cookie(value),
        tester_id=token.tester_id,
        token_id=root.id,
        device_id=device_id,
        created_at=now_ms,
        expires_at=expires_at,
        fresh_until=now_ms + FRESH_MS if token.parent_id is None else None,
    )
    db.add(sign_in)
    db.flush()
    return sign_in, value


def root_of(db: Session, token: Token, now_ms: int) -> Token:
    """The token a sign-in hangs on, so that revoking that one ends all it led to.

    For a link that was made on a device it is the token this device came in with.
    Raises TokenInvalid where that one stands no more.
    """
    root = token if token.parent_id is None else db.get_one(Token, token.parent_id)
    if not carries(root, now_ms):
        raise TokenInvalid
    return root


def use_up(db: Session, link_id: str, now_ms: int) -> None:
    unused = update(Token).where(
        Token.id == link_id, Token.used_at.is_(None), Token.revoked_at.is_(None)
    )
    if not changed(db, unused.values(used_at=now_ms, last_used_at=now_ms)):
        raise TokenInvalid


def find(db: Session, keys: Keys, value: str, now_ms: int) -> tuple[SignIn, Token]:
    """The standing sign-in whose cookie has this value, and its token. Raises TokenInvalid."""
    if not COOKIE_SHAPE.fullmatch(value):
        raise TokenInvalid
    return get(db, *keys.cookie_hashes(value), now_ms=now_ms)


def get(db: Session, *ids: str, now_ms: int) -> tuple[SignIn, Token]:
    """The sign-in of one of these ids, and its token, as the database has them now.

    Raises TokenInvalid when it does not stand.
    """
    row = db.execute(
        select(SignIn, Token)
        .join(Token, Token.id == SignIn.token_id)
        .where(SignIn.id.in_(ids))
        .execution_options(populate_existing=True)
    ).first()
    if row is None or not stands(*row, now_ms):
        raise TokenInvalid
    return row[0], row[1]


def stands(sign_in: SignIn, token: Token, now_ms: int) -> bool:
    """Neither signed out nor run out nor revoked. A link's expiry limits its redemption only."""
    if sign_in.ended_at is not None or now_ms >= sign_in.expires_at:
        return False
    return carries(token, now_ms)


def carries(token: Token, now_ms: int) -> bool:
    """Whether a token keeps up the sign-ins it led to."""
    return token.revoked_at is None and (token.kind == LINK or not is_expired(token, now_ms))


def end(db: Session, sign_in_id: str, now_ms: int) -> None:
    """Sign out: the cookie is dead at once. Ending it again changes nothing."""
    live = update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
    changed(db, live.values(ended_at=now_ms))


def forget_old(db: Session, before_ms: int) -> None:
    """Remove sign-ins that ended, or ran out, before then. Does not commit."""
    over = (SignIn.ended_at < before_ms) | (SignIn.expires_at < before_ms)
    db.execute(delete(SignIn).where(over))
