"""Coming in and going out."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.gate import Principal
from studio.clock import now_ms
from studio.credentials import SessionCookie
from studio.parts import Parts
from studio.requests import address_of, read_form, read_text


async def sign_in(parts: Parts, request: Request) -> Response:
    """Trade an access token or a one-time link for a session cookie.

    Raises TooManySignIns before anything is looked up, TokenInvalid.
    """
    token_text = read_text(await read_form(request), "token")
    with parts.addresses.trying(address_of(request.scope), now_ms()):
        principal, cookie = await run_in_threadpool(open_sign_in, parts, token_text)
    answer = JSONResponse({"name": principal.name})
    answer.headers["set-cookie"] = SessionCookie.at(parts.settings).set(cookie)
    return answer


def open_sign_in(parts: Parts, token_text: str) -> tuple[Principal, str]:
    with parts.database.begin() as db:
        return parts.gate.sign_in(db, token_text, now_ms())


async def sign_out(parts: Parts, request: Request) -> Response:
    """End the sign-in; streams it opened end with it."""
    principal = request.state.principal
    await run_in_threadpool(close_sign_in, parts, principal)
    parts.leases.end_sign_in(principal.sign_in_id)
    answer = Response(status_code=204)
    answer.headers["set-cookie"] = SessionCookie.at(parts.settings).clear()
    return answer


def close_sign_in(parts: Parts, principal: Principal) -> None:
    with parts.database.begin() as db:
        parts.gate.sign_out(db, principal, now_ms())
