"""Signing in with a provider: out to it, and back with who one is.

The way back ends at a one-time link of ours, used by the sign-in page at once: so the device is
bound as with every other link, and this file opens no sign-in of its own.
"""

import html
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from auth import identities, sign_ins, tokens
from auth.identities import Claims
from auth.keys import keyed
from auth.oauth import Provider
from errors import GreenroomError, NotFound, NotGranted, SignInFailed, Unavailable
from settings import Settings
from studio.clock import now_ms
from studio.credentials import SessionCookie
from studio.markup import page_text
from studio.parts import Parts
from studio.refusals import unreachable

CALLBACK = "/sign-in/provider/callback"
TERMS_FIRST = "/sign-in/terms"
UNDER_WAY_S = 600
LINK_LIFETIME_MS = 120_000
ALGORITHM = "HS256"


def provider_of(settings: Settings) -> Provider | None:
    if settings.provider is None:
        return None
    return Provider(settings.provider, settings.public_url + CALLBACK)


async def show_sign_in(parts: Parts, _request: Request) -> Response:
    return HTMLResponse(sign_in_page(parts))


def sign_in_page(parts: Parts, sentence: str = "") -> str:
    """The page to come in by: with a button for the provider where there is one."""
    button = ""
    if parts.provider is not None:
        # In a Space the page is framed, and providers refuse to be.
        target = ' target="_blank" rel="opener"' if parts.settings.in_space else ""
        name = html.escape(parts.provider.about.name)
        button = (
            f'<p class="or">or</p><a class="button provider" href="/sign-in/provider"{target}>'
            f"Sign in with {name}</a>"
        )
    return page_text(
        "sign-in", {"<!-- provider -->": button, "<!-- wrong -->": html.escape(sentence)}
    )


async def begin(parts: Parts, request: Request) -> Response:
    """Send a browser to the provider. Raises NotFound where none is set, Unavailable."""
    try:
        address, cookie = await set_out(parts, request, None)
    except GreenroomError as error:
        return refuse(parts, error)
    answer = RedirectResponse(address, 303)
    answer.headers["set-cookie"] = cookie
    return answer


async def connect(parts: Parts, request: Request) -> Response:
    """Where to send the browser so that its tester is linked to who they are at the provider.

    For a browser that signed in just now, or where a passkey was touched just now.
    Raises NotFound, NotGranted, StepUpRequired, Unavailable.
    """
    sign_in_id = request.state.principal.sign_in_id
    if sign_in_id is None:
        raise NotGranted("A script connects no account. Do it in the studio's menu.")

    def check() -> None:
        with parts.database.read() as db:
            identities.require_hand(db, sign_in_id, now_ms())

    await run_in_threadpool(check)
    address, cookie = await set_out(parts, request, sign_in_id)
    return JSONResponse({"address": address}, headers={"set-cookie": cookie})


async def set_out(parts: Parts, request: Request, sign_in_id: str | None) -> tuple[str, str]:
    """The provider's address, and the cookie that remembers what this browser asked there."""
    request.scope["session"] = {}
    address = await provider(parts).begin(request)
    kept = {"session": request.session, "sign_in": sign_in_id}
    return address, state_cookie(parts).header(seal(parts, kept), UNDER_WAY_S)


async def come_back(parts: Parts, request: Request) -> Response:
    """From the provider: to the sign-in page with a link of ours, or to the studio when linked.

    Whoever is new reads the terms first. Whatever goes wrong is a sentence on the sign-in page; the
    query goes nowhere.
    """
    cookie = state_cookie(parts).header("", 0)
    try:
        kept = unseal(parts, request.cookies.get(state_cookie(parts).name, ""), "session")
        request.scope["session"] = kept["session"]
        claims = await provider(parts).finish(request)
        sign_in_id = kept["sign_in"]
        if sign_in_id is not None:
            await run_in_threadpool(link, parts, claims, sign_in_id)
            answer: Response = RedirectResponse("/", 303)
        elif text := await run_in_threadpool(make_link, parts, claims):
            answer = RedirectResponse(f"/sign-in#link={text}", 303)
        else:
            answer = RedirectResponse(TERMS_FIRST, 303)
            cookie = state_cookie(parts).header(seal_claims(parts, claims), UNDER_WAY_S)
    except GreenroomError as error:
        answer = refuse(parts, error)
    except OperationalError:
        answer = refuse(parts, unreachable())
    answer.headers["set-cookie"] = cookie
    return answer


def link(parts: Parts, claims: Claims, sign_in_id: str) -> None:
    """Raises TokenInvalid where the sign-in ended meanwhile, Conflict."""
    with parts.database.begin() as db:
        sign_in, _ = sign_ins.get(db, sign_in_id, now_ms=now_ms())
        identities.link(db, claims, sign_in.tester_id, now_ms())


def make_link(parts: Parts, claims: Claims) -> str | None:
    """A link for whoever is known; None for who may come in once they accepted the terms.

    Raises NotInvited.
    """
    with parts.database.begin() as db:
        tester_id = identities.find(db, claims)
        if tester_id is not None:
            return mint_link(db, parts, tester_id)
    identities.role_of(claims, provider(parts).about)
    return None


def mint_link(db: Session, parts: Parts, tester_id: str) -> str:
    return tokens.mint(
        db,
        parts.gate.keys,
        tester_id,
        kind=tokens.LINK,
        lifetime_ms=LINK_LIFETIME_MS,
        now_ms=now_ms(),
    ).text


def refuse(parts: Parts, error: GreenroomError) -> Response:
    headers = {}
    if isinstance(error, Unavailable):
        headers["retry-after"] = str(error.retry_after_s)
    return HTMLResponse(sign_in_page(parts, str(error)), error.status, headers)


def provider(parts: Parts) -> Provider:
    if parts.provider is None:
        raise NotFound
    return parts.provider


def state_cookie(parts: Parts) -> SessionCookie:
    return SessionCookie.at(parts.settings, "-provider")


def seal(parts: Parts, kept: dict[str, Any]) -> str:
    """`kept`, signed, good for UNDER_WAY_S."""
    claims = {**kept, "exp": now_ms() // 1000 + UNDER_WAY_S}
    return jwt.encode({"alg": ALGORITHM}, claims, sealing_key(parts))


def unseal(parts: Parts, text: str, wanted: str) -> dict[str, Any]:
    """What was sealed, `wanted` in it. Raises SignInFailed."""
    try:
        kept = jwt.decode(text, sealing_key(parts), algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError) as error:
        raise SignInFailed from error
    if now_ms() // 1000 >= kept["exp"] or wanted not in kept:
        raise SignInFailed
    return kept


def seal_claims(parts: Parts, claims: Claims) -> str:
    """What a browser keeps while somebody reads the terms; of organisations, those listed."""
    asked = {name for kind, name in provider(parts).about.allow if kind == "org"}
    return seal(parts, {"claims": {**vars(claims), "orgs": sorted(claims.orgs & asked)}})


def unseal_claims(parts: Parts, text: str) -> Claims:
    """Raises SignInFailed."""
    kept = unseal(parts, text, "claims")["claims"]
    return Claims(**{**kept, "orgs": frozenset(kept["orgs"])})


def sealing_key(parts: Parts) -> OctKey:
    return OctKey.import_key(keyed(parts.settings.secret.encode(), "provider state"))
