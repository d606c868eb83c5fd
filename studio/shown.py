"""Which of a clip's files somebody is sent: the artist's own, or the copy with the visible mark."""

from anyio import to_thread

from errors import NotFound
from jobs.files import shown_name
from jobs.records import Clip
from jobs.shown import ALWAYS, NEVER, make_shown
from studio.clock import now_ms
from studio.parts import Parts


async def key_for_others(parts: Parts, clip: Clip, kind: str) -> str:
    """The store's key of what people other than its artist see, an "mp4" or "jpg".

    The copy is made when it is first asked for, one at a time.
    """
    if parts.settings.visible_mark == NEVER:
        return own_key(clip, kind)
    return await to_thread.run_sync(shown_key, parts, clip, kind, limiter=parts.desk.one)


async def key_for_artist(parts: Parts, clip: Clip, kind: str) -> str:
    """The store's key of what its artist sees: their own film, unless the policy marks all."""
    if parts.settings.visible_mark == ALWAYS:
        return await key_for_others(parts, clip, kind)
    return own_key(clip, kind)


def own_key(clip: Clip, kind: str) -> str:
    return clip.key if kind == "mp4" else clip.poster_key


def shown_key(parts: Parts, clip: Clip, kind: str) -> str:
    key = parts.store.key(shown_name(clip.id, kind))
    try:
        parts.store.size(key)
    except NotFound:
        make_shown(parts.settings, parts.store, clip, kind, now_ms())
    return key
