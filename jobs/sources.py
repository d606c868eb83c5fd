"""What a clip may begin with: an artist's own clips, pictures and brought films, by their ids."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from database import Database
from errors import BadSpec, NotFound
from jobs.pictures import PICTURE, find_picture, use_pictures
from jobs.records import Clip, Picture, Reel
from jobs.reels import FILM, find_reel
from sora_core.sources import require_length
from sora_core.spec import ClipSpec
from sora_core.store import Store

GONE = "A source is not there, or is not yours: choose one of your finished clips."


def require_sources(
    db: Session, spec: ClipSpec, owner_id: str, now_ms: int, reel: Reel | None = None
) -> None:
    """Raises BadSpec unless what `spec` begins with is `owner_id`'s, and fits.

    Pictures among it are kept from now on. Of films that were brought only `reel` is taken, which
    came along with this wish: others go with theirs.
    """
    found = [find_source(db, source, owner_id) for source in spec.sources if source]
    if any(isinstance(source, Reel) and source is not reel for source in found):
        raise BadSpec(GONE, field="sources")
    films = [source for source in found if not isinstance(source, Picture)]
    pictures = [source.id for source in found if isinstance(source, Picture)]
    if pictures and spec.operation != "image":
        raise BadSpec("This begins with a film: choose a clip, no picture.", field="sources")
    rate = spec.offer.drawings_per_s
    require_length(spec, [film.frame_count * rate // film.fps for film in films])
    try:
        use_pictures(db, pictures, owner_id, now_ms)
    except NotFound as error:
        raise BadSpec(GONE, field="sources") from error


@contextmanager
def lend_source(database: Database, store: Store, source: str, owner_id: str) -> Iterator[Path]:
    """The file of the clip, picture or film `source`, for as long as the block lasts.

    Raises BadSpec, for somebody else's too.
    """
    with database.read() as db:
        key = find_source(db, source, owner_id).key
    try:
        with store.lend(key) as path:
            yield path
    except NotFound as error:
        raise BadSpec(GONE, field="sources") from error


def find_source(db: Session, source: str, owner_id: str) -> Clip | Picture | Reel:
    """Raises BadSpec, the same for what is not there and for what is somebody else's."""
    try:
        if source.startswith(PICTURE):
            return find_picture(db, source, owner_id)
        if source.startswith(FILM):
            return find_reel(db, source, owner_id)
        return find_clip(db, source, owner_id)
    except NotFound as error:
        raise BadSpec(GONE, field="sources") from error


def find_clip(db: Session, clip_id: str, owner_id: str) -> Clip:
    clip = db.scalar(select(Clip).where(Clip.id == clip_id, Clip.owner_id == owner_id))
    if clip is None:
        raise NotFound
    return clip
