"""Pictures and films that a clip is to begin with, held against picture classifiers first.

Where prompts are held against their rules: as the clip is asked for, in a worker thread, before
anything is admitted. An artist's own clips are not looked at again.
"""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path

from PIL import Image

from jobs.pictures import PICTURE
from jobs.records import Reel
from jobs.sources import lend_source
from programme.moderation import refusals
from programme.moderation.judge import Finding
from sora_core.sources import read_film
from sora_core.spec import ClipSpec
from studio.parts import Parts
from studio.uploads import keep

STILLS_PER_S = 2  # of a film, that are looked at


def require_inputs_allowed(
    parts: Parts, owner_id: str, specs: Sequence[ClipSpec], reel: Reel | None, now_ms: int
) -> None:
    """Let what these begin with pass, or write a refusal down and say why.

    reel  the film that came along with the wish
    Raises PictureRefused, JudgeUnavailable, TooMany, and BadSpec for what is not theirs.
    """
    if not parts.judge.picture_classifiers:
        return
    wanted = {source: spec for spec in specs for source in spec.sources}
    for source, spec in wanted.items():
        if source.startswith(PICTURE):
            lent = lend_source(parts.database, parts.store, source, owner_id)
            look_at_picture(parts, owner_id, source, lent, now_ms)
        elif reel is not None and source == reel.id:
            look_at_film(parts, owner_id, spec, reel, now_ms)


def look_at_picture(
    parts: Parts, owner_id: str, source: str, lent: AbstractContextManager[Path], now_ms: int
) -> None:
    with lent as path:
        content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    with Image.open(BytesIO(content), formats=("JPEG",)) as picture:
        findings = parts.judge.picture_findings(picture.convert("RGB"))
    against = refusals.not_allowed(parts.database, owner_id, sha256, findings)
    if against:
        what = {"kind": refusals.PICTURE, "picture_id": source}
        write_down(parts, owner_id, against[0], sha256, now_ms, **what)


def look_at_film(parts: Parts, owner_id: str, spec: ClipSpec, reel: Reel, now_ms: int) -> None:
    """The still that is refused is kept as a picture of the artist's, for them and an appeal."""
    with parts.store.lend(reel.key) as path:
        with path.open("rb") as film:
            sha256 = hashlib.file_digest(film, "sha256").hexdigest()
        size = spec.offer.native_sizes[spec.aspect]
        drawings = read_film(path, size, STILLS_PER_S, "film")
    for drawing in drawings:
        still = Image.fromarray(drawing)
        findings = parts.judge.picture_findings(still)
        against = refusals.not_allowed(parts.database, owner_id, sha256, findings)
        if against:
            file = BytesIO()
            still.save(file, "PNG")
            picture = keep(parts, owner_id, file.getvalue())
            what = {"kind": refusals.FILM, "picture_id": picture.id}
            write_down(parts, owner_id, against[0], sha256, now_ms, **what)


def write_down(
    parts: Parts, owner_id: str, finding: Finding, sha256: str, now_ms: int, **what: str
) -> None:
    refusals.refuse(
        parts.database, parts.judge, owner_id, finding, sha256=sha256, now_ms=now_ms, **what
    )
