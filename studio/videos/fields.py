"""What a request brings, field by field, however it was packed: JSON, or a form with files."""

import re
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from errors import BadRequest, BadSpec
from studio.doors import PICTURE_MAX_BYTES
from studio.requests import read_form

Fields = dict[str, Any]

FIELDS_MAX, FILES_MAX = 40, 1
# `video[id]` is a member, `storyboard[]` one of several: how forms spell what JSON nests.
MEMBER = re.compile(r"([a-z_]{1,40})\[([a-z_]{0,40})\]")
TRUE, FALSE = (True, "true", "1"), (False, "false", "0")


async def read_fields(request: Request) -> Fields:
    """The fields by name: text and numbers as they came, a file as its bytes.

    Raises BadRequest for a body that is neither, BadSpec for a field that is there twice.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return await read_form(request)
    try:
        async with request.form(
            max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=PICTURE_MAX_BYTES
        ) as form:
            return gathered(
                [
                    (name, await value.read() if isinstance(value, UploadFile) else value)
                    for name, value in form.multi_items()
                ]
            )
    except (HTTPException, MultiPartException) as error:
        raise BadRequest(
            f"The body is no whole form of at most {FIELDS_MAX} fields and {FILES_MAX} file."
        ) from error


def gathered(items: list[tuple[str, str | bytes]]) -> Fields:
    """`a[b]` becomes a dict, `a[]` a list."""
    fields: Fields = {}
    for spelled, value in items:
        member = MEMBER.fullmatch(spelled)
        name, inner = (member[1], member[2]) if member else (spelled, None)
        if inner is None:
            fresh = name not in fields
            fields[name] = value
        elif inner:
            held = fields.setdefault(name, {})
            fresh = isinstance(held, dict) and inner not in held
            if fresh:
                held[inner] = value
        else:
            held = fields.setdefault(name, [])
            fresh = isinstance(held, list)
            if fresh:
                held.append(value)
        if not fresh:
            raise BadSpec("This is there twice. Send it once.", field=plain(name))
    return fields


def refuse_unknown(fields: Fields, known: tuple[str, ...]) -> None:
    """Raises BadSpec: what nobody reads must not look as if it did something."""
    for name in fields:
        if name not in known:
            raise BadSpec(
                f"There is no such field here. Choose among {', '.join(known)}.", field=plain(name)
            )


def flag(fields: Fields, name: str) -> bool | None:
    """true or false, also as forms spell them; None where it is not there. Raises BadSpec."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool | str) and value in TRUE + FALSE:
        return value in TRUE
    raise BadSpec(f"The field {name} must be true or false.", field=name)


def plain(name: str) -> str:
    """A stranger's name for a field, fit to be said back."""
    return ascii(name)[1:-1][:40]
