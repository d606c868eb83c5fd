"""A tester's passkeys: which there are, adding and removing them, touching one."""

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth import passkeys
from auth.relying_party import RelyingParty
from auth.testers import with_cohort
from auth.touching import Passkey, Touch
from errors import BadSpec, NotGranted, TouchInvalid
from studio.clock import now_ms
from studio.parts import Parts
from studio.proving import note
from studio.requests import read_form, read_text


async def list_passkeys(parts: Parts, request: Request) -> Response:
    """The asker's passkeys, never their keys; whether touches are asked for, and how often."""
    principal = request.state.principal

    def read() -> dict[str, Any]:
        with parts.database.read() as db:
            rule = parts.gate.step_up.of(*with_cohort(db, principal.tester_id))
            return {
                "now": now_ms(),
                "asked": rule.needed,
                "how_often": rule.how_often,
                "passkeys": [facts(one) for one in passkeys.list(db, principal.tester_id)],
            }

    return JSONResponse(await run_in_threadpool(read))


async def ask_for_new(parts: Parts, request: Request) -> Response:
    """What this browser hands to `navigator.credentials.create()`.

    Raises NotGranted in a sign-in that is not fresh, StepUpRequired, Conflict.
    """
    sign_in_id = browser_of(request)

    def ask() -> Mapping[str, Any]:
        with parts.database.begin() as db:
            now = parts.gate.clock(db, now_ms())
            return passkeys.ask_for_new(db, party(parts), sign_in_id, now)

    return JSONResponse(await run_in_threadpool(ask))


async def add(parts: Parts, request: Request) -> Response:
    """201, the new passkey, and what making it opened. Raises TouchInvalid, Conflict."""
    form, sign_in_id = await read_form(request), browser_of(request)
    answer, label = read_answer(form), str(form.get("label", ""))

    def enrol() -> tuple[Passkey, Touch]:
        rule = parts.gate.step_up
        now = moment(parts)
        return passkeys.enrol(parts.database, party(parts), rule, sign_in_id, answer, label, now)

    made, opened = await run_in_threadpool(enrol)
    return JSONResponse({**facts(made), "touch": touch_facts(opened)}, 201)


async def rename(parts: Parts, request: Request, passkey_id: str) -> Response:
    """Raises BadSpec without a name, NotFound, for others' too."""
    label = read_text(await read_form(request), "label")

    def change() -> None:
        with parts.database.begin() as db:
            tester_id = request.state.principal.tester_id
            passkeys.rename(db, tester_id, passkey_id, label, now_ms())

    await run_in_threadpool(change)
    return Response(status_code=204)


async def remove(parts: Parts, request: Request, passkey_id: str) -> Response:
    """Raises StepUpRequired without a touch just now, NotFound, for others' too."""
    principal, sign_in_id = request.state.principal, browser_of(request)

    def end() -> None:
        with parts.database.begin() as db:
            now = parts.gate.clock(db, now_ms())
            passkeys.remove(db, principal.tester_id, passkey_id, sign_in_id, now)

    await run_in_threadpool(end)
    return Response(status_code=204)


async def ask_for_touch(parts: Parts, request: Request) -> Response:
    """What this browser hands to `navigator.credentials.get()`. Raises NotFound without one."""
    tester_id, sign_in_id = request.state.principal.tester_id, browser_of(request)

    def ask() -> Mapping[str, Any]:
        with parts.database.begin() as db:
            now = parts.gate.clock(db, now_ms())
            return passkeys.ask_for_touch(db, party(parts), tester_id, sign_in_id, now)

    return JSONResponse(await run_in_threadpool(ask))


async def touch(parts: Parts, request: Request) -> Response:
    """201 and what the touch opened. Raises TouchInvalid; the audit log keeps that of a copy."""
    sign_in_id, answer = browser_of(request), read_answer(await read_form(request))

    def verify() -> Touch:
        rule = parts.gate.step_up
        try:
            now = moment(parts)
            return passkeys.touch(parts.database, party(parts), rule, sign_in_id, answer, now)
        except TouchInvalid as error:
            note(parts, request.scope, error)
            raise

    return JSONResponse(touch_facts(await run_in_threadpool(verify)), 201)


def browser_of(request: Request) -> str:
    """The sign-in that asks. Raises NotGranted for a script: it has nobody's hand."""
    sign_in_id: str | None = request.state.principal.sign_in_id
    if sign_in_id is None:
        raise NotGranted("A script touches no passkey. Do this in the studio.")
    return sign_in_id


def read_answer(form: dict[str, Any]) -> dict[str, Any]:
    """Raises BadSpec naming the field."""
    answer = form.get("answer")
    if not isinstance(answer, dict):
        raise BadSpec("The answer must be what the passkey gave, as JSON.", field="answer")
    return answer


def party(parts: Parts) -> RelyingParty:
    return RelyingParty.from_settings(parts.settings)


def moment(parts: Parts) -> int:
    """The time by the clock that the gate goes by."""
    with parts.database.read() as db:
        return parts.gate.clock(db, now_ms())


def facts(passkey: Passkey) -> dict[str, Any]:
    return {
        "id": passkey.id,
        "label": passkey.label,
        "enrolled_at": passkey.enrolled_at,
        "last_used_at": passkey.last_used_at,
    }


def touch_facts(opened: Touch) -> dict[str, Any]:
    return {"clips_left": opened.clips_left, "until": opened.until_ms}
