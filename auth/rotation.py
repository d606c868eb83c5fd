"""Rotation: a new token in place of one that goes on for a while and then dies."""

from sqlalchemy import case, or_, update
from sqlalchemy.orm import Session

from auth import tokens
from auth.keys import Keys
from auth.records import Token
from auth.rows import changed
from auth.tokens import DAY_MS, LINK, LONGEST_MS, Minted
from errors import BadRequest, Conflict, NotFound

OVERLAP_MS, OVERLAP_MAX_MS = DAY_MS, 30 * DAY_MS


def rotate(
    db: Session,
    keys: Keys,
    token_id: str,
    *,
    overlap_ms: int = OVERLAP_MS,
    lifetime_ms: int | None = None,
    now_ms: int,
) -> Minted:
    """Mint a token like this one, which then goes on for `overlap_ms` at most. Does not commit.

    The new one has its kind, scopes and key, and lives for `lifetime_ms`, by default as long as
    the old one was meant to. Nothing prolongs the old one again: it cannot be rotated twice, and
    revoking the new one leaves its end where it is. Of parallel rotations one wins.
    Raises NotFound, BadRequest for the times, Conflict for a token that is dead or was replaced.
    """
    old = db.get(Token, token_id, populate_existing=True)
    if old is None:
        raise NotFound
    if old.kind == LINK:
        raise Conflict("A link is used once and not rotated. Make a new one.")
    if not 0 < overlap_ms <= OVERLAP_MAX_MS:
        raise BadRequest("The old token can go on for at most 30 days.")
    meant_ms = (old.expires_at or now_ms + LONGEST_MS[old.kind]) - old.created_at
    new = tokens.mint(
        db,
        keys,
        old.tester_id,
        kind=old.kind,
        given=frozenset(old.scopes.split()),
        jkt=old.jkt,
        bearer=old.bearer_granted,
        lifetime_ms=lifetime_ms or min(meant_ms, LONGEST_MS[old.kind]),
        now_ms=now_ms,
    )
    end_ms = now_ms + overlap_ms
    alive = or_(Token.expires_at.is_(None), Token.expires_at > now_ms)
    still_whole = update(Token).where(
        Token.id == token_id, Token.replaced_by.is_(None), Token.revoked_at.is_(None), alive
    )
    sooner_ms = case((Token.expires_at < end_ms, Token.expires_at), else_=end_ms)
    if not changed(db, still_whole.values(replaced_by=new.id, expires_at=sooner_ms)):
        raise Conflict("This token has ended or was replaced already. Rotate the one after it.")
    return new
