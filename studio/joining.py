"""Coming into the programme: the invite's page, the terms, the waitlist."""

import html

from markdown_it import MarkdownIt
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth import invites, terms, tokens, waitlist
from auth.terms import Terms
from errors import NotGranted
from programme import policy
from studio.clock import now_ms
from studio.knocking import knock, try_token
from studio.markup import send_page
from studio.parts import Parts
from studio.requests import read_form, read_text

# From the redemption to the sign-in that follows by itself.
LINK_LIFETIME_MS = 600_000
ON_THE_LIST = "Thank you. If there is a place for you, somebody will write to you."


async def show_invite(parts: Parts, _request: Request) -> Response:
    """The page that redeems an invite, terms and policy in it. The secret stays behind its #."""
    return await send_page("invite", await run_in_threadpool(joining_slots, parts))


async def show_terms(_parts: Parts, _request: Request) -> Response:
    return await send_page("terms", await run_in_threadpool(terms_slots))


def joining_slots(parts: Parts) -> dict[str, str]:
    """What somebody reads before they come in: the terms, and the policy in force."""
    with parts.database.read() as db:
        said = policy.sentences(policy.current(db).policy)
    points = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in said)
    shown = f'<h2>What becomes of your clips</h2><ul class="policy">{points}</ul>'
    return terms_slots() | {"<!-- policy -->": shown}


def terms_slots() -> dict[str, str]:
    in_force = terms.current()
    return {
        "<!-- terms -->": as_html(in_force),
        "TERMS_VERSION": in_force.version,
        "TERMS_SHA256": in_force.sha256,
    }


def as_html(in_force: Terms) -> str:
    """The text for a page; HTML inside it is shown as text."""
    return str(MarkdownIt("commonmark", {"html": False}).render(in_force.text))


async def open_invite(parts: Parts, request: Request) -> Response:
    """Whom an invite is for: `name`, or null where its holder chooses one.

    Raises TooManySignIns before anything is looked up, InviteInvalid.
    """
    text = read_text(await read_form(request), "invite")

    def look() -> dict[str, object]:
        with parts.database.read() as db:
            invite = invites.find(db, parts.gate.keys, text, now_ms())
            return {"name": invite.name, "expires_at": invite.expires_at}

    return JSONResponse(await try_token(parts, request.scope, look))


async def redeem_invite(parts: Parts, request: Request) -> Response:
    """Accept the terms and become a tester; the answer holds the link that signs them in, once.

    Raises TooManySignIns before anything is looked up, InviteInvalid, BadSpec for the name,
    Conflict where it is taken or the terms have changed.
    """
    form = await read_form(request)
    text, seen = read_text(form, "invite"), read_text(form, "terms_sha256")
    name = read_text(form, "name") if form.get("name") is not None else None

    def redeem() -> dict[str, object]:
        keys, now = parts.gate.keys, now_ms()
        with parts.database.begin() as db:
            tester = invites.redeem(
                db,
                keys,
                text,
                name=name,
                in_force=terms.current(),
                seen_sha256=seen,
                now_ms=now,
            )
            link = tokens.mint(
                db, keys, tester.id, kind=tokens.LINK, lifetime_ms=LINK_LIFETIME_MS, now_ms=now
            )
        return {"name": tester.name, "link": link.text}

    return JSONResponse(await try_token(parts, request.scope, redeem), 201)


async def show_waitlist(parts: Parts, _request: Request) -> Response:
    return await send_page("waitlist" if parts.settings.waitlist else "waitlist-closed")


async def join_waitlist(parts: Parts, request: Request) -> Response:
    """Put somebody on the list; the same answer whether their address was known or not.

    Raises NotGranted when the list is closed, TooMany by address, BadSpec naming the field.
    """
    if not parts.settings.waitlist:
        raise NotGranted("The waitlist is closed. Come back another day.")
    form = await read_form(request)
    name, email, about = (read_text(form, field) for field in ("name", "email", "about"))
    await knock(parts, request.scope)

    def join() -> None:
        with parts.database.begin() as db:
            waitlist.join(db, name, email, about, now_ms())

    await run_in_threadpool(join)
    return JSONResponse({"sentence": ON_THE_LIST}, 202)
