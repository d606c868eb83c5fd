"""Reading what a request brings."""

import json
from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from errors import BadRequest, BadSpec


def header_values(scope: Scope, name: str) -> list[str]:
    """Every value of one header, in order; most servers hide that there can be several."""
    wanted = name.encode()
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == wanted]


def address_of(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else "unknown"


def actor_of(request: Request) -> str:
    """Whoever is signed in, as the audit log calls them."""
    return f"tester:{request.state.principal.tester_id}"


async def read_form(request: Request) -> dict[str, Any]:
    """The JSON object in the request's body. Raises BadRequest."""
    try:
        form = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body must be a JSON object.") from error
    if not isinstance(form, dict):
        raise BadRequest("The body must be a JSON object.")
    return form


def read_text(form: dict[str, Any], field: str) -> str:
    """Raises BadSpec naming the field."""
    value = form.get(field)
    if not isinstance(value, str):
        raise BadSpec(f"The {field} must be text.", field=field)
    return value
