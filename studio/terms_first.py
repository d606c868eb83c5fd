"""Whoever is new by a provider's word reads the terms and accepts them, and is a tester then."""

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth import identities, terms
from auth.identities import Claims
from errors import SignInFailed
from studio.clock import now_ms
from studio.joining import joining_slots
from studio.markup import send_page
from studio.parts import Parts
from studio.provider import mint_link, provider, state_cookie, unseal_claims
from studio.requests import read_form, read_text


async def show_terms_first(parts: Parts, _request: Request) -> Response:
    return await send_page("terms-first", await run_in_threadpool(joining_slots, parts))


async def accept_terms(parts: Parts, request: Request) -> Response:
    """201 and the link that signs in who just became a tester; for a browser the provider sent.

    Its word counts once, for ten minutes. Raises SignInFailed without it, NotInvited where the list
    has changed, Conflict where the terms have.
    """
    seen = read_text(await read_form(request), "terms_sha256")
    claims = unseal_claims(parts, request.cookies.get(state_cookie(parts).name, ""))

    def enter() -> str:
        with parts.database.begin() as db:
            return mint_link(db, parts, first_entry(db, parts, claims, seen))

    text = await run_in_threadpool(enter)
    cleared = state_cookie(parts).header("", 0)
    return JSONResponse({"link": text}, 201, {"set-cookie": cleared})


def first_entry(db: Session, parts: Parts, claims: Claims, seen: str) -> str:
    """The new tester's id. Raises SignInFailed for who is known: the cookie was kept, or copied."""
    if identities.find(db, claims) is not None:
        raise SignInFailed
    return identities.enter(
        db,
        claims,
        provider(parts).about,
        in_force=terms.current(),
        seen_sha256=seen,
        now_ms=now_ms(),
    )
