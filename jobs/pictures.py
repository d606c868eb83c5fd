"""Pictures an artist brought for clips to begin with: theirs alone, and few until they are used."""

import secrets
from collections.abc import Iterable

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from errors import NotFound
from jobs.records import Picture

#: What the ids of pictures begin with, so that none is taken for a clip's.
PICTURE = "picture_"
#: Of pictures no clip was asked to begin with, so many of the newest are kept for each artist.
UNUSED_MAX = 20


def new_picture_id() -> str:
    return PICTURE + secrets.token_hex(16)


def file_name(picture_id: str) -> str:
    return f"{picture_id}.jpg"


def find_picture(db: Session, picture_id: str, owner_id: str) -> Picture:
    """Raises NotFound, for somebody else's picture too."""
    mine = select(Picture).where(Picture.id == picture_id, Picture.owner_id == owner_id)
    picture = db.scalar(mine)
    if picture is None:
        raise NotFound
    return picture


def use_pictures(db: Session, picture_ids: Iterable[str], owner_id: str, now_ms: int) -> None:
    """Keep these of the owner's pictures for good. Raises NotFound where one is not there.

    One guarded UPDATE each: a picture that is being dropped is either gone or stays.
    """
    for picture_id in picture_ids:
        mine = update(Picture).where(Picture.id == picture_id, Picture.owner_id == owner_id)
        if db.scalar(mine.values(used_at=now_ms).returning(Picture.id)) is None:
            raise NotFound


def drop_unused(db: Session, owner_id: str) -> list[str]:
    """Remove the owner's oldest unused pictures; the names of the files to discard after it."""
    unused = (Picture.owner_id == owner_id, Picture.used_at.is_(None))
    newest = select(Picture.id).where(*unused).order_by(Picture.created_at.desc(), Picture.id)
    old = db.scalars(newest.offset(UNUSED_MAX)).all()
    gone = delete(Picture).where(Picture.id.in_(old), *unused).returning(Picture.id)
    return [file_name(picture_id) for picture_id in db.scalars(gone)]
