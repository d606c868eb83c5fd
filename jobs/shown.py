"""Copies of clips for other people's eyes: with the visible mark, signed anew. The artist's own
film stays as it is.
"""

from jobs.files import shown_name
from jobs.provenance import identity_of
from jobs.records import Clip
from settings import Settings
from sora_core.credentials.signer import SHOWN, Claim, Signer
from sora_core.store import Store
from sora_core.visible import mark_film, mark_still


def make_shown(settings: Settings, store: Store, clip: Clip, kind: str, now_ms: int) -> None:
    """Keep the copy of `clip` that others may see, an "mp4" or "jpg".

    Raises NotFound where the clip's own file is gone, StoreFailed, RenderFailed.
    """
    name = shown_name(clip.id, kind)
    draft = store.draft(name)
    try:
        with store.lend(clip.key if kind == "mp4" else clip.poster_key) as own:
            if kind == "mp4":
                mark_film(own, draft)
                claim = Claim("", "", SHOWN, now_ms, [own])
                Signer(identity_of(settings, now_ms)).sign(draft, claim)
            else:
                mark_still(own, draft)
        store.keep(draft, store.key(name))
    finally:
        draft.unlink(missing_ok=True)
