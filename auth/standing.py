"""Whether credentials that were found good still are: many at once, by their ids."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import last_use, sign_ins, tokens
from auth.binding import Device
from auth.records import SignIn, Token

if TYPE_CHECKING:
    from auth.gate import Principal

T = TypeVar("T")

AT_ONCE = 500  # ids in one statement


def still_standing(db: Session, principals: Sequence["Principal"], now_ms: int) -> list[bool]:
    """Of each principal, whether what it came in with would let it in now. Reads only."""
    scripts = {who.token_id for who in principals if who.sign_in_id is None}
    browsers = {who.sign_in_id for who in principals if who.sign_in_id is not None}
    live = in_parts(scripts, lambda ids: live_tokens(db, ids, now_ms))
    open_still = in_parts(browsers, lambda ids: open_sign_ins(db, ids, now_ms))
    return [
        who.sign_in_id in open_still if who.sign_in_id else (who.token_id, who.jkt) in live
        for who in principals
    ]


def holds_until_ms(token: Token, sign_in: SignIn | None = None) -> int:
    """When a credential found good, its use written down, must be looked up again by time alone."""
    ends = [(token.last_used_at or 0) + last_use.EVERY_MS]
    if sign_in is not None:
        ends.append(sign_in.expires_at)
    if token.expires_at is not None and (sign_in is None or token.kind != tokens.LINK):
        ends.append(token.expires_at)
    return min(ends)


def in_parts(ids: Iterable[str], find: Callable[[list[str]], Iterable[T]]) -> set[T]:
    """What `find` gives for AT_ONCE ids at a time, together."""
    rest, found = sorted(ids), set[T]()
    while rest:
        part, rest = rest[:AT_ONCE], rest[AT_ONCE:]
        found.update(find(part))
    return found


def open_sign_ins(db: Session, ids: list[str], now_ms: int) -> list[str]:
    with_tokens = select(SignIn, Token).join(Token, Token.id == SignIn.token_id)
    rows = db.execute(with_tokens.where(SignIn.id.in_(ids)))
    return [sign_in.id for sign_in, token in rows if sign_ins.stands(sign_in, token, now_ms)]


def live_tokens(db: Session, ids: list[str], now_ms: int) -> list[tuple[str, str | None]]:
    """Tokens that are live, each with its key; not those whose key was removed."""
    with_devices = select(Token, Device).outerjoin(Device, Device.jkt == Token.jkt)
    rows = db.execute(with_devices.where(Token.id.in_(ids)))
    return [
        (token.id, token.jkt)
        for token, device in rows
        if tokens.is_live(token, now_ms)
        and (token.bearer_granted or (device is not None and device.revoked_at is None))
    ]
