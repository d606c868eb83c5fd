"""A refusal as an answer: a problem document, or for a person's browser the way to the door."""

import asyncio

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Scope

from auth.quotas import Quota
from errors import (
    GreenroomError,
    NonceNeeded,
    NotSignedIn,
    ProofInvalid,
    TooMany,
    Unavailable,
)
from observe import visit
from studio.error_bodies import PREFIX, error_body
from studio.rate_headers import rate_headers

# Unknown, forged, revoked, expired and missing tokens answer after the same time, whatever their
# look-up cost. Awaited, so that a flood of them holds no thread.
FLOOR_S = 0.06
RETRY_AFTER_S = 5
# Clients that try again by themselves, such as those of OpenAI, sleep through a Retry-After of a
# minute at most, and through a longer one not at all; `x-should-retry` keeps them from it.
WORTH_WAITING_S = 60
USELESS_AGAIN = (403, 409, 422, 429)


async def answer(error: GreenroomError, scope: Scope) -> Response:
    """The response to send for `error`; `scope["state"]["arrived_s"]` says since when we work."""
    visit.note(code=error.code)
    if isinstance(error, NotSignedIn):
        await wait_for_floor(scope)
        if wants_page(scope):
            return RedirectResponse("/sign-in", status_code=303)
    headers: dict[str, str] = {}
    if isinstance(error, TooMany) and isinstance(error.quota, Quota):
        headers |= rate_headers([error.quota])
    wait_s = error.retry_after_s if isinstance(error, TooMany | Unavailable) else None
    if wait_s is not None:
        headers["retry-after"] = str(wait_s)
    if error.status in USELESS_AGAIN and (wait_s is None or wait_s > WORTH_WAITING_S):
        headers["x-should-retry"] = "false"
    if error.status == 401:
        headers["www-authenticate"] = challenge(error)
    if scope["path"].startswith(PREFIX):
        return JSONResponse(error_body(error), error.status, headers)
    return JSONResponse(
        error.as_problem(), error.status, headers, media_type="application/problem+json"
    )


def challenge(error: GreenroomError) -> str:
    """What a script must show: its token, and a proof of its key (RFC 9449, 7.1 and 9)."""
    why = {NonceNeeded: "use_dpop_nonce", ProofInvalid: "invalid_dpop_proof"}.get(type(error))
    return 'DPoP realm="greenroom", algs="ES256"' + (f', error="{why}"' if why else "")


async def wait_for_floor(scope: Scope) -> None:
    """Return no sooner than FLOOR_S after the request arrived."""
    arrived_s = scope["state"]["arrived_s"]
    await asyncio.sleep(arrived_s + FLOOR_S - asyncio.get_running_loop().time())


def unreachable() -> Unavailable:
    """The database cannot be asked: nothing is decided without it."""
    return Unavailable(
        "Greenroom cannot reach its database. Nothing was made; try again in a moment.",
        retry_after_s=RETRY_AFTER_S,
    )


def broken() -> GreenroomError:
    """Nobody foresaw this. Why it happened is for the log, where its request is found by its id."""
    return GreenroomError(
        "Something broke here. Try again; if it stays so, tell whoever runs this: "
        f"{visit.current_request_id()}."
    )


def wants_page(scope: Scope) -> bool:
    accepts = dict(scope["headers"]).get(b"accept", b"")
    asked = scope["method"] == "GET" and b"text/html" in accepts
    return asked and not scope["path"].startswith(PREFIX)
