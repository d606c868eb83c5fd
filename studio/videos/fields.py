"""What a request brings, field by field, however it was packed: JSON, or a form with files."""

import re
import shutil
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from errors import BadRequest, BadSpec, StoreFailed
from sora_core.store import told
from studio.doors import BODY_MAX_BYTES, PICTURE_MAX_BYTES
from studio.requests import form_in

Fields = dict[str, Any]

FIELDS_MAX, FILES_MAX = 40, 1
# `video[id]` is a member, `storyboard[]` one of several: how forms spell what JSON nests.
MEMBER = re.compile(r"([a-z_]{1,40})\[([a-z_]{0,40})\]")
FILM = "video"
TRUE, FALSE = (True, "true", "1"), (False, "false", "0")


async def read_fields(request: Request, draft: Path | None = None) -> Fields:
    """The fields by name: text and numbers as they came, a file as its bytes.

    draft  where a film is written instead, which then is its path; other files are refused, and
           what is not the film is small
    Raises BadRequest for a body that is neither form nor JSON, BadSpec for a field that is there
    twice, StoreFailed.
    """
    most_bytes = PICTURE_MAX_BYTES if draft is None else BODY_MAX_BYTES
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return form_in(await read_small(request, most_bytes))
    try:
        async with request.form(
            max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=most_bytes
        ) as form:
            return gathered(
                [(name, await content(name, value, draft)) for name, value in form.multi_items()]
            )
    except ClientDisconnect as error:
        raise ended() from error
    except OSError as error:  # what is large lies on the disk while it comes
        raise StoreFailed("The file could not be taken in: is the disk full?") from error
    except (HTTPException, MultiPartException) as error:
        raise BadRequest(
            f"The body is no whole form of at most {FIELDS_MAX} fields and {FILES_MAX} file."
        ) from error


async def read_small(request: Request, most_bytes: int) -> bytes:
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most_bytes:
                raise BadRequest(f"The body is larger than {most_bytes // 1024:,} KB.")
    except ClientDisconnect as error:
        raise ended() from error
    return bytes(body)


async def content(name: str, value: str | UploadFile, draft: Path | None) -> str | bytes | Path:
    if not isinstance(value, UploadFile):
        return value
    if draft is None:
        return await value.read()
    if name != FILM:
        raise BadSpec("Send this as text: it is no file.", field=plain(name))
    await run_in_threadpool(write_down, value, draft)
    return draft


def write_down(film: UploadFile, draft: Path) -> None:
    with told("The film could not be kept"), draft.open("wb") as file:
        shutil.copyfileobj(film.file, file)


def ended() -> BadRequest:
    return BadRequest("The request ended in the middle.")


def gathered(items: list[tuple[str, str | bytes | Path]]) -> Fields:
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
