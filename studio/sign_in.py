"""Coming in and going out."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from auth.gate import Principal
from auth.proofs import Proof
from errors import ProofRequired, WrongDevice
from studio.clock import now_ms
from studio.credentials import SessionCookie
from studio.knocking import try_token
from studio.parts import Parts
from studio.proving import note, read_proof
from studio.requests import read_form, read_text


async def sign_in(parts: Parts, request: Request) -> Response:
    """Trade an access token or a one-time link for a session cookie, bound to the device that asks.

    The request is signed by the device's key; `device` is what the tester knows it by.
    Raises TooManySignIns before anything is looked up, ProofRequired, ProofInvalid, TokenInvalid,
    WrongDevice.
    """
    form = await read_form(request)
    token_text, label = read_text(form, "token"), str(form.get("device", ""))
    proof = read_proof(parts, request.scope, None)
    if proof is None:
        raise ProofRequired
    principal, cookie = await try_token(
        parts, request.scope, lambda: open_sign_in(parts, token_text, proof, label, request.scope)
    )
    answer = JSONResponse({"name": principal.name})
    answer.headers["set-cookie"] = SessionCookie.at(parts.settings).set(cookie)
    return answer


def open_sign_in(
    parts: Parts, token_text: str, proof: Proof, label: str, scope: Scope
) -> tuple[Principal, str]:
    parts.spending.spend(proof, now_ms())
    try:
        with parts.database.begin() as db:
            return parts.gate.sign_in(db, token_text, proof, label, now_ms())
    except WrongDevice as error:
        note(parts, scope, error)
        raise


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
