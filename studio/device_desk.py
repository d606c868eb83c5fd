"""A tester's own devices: which there are, letting one more in, removing one."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth import audit, devices, tokens
from errors import NotGranted
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts

LINK_LIFETIME_MS = 15 * 60_000


async def show_devices(_parts: Parts, _request: Request) -> Response:
    return await send_page("devices")


async def list_devices(parts: Parts, request: Request) -> Response:
    """The asker's devices, `here` at the one that asks; never their keys."""
    principal = request.state.principal

    def read() -> list[dict[str, Any]]:
        with parts.database.read() as db:
            return [
                {
                    "id": device.id,
                    "label": device.label,
                    "here": device.jkt == principal.jkt,
                    "enrolled_at": device.enrolled_at,
                    "last_used_at": device.last_used_at,
                }
                for device in devices.list(db, principal.tester_id)
            ]

    return JSONResponse({"now": now_ms(), "devices": await run_in_threadpool(read)})


async def remove_device(parts: Parts, request: Request, device_id: str) -> Response:
    """End the device, its sign-ins and their streams. Raises NotFound, for others' too."""
    principal, now = request.state.principal, now_ms()

    def remove() -> list[str]:
        with parts.database.begin() as db:
            ended = list(devices.remove(db, principal.tester_id, device_id, now))
            tester, subject = f"tester:{principal.tester_id}", f"device:{device_id}"
            audit.record(db, actor=tester, action="device.remove", subject=subject, now_ms=now)
            return ended

    for sign_in_id in await run_in_threadpool(remove):
        parts.leases.end_sign_in(sign_in_id)
    return Response(status_code=204)


async def make_link(parts: Parts, request: Request) -> Response:
    """A link that lets one more device in, once, within a quarter of an hour.

    What it opens hangs on the token that let this device in, and ends with it. Raises NotGranted.
    """
    principal, now = request.state.principal, now_ms()
    if principal.sign_in_id is None:
        raise NotGranted("A script lets no device in. Make the link in the studio.")

    def make() -> str:
        with parts.database.begin() as db:
            link = tokens.mint(
                db,
                parts.gate.keys,
                principal.tester_id,
                kind=tokens.LINK,
                parent_id=principal.token_id,
                lifetime_ms=LINK_LIFETIME_MS,
                now_ms=now,
            )
            tester, subject = f"tester:{principal.tester_id}", f"token:{link.id}"
            audit.record(db, actor=tester, action="device.link", subject=subject, now_ms=now)
            return link.text

    text = await run_in_threadpool(make)
    return JSONResponse({"link": f"{parts.settings.public_url}/sign-in#link={text}"}, 201)
