"""Tokens: `grm_<kind>_<public id>_<secret>_<checksum>`, shown once, kept as a keyed hash."""

import hmac
import re
import secrets
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import scopes
from auth.joining import Invite
from auth.keys import Keys
from auth.records import Tester, Token
from auth.words import count
from errors import BadRequest, TokenInvalid

ACCESS, LINK, API, WORKER, INVITE = "access", "link", "api", "worker", "invite"
BASE62 = string.digits + string.ascii_letters
ID_CHARS, SECRET_CHARS, CHECKSUM_CHARS = 12, 43, 6  # 71, 256 and 32 bits
DAY_MS = 86_400_000
LONGEST_MS = {ACCESS: 3650 * DAY_MS, LINK: DAY_MS, API: 3650 * DAY_MS, WORKER: 3650 * DAY_MS}

SHAPE = re.compile(
    rf"grm_(?P<kind>{ACCESS}|{LINK}|{API}|{WORKER}|{INVITE})_(?P<id>[0-9A-Za-z]{{{ID_CHARS}}})"
    rf"_(?P<secret>[0-9A-Za-z]{{{SECRET_CHARS}}})_(?P<checksum>[0-9A-Za-z]{{{CHECKSUM_CHARS}}})"
)
# What an unknown id is compared with, so that it costs what a known one costs.
NO_HASH = "0" * 64


@dataclass(frozen=True)
class TokenText:
    """The parts of a token's text, its checksum found right."""

    kind: str
    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Minted:
    """A new token. `text` is the only copy there will ever be."""

    id: str
    tester_id: str
    kind: str
    text: str = field(repr=False)
    expires_at: int


def mint(
    db: Session,
    keys: Keys,
    tester_id: str,
    *,
    kind: str = ACCESS,
    given: frozenset[str] = scopes.PERSONAL,
    jkt: str | None = None,
    bearer: bool = False,
    parent_id: str | None = None,
    lifetime_ms: int,
    now_ms: int,
) -> Minted:
    """Make a token for a tester, good for `lifetime_ms`.

    kind       ACCESS, LINK, API or WORKER
    given      its scopes
    jkt        thumbprint of the one key it works with
    bearer     an API token that needs no proof of a key
    parent_id  of a link made on a device: the token which that device came in with
    Raises BadRequest for a lifetime that is not positive or longer than LONGEST_MS.
    """
    if not 0 < lifetime_ms <= LONGEST_MS[kind]:
        longest = count(LONGEST_MS[kind] // DAY_MS, "day")
        raise BadRequest(f"A token of kind {kind} lives for at most {longest}.")
    public_id, secret, text = new_text(kind)
    expires_at = now_ms + lifetime_ms
    db.add(
        Token(
            id=public_id,
            tester_id=tester_id,
            kind=kind,
            scopes=scopes.as_text(given),
            secret_hash=keys.hash_new(secret),
            pepper_version=keys.current,
            jkt=jkt,
            bearer_granted=bearer,
            parent_id=parent_id,
            created_at=now_ms,
            expires_at=expires_at,
        )
    )
    db.flush()
    return Minted(public_id, tester_id, kind, text, expires_at)


def new_text(kind: str) -> tuple[str, str, str]:
    """A new token's public id, its secret, and the whole text."""
    public_id, secret = random_base62(ID_CHARS), random_base62(SECRET_CHARS)
    body = f"grm_{kind}_{public_id}_{secret}"
    return public_id, secret, f"{body}_{checksum(body)}"


def parse(text: str) -> TokenText:
    """The parts of `text`; white space around it, as pasting brings along, is forgiven.

    Raises TokenInvalid for a bad shape or checksum: a typing error never reaches the database.
    """
    text = text.strip()
    match = SHAPE.fullmatch(text)
    if match is None or checksum(text.rpartition("_")[0]) != match["checksum"]:
        raise TokenInvalid
    return TokenText(match["kind"], match["id"], match["secret"])


def find(db: Session, keys: Keys, text: str, now_ms: int) -> Token:
    """The token whose text this is, if it is neither revoked nor expired.

    Unknown, forged, revoked and expired take one look-up and one comparison each, and raise
    the same TokenInvalid.
    """
    given = parse(text)
    token = db.scalar(
        select(Token).where(Token.id == given.id).execution_options(populate_existing=True)
    )
    same = has_secret(keys, token, given.secret)
    if token is None or not same or token.kind != given.kind or not is_live(token, now_ms):
        raise TokenInvalid
    return token


def find_held(db: Session, keys: Keys, text: str) -> str:
    """The id of the token whose text this is, dead or alive. Raises TokenInvalid."""
    given = parse(text)
    token = db.get(Token, given.id, populate_existing=True)
    if not has_secret(keys, token, given.secret) or token is None or token.kind != given.kind:
        raise TokenInvalid
    return token.id


def has_secret(keys: Keys, row: Token | Invite | None, secret: str) -> bool:
    """Whether `secret` is this row's. Compares once, in constant time, for no row too."""
    version, known_hash = (row.pepper_version, row.secret_hash) if row else (keys.current, NO_HASH)
    return hmac.compare_digest(keys.hash_secret(secret, version), known_hash)


def get(db: Session, token_id: str, now_ms: int) -> Token:
    """A live token as the database has it now. Raises TokenInvalid."""
    token = db.get(Token, token_id, populate_existing=True)
    if token is None or not is_live(token, now_ms):
        raise TokenInvalid
    return token


def is_live(token: Token, now_ms: int) -> bool:
    return token.revoked_at is None and not is_expired(token, now_ms)


def why_dead(token: Token, now_ms: int) -> str | None:
    """Why a token opens nothing more: `revoked`, `used` or `expired`, the first that holds."""
    if token.revoked_at is not None:
        return "revoked"
    if token.used_at is not None:
        return "used"
    return "expired" if is_expired(token, now_ms) else None


def is_expired(token: Token, now_ms: int) -> bool:
    return token.expires_at is not None and now_ms >= token.expires_at


def list(db: Session) -> Sequence[tuple[Token, Tester]]:
    """Every token with its tester, newest first."""
    rows = db.execute(
        select(Token, Tester)
        .join(Tester, Tester.id == Token.tester_id)
        .order_by(Token.created_at.desc(), Token.id)
    )
    return [(token, tester) for token, tester in rows]


def random_base62(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))


def checksum(body: str) -> str:
    """CRC32 of `body` in six base62 digits: tells a typing error, proves nothing."""
    rest, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_CHARS):
        rest, digit = divmod(rest, len(BASE62))
        digits = BASE62[digit] + digits
    return digits
