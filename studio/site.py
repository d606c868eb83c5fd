"""Every address Greenroom answers, behind its gateway. The table of doors says who may knock."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from errors import GreenroomError
from observe import visit
from studio import (
    api,
    audit_page,
    backstage,
    device_desk,
    events,
    invitations,
    joining,
    media,
    metrics_page,
    notices,
    passkey_desk,
    provider,
    readiness,
    revoking,
    rotating,
    session_desk,
    sign_in,
    terms_first,
    uploads,
)
from studio.gateway import Gateway
from studio.moderating import ROUTES as MODERATING
from studio.open_calls import ROUTES as CALLS
from studio.openness import ROUTES as OPENNESS
from studio.page import Shell, build_page, plain_theme
from studio.parts import Parts
from studio.people.routes import ROUTES as PEOPLE
from studio.prompts_desk import ROUTES as PROMPTS
from studio.provenance_page import ROUTES as PROVENANCE
from studio.refusals import answer, broken, unreachable
from studio.showing.routes import ROUTES as SHOWING
from studio.tracing_desk import ROUTES as TRACING
from studio.videos.routes import ROUTES as VIDEOS
from studio.webhooks.routes import ROUTES as WEBHOOKS
from studio.wings import Wings

STATIC = Path(__file__).parent.parent / "static"
# Where a system has no face of ours, Source Sans stands in; Gradio's package brings it along.
FONTS = Path(gr.__file__).parent / "templates/frontend/static/fonts/SourceSansPro"


def build_site(parts: Parts) -> Gateway:
    """The whole web application: gateway → shell → our routes → Gradio."""
    # Our routes come first: what is added after a mount at / is never reached.
    site = FastAPI(
        routes=[Wings(routes(parts))],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # ours: observe/
        exception_handlers={
            GreenroomError: refuse,
            OperationalError: refuse_for_now,
            Exception: refuse_broken,
        },
    )
    gr.mount_gradio_app(
        site,
        build_page(parts),
        path="/",
        theme=plain_theme(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        show_error=False,
        enable_monitoring=False,
        pwa=False,
        app_kwargs={"openapi_url": None, "docs_url": None, "redoc_url": None},
    )
    return Gateway(Shell(site, parts.settings), parts)


def routes(parts: Parts) -> list[Route | Mount]:
    def at(path: str, handler: Callable[..., Awaitable[Response]], method: str = "GET") -> Route:
        async def endpoint(request: Request) -> Response:
            visit.note(route=path)
            return await handler(parts, request, **request.path_params)

        return Route(path, endpoint, methods=[method])

    return [
        at("/healthz", show_health),
        at("/readyz", readiness.show_ready),
        at("/metrics", metrics_page.show_metrics),
        Mount("/static/fonts", StaticFiles(directory=FONTS)),
        Mount("/static", StaticFiles(directory=STATIC)),
        at("/sign-in", provider.show_sign_in),
        at("/sign-in/provider", provider.begin),
        at(provider.CALLBACK, provider.come_back),
        at(provider.TERMS_FIRST, terms_first.show_terms_first),
        at(provider.TERMS_FIRST, terms_first.accept_terms, "POST"),
        at("/sign-in", sign_in.sign_in, "POST"),
        at("/sign-out", sign_in.sign_out, "POST"),
        at("/invite", joining.show_invite),
        at("/invite", joining.redeem_invite, "POST"),
        at("/invite/open", joining.open_invite, "POST"),
        at("/terms", joining.show_terms),
        at("/waitlist", joining.show_waitlist),
        at("/waitlist", joining.join_waitlist, "POST"),
        at("/v1/tokens/revoke", revoking.revoke_own, "POST"),
        at("/v1/tokens/rotate", rotating.rotate_own, "POST"),
        at("/me", api.show_me),
        at("/me/provider", provider.connect, "POST"),
        at("/offer", api.show_offer),
        at("/devices", device_desk.show_devices),
        at("/devices/list", device_desk.list_devices),
        at("/devices/link", device_desk.make_link, "POST"),
        at("/devices/{device_id}/remove", device_desk.remove_device, "POST"),
        at("/sessions", session_desk.list_sessions),
        at("/sessions/end", session_desk.end_others, "POST"),
        at("/sessions/{name}/end", session_desk.end_session, "POST"),
        at("/passkeys", passkey_desk.list_passkeys),
        at("/passkeys", passkey_desk.add, "POST"),
        at("/passkeys/challenge", passkey_desk.ask_for_new, "POST"),
        at("/passkeys/{passkey_id}/name", passkey_desk.rename, "POST"),
        at("/passkeys/{passkey_id}/remove", passkey_desk.remove, "POST"),
        at("/touches/challenge", passkey_desk.ask_for_touch, "POST"),
        at("/touches", passkey_desk.touch, "POST"),
        at("/jobs", api.list_jobs),
        at("/jobs", api.make_job, "POST"),
        at("/jobs/{job_id}", api.show_job),
        at("/jobs/{job_id}/cancel", api.cancel_job, "POST"),
        at("/jobs/{job_id}/events", events.open_events),
        at("/notice", notices.open_notices),
        at("/clips/{clip_id}.{kind}", media.send_clip),
        *(at(*row) for row in PROVENANCE),
        *(at(*row) for row in TRACING),
        at("/pictures", uploads.bring_picture, "POST"),
        at("/pictures/{picture_id}.jpg", uploads.show_picture),
        *(at(*row) for row in (*VIDEOS, *WEBHOOKS)),
        *(at(*row) for row in (*SHOWING, *MODERATING, *PROMPTS, *OPENNESS, *CALLS)),
        *(at(*row) for row in PEOPLE),
        at("/backstage", backstage.show_backstage),
        at("/backstage/room", backstage.show_room),
        at("/backstage/audit", audit_page.show_audit),
        at("/backstage/audit.{kind}", audit_page.send_file),
        at("/backstage/audit/entries", audit_page.list_entries),
        at("/backstage/audit/verdict", audit_page.show_verdict),
        at("/backstage/switch", notices.turn_switch, "POST"),
        at("/backstage/testers", backstage.add_tester, "POST"),
        at("/backstage/testers/{tester_id}/tokens", backstage.issue_token, "POST"),
        at("/backstage/testers/{tester_id}/step-up", backstage.set_step_up, "POST"),
        at("/backstage/testers/{tester_id}/reviewer", backstage.set_reviewer, "POST"),
        at("/backstage/testers/{tester_id}/passkeys/reset", backstage.reset_passkeys, "POST"),
        at("/backstage/tokens/{token_id}/revoke", backstage.revoke_token, "POST"),
        at("/backstage/testers/{tester_id}/cohort", invitations.move_tester, "POST"),
        at("/backstage/invites", invitations.make_invite, "POST"),
        at("/backstage/invites/{invite_id}/revoke", invitations.revoke_invite, "POST"),
        at("/backstage/waitlist/{entry_id}/invite", invitations.invite_waiting, "POST"),
        at("/backstage/waitlist/{entry_id}/remove", invitations.remove_waiting, "POST"),
        at("/backstage/cohorts", invitations.add_cohort, "POST"),
        at("/backstage/jobs/{job_id}/cancel", backstage.cancel_job, "POST"),
    ]


async def show_health(_parts: Parts, _request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def refuse(request: Request, error: Any) -> Response:
    return await answer(error, request.scope)


async def refuse_for_now(request: Request, _error: Any) -> Response:
    return await answer(unreachable(), request.scope)


async def refuse_broken(request: Request, _error: Any) -> Response:
    return await answer(broken(), request.scope)
