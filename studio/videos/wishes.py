"""What is asked for, in the words of the studio's own form: from here on one way for everybody."""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from errors import BadSpec
from jobs.records import Clip, Job
from sora_core.form import whole
from sora_core.pictures import UPLOAD_MAX_BYTES
from sora_core.spec import SECONDS_MAX, SEED_MAX
from studio.videos.bringing import MODEL, Brought
from studio.videos.fields import Fields, flag, refuse_unknown
from studio.videos.objects import clip_seconds

SAID_ANEW = ("style", "seed", "negative_prompt")
EXTRAS = (*SAID_ANEW, "turbo", "variations")
CREATE = ("prompt", "model", "seconds", "size", "input_reference", "storyboard", *EXTRAS)
REMIX = ("prompt", "strength", *EXTRAS)
EDIT = ("prompt", "video", "strength", *EXTRAS)
EXTEND = ("prompt", "video", "seconds", *EXTRAS)

Form = dict[str, Any]

VARIATIONS_MAX = 4
DATA_URL = "data:"
# What the studio's form calls otherwise than this API does.
TOLD_AS = {"variant": "turbo", "picture": "input_reference", "film": "video"}


@dataclass(frozen=True)
class Wish:
    """What is asked for, and not yet admitted.

    form        as ClipSpec.parse takes it
    variations  how many clips of it, each from a seed of its own
    picture     bytes of a picture that came along, and has yet to be kept and named in `form`
    """

    form: dict[str, Any]
    variations: int
    picture: bytes | None = None

    def beginning_with(self, picture_id: str) -> "Wish":
        form = {**self.form, "operation": "image", "sources": [picture_id]}
        return replace(self, form=form, picture=None)

    @property
    def sameness(self) -> dict[str, Any]:
        """What an Idempotency-Key stands for: a picture by what it shows, not by its new id."""
        shown = None if self.picture is None else hashlib.sha256(self.picture).hexdigest()
        return {**self.form, "variations": self.variations, "picture": shown}


def read_create(fields: Fields) -> Wish:
    """Raises BadSpec."""
    refuse_unknown(fields, CREATE)
    form = {name: fields.get(name) for name in ("prompt", "model", "seconds", "size", "storyboard")}
    wish = with_extras(form, fields)
    reference = fields.get("input_reference")
    if reference is None or reference == "":
        return wish
    content = picture_in(reference)
    if isinstance(content, bytes):
        return replace(wish, picture=content)
    return wish.beginning_with(content)


def read_remix(fields: Fields, begun: Form, known: tuple[str, ...] = REMIX) -> Wish:
    """As long and as large as what it begins with, but for what is said anew. Raises BadSpec.

    begun  what a film or the clip that it is says of itself: `inherited`, `alone`
    """
    refuse_unknown(fields, known)
    form = begun | {
        "prompt": fields.get("prompt"),
        "operation": "remix",
        "strength": fields.get("strength"),
    }
    return with_extras(form, fields)


def read_edit(fields: Fields, begun: Form) -> Wish:
    return read_remix(fields, begun, EDIT)


def read_extension(fields: Fields, begun: Form) -> Wish:
    """`seconds` are those to add; the video then has the film's and these. Raises BadSpec."""
    refuse_unknown(fields, EXTEND)
    room = SECONDS_MAX - begun["seconds"]
    if room < 1:
        raise BadSpec(
            f"This video has {SECONDS_MAX} seconds already, which is as long as one gets.",
            field="seconds",
        )
    more = whole(fields, "seconds", 1, room)
    form = begun | {
        "prompt": fields.get("prompt"),
        "operation": "extend",
        "seconds": begun["seconds"] + more,
    }
    return with_extras(form, fields)


def inherited(job: Job, clip: Clip) -> Form:
    """A clip's own size and length, and as it was asked for."""
    return {
        "model": job.spec["model"],
        "style": job.spec["style"],
        "negative_prompt": job.spec["negative_prompt"],
        "variant": job.spec.get("variant"),
        "width": clip.width,
        "height": clip.height,
        "seconds": clip_seconds(clip),
        "sources": [clip.id],
    }


def alone(brought: Brought) -> Form:
    """A film's size and length; nobody here asked for it."""
    return {
        "model": MODEL,
        "width": brought.width,
        "height": brought.height,
        "seconds": brought.seconds,
        "sources": [brought.reel.id],
    }


def with_extras(form: dict[str, Any], fields: Fields) -> Wish:
    said = {name: fields[name] for name in SAID_ANEW if name in fields}
    turbo = flag(fields, "turbo")
    if turbo is not None:
        said["variant"] = "turbo" if turbo else "quality"
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    return Wish(form | said, whole(given, "variations", 1, VARIATIONS_MAX, 1))


def forms(wish: Wish) -> list[dict[str, Any]]:
    """One form for each variation. A given seed is the first one's; the next count on from it."""
    if wish.variations == 1 or wish.form.get("seed") in (None, ""):
        return [wish.form] * wish.variations
    first = whole(wish.form, "seed", 0, SEED_MAX)
    seeds = [(first + number) % (SEED_MAX + 1) for number in range(wish.variations)]
    return [{**wish.form, "seed": seed} for seed in seeds]


def picture_in(reference: object) -> bytes | str:
    """The bytes of a picture that came along, or the id of one that is here already.

    Raises BadSpec; nothing is ever fetched from an address.
    """
    if isinstance(reference, bytes):
        return reference
    if isinstance(reference, dict) and len(reference) == 1:
        if isinstance(reference.get("file_id"), str):
            return str(reference["file_id"])
        reference = reference.get("image_url")
    if isinstance(reference, str) and reference.startswith(DATA_URL):
        return decoded(reference)
    raise BadSpec(
        "Send the picture itself as a file or a data: URL, or name it by file_id: nothing is "
        "fetched from an address.",
        field="input_reference",
    )


def decoded(data_url: str) -> bytes:
    """The bytes of `data:image/…;base64,…` (RFC 2397); what they are, the picture's reader says."""
    head, _, text = data_url.partition(",")
    try:
        if not head.endswith(";base64") or len(text) > UPLOAD_MAX_BYTES * 4 // 3 + 4:
            raise ValueError
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSpec(
            "A picture in a data: URL (data:image/png;base64,…) is base64 and has at most "
            f"{UPLOAD_MAX_BYTES // 2**20} MB.",
            field="input_reference",
        ) from error


@contextmanager
def told_in_its_words(sources_as: str) -> Iterator[None]:
    """BadSpec names fields as this API does; `sources` is `input_reference` here, `video` there."""
    try:
        yield
    except BadSpec as error:
        field = sources_as if error.field == "sources" else TOLD_AS.get(error.field, error.field)
        raise BadSpec(str(error), field=field) from error
