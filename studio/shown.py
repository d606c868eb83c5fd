"""Which of a clip's files somebody is sent: the artist's own, or the copy with the visible mark.

The policy that the clip's artist has decides; `GREENROOM_VISIBLE_MARK` can say never.
"""

from anyio import to_thread
from starlette.concurrency import run_in_threadpool

from errors import NotFound
from jobs.files import shown_name
from jobs.records import Clip
from jobs.shown import make_shown
from programme import policy
from studio.clock import now_ms
from studio.parts import Parts


async def key_for_others(parts: Parts, clip: Clip, kind: str) -> str:
    """The store's key of what people other than its artist see, an "mp4" or "jpg".

    The copy is made when it is first asked for, one at a time.
    """
    if await run_in_threadpool(marked, parts, clip) == policy.NO_FILM:
        return own_key(clip, kind)
    return await to_thread.run_sync(shown_key, parts, clip, kind, limiter=parts.desk.one)


async def key_for_artist(parts: Parts, clip: Clip, kind: str) -> str:
    """The store's key of what its artist sees: their own film, unless the policy marks all."""
    if await run_in_threadpool(marked, parts, clip) == policy.EVERY_FILM:
        return await to_thread.run_sync(shown_key, parts, clip, kind, limiter=parts.desk.one)
    return own_key(clip, kind)


def marked(parts: Parts, clip: Clip) -> str:
    """Which films of this clip's artist carry the mark: one of `policy.MARKED`."""
    if parts.settings.visible_mark == "never":
        return policy.NO_FILM
    with parts.database.read() as db:
        return policy.standing(db, clip.owner_id).holds.policy.marked


def own_key(clip: Clip, kind: str) -> str:
    return clip.key if kind == "mp4" else clip.poster_key


def shown_key(parts: Parts, clip: Clip, kind: str) -> str:
    key = parts.store.key(shown_name(clip.id, kind))
    try:
        parts.store.size(key)
    except NotFound:
        make_shown(parts.settings, parts.store, clip, kind, now_ms())
    return key
