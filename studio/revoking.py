"""Revoking a token on the web: its jobs stop and its open pages end, at once."""

from collections.abc import Callable
from urllib.parse import parse_qs

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from auth import audit, invites, revocation, tokens
from auth.budget import release_all
from errors import BadRequest, TokenInvalid
from jobs.live import LiveEvent
from studio.clock import now_ms
from studio.knocking import knock
from studio.parts import Parts
from studio.refusals import wait_for_floor

BY_HOLDER = "revoked by holder"
FORM = "application/x-www-form-urlencoded"


async def revoke(
    parts: Parts, find: Callable[[Session], str | None], reason: str, actor: str
) -> None:
    """Revoke the token whose id `find` gives, if it gives one, and end all it opened.

    `actor` is who the audit log says it was. Its queued jobs stop in the same transaction, running
    ones at their next step.
    """

    def flip() -> tuple[str | None, list[LiveEvent]]:
        with parts.database.begin() as db:
            token_id = find(db)
            if token_id is None:
                return None, []
            first = revocation.revoke(db, token_id, reason, now_ms()).first
            stopped = parts.queue.stop_admitted(db, token_id, now_ms(), release_all)
            if first:
                audit.record(
                    db,
                    actor=actor,
                    action="token.revoke",
                    subject=f"token:{token_id}",
                    reason=reason,
                    details={"clips_stopped": len(stopped)},
                    now_ms=now_ms(),
                )
            return token_id, [LiveEvent.of(job) for job in stopped]

    token_id, events = await run_in_threadpool(flip)
    for event in events:
        parts.hub.publish(event)
    if token_id is not None:
        parts.leases.end_token(token_id)


async def revoke_own(parts: Parts, request: Request) -> Response:
    """End a token for whoever holds it, without signing in: `token=…` in a form (RFC 7009).

    Live, dead, unknown and mistyped get the same empty answer after the same time, so nothing is
    learnt by asking. Raises BadRequest for another kind of body, TooMany by address.
    """
    text = read_token(request.headers.get("content-type", ""), await request.body())
    await knock(parts, request.scope)

    def find(db: Session) -> str | None:
        invites.end_held(db, parts.gate.keys, text, now_ms())
        try:
            return tokens.find_held(db, parts.gate.keys, text)
        except TokenInvalid:
            return None

    if is_whole(text):
        await revoke(parts, find, BY_HOLDER, "holder")
    await wait_for_floor(request.scope)
    return Response()


def is_whole(text: str) -> bool:
    """Whether this can be a token: a mistyped one never reaches the database."""
    try:
        tokens.parse(text)
    except TokenInvalid:
        return False
    return True


def read_token(content_type: str, body: bytes) -> str:
    """Raises BadRequest."""
    sentence = f"Send {FORM} with one field: token."
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise BadRequest(sentence)
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=10)
    except ValueError as error:
        raise BadRequest(sentence) from error
    given = fields.get("token", [])
    if len(given) != 1:
        raise BadRequest(sentence)
    return given[0]
