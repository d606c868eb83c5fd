"""What the page is told about jobs, the day's allowance, and what may be asked for.

Plain numbers and names; the page puts them into words.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.pace import paces
from jobs.queue import Queue
from jobs.records import Clip, Job
from sora_core.catalog import MODELS, Model, Variant
from sora_core.pictures import UPLOAD_MAX_BYTES
from sora_core.spec import (
    DEFAULT_SECONDS,
    DEFAULT_SIZE,
    DEFAULT_STRENGTH,
    FPS,
    PROMPT_MAX_CHARS,
    SECONDS_MAX,
    SEED_MAX,
    SIZES,
    STORYBOARD_MAX,
)
from studio.clock import now_ms

LATEST = 100
AT_ONCE = 500  # ids in one statement


def latest_cards(db: Session, queue: Queue, owner_id: str) -> list[dict[str, Any]]:
    """The owner's newest jobs, newest first."""
    jobs = queue.latest(db, owner_id, LATEST)
    return cards(db, queue, jobs)


def one_card(db: Session, queue: Queue, job_id: str, owner_id: str) -> dict[str, Any]:
    """Raises NotFound, for somebody else's job too."""
    job = queue.find(db, job_id, owner_id)
    return card(db, queue, job, db.get(Clip, job.id), queue.place(db, job))


def cards_of(db: Session, queue: Queue, job_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Job id → card, whoever asked for it; of those that are there. For all in one look."""
    found: dict[str, dict[str, Any]] = {}
    rest = sorted(job_ids)
    while rest:
        part, rest = rest[:AT_ONCE], rest[AT_ONCE:]
        jobs = db.scalars(select(Job).where(Job.id.in_(part))).all()
        found |= {shown["id"]: shown for shown in cards(db, queue, jobs)}
    return found


def cards(db: Session, queue: Queue, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """The line is read once for all of them."""
    clips = clips_of(db, [job.id for job in jobs])
    waiting = any(job.state == "queued" for job in jobs)
    places = queue.places(db) if waiting else {}
    return [card(db, queue, job, clips.get(job.id), places.get(job.id, 0)) for job in jobs]


def clips_of(db: Session, job_ids: Sequence[str]) -> dict[str, Clip]:
    return {clip.id: clip for clip in db.scalars(select(Clip).where(Clip.id.in_(job_ids)))}


def card(db: Session, queue: Queue, job: Job, clip: Clip | None, place: int) -> dict[str, Any]:
    """One job as its card shows it. `place` is 0 once it is not queued.

    `wait_ms`: about how long until it is drawn; null where it is not queued, or nobody knows yet.
    """
    error = None
    if job.error_code is not None:
        error = {"code": job.error_code, "sentence": job.error_sentence}
    return {
        "id": job.id,
        "state": job.state,
        "spec": job.spec,
        "reading": job.reading,
        "place": place,
        "wait_ms": queue.forecast.wait_ms(db, job, now_ms()),
        "step": job.step,
        "steps": job.steps,
        "stop_reason": job.stop_reason,
        "error": error,
        "gpu_ms": job.gpu_ms,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "clip": clip and clip_facts(clip),
    }


def clip_facts(clip: Clip) -> dict[str, Any]:
    return {
        "url": f"/clips/{clip.id}.mp4",
        "poster": f"/clips/{clip.id}.jpg",
        "bytes": clip.bytes,
        "width": clip.width,
        "height": clip.height,
        "fps": clip.fps,
        "frame_count": clip.frame_count,
        "native": {
            "width": clip.native_width,
            "height": clip.native_height,
            "fps": clip.native_fps,
        },
    }


def offer(db: Session) -> dict[str, Any]:
    """What may be asked for, what it costs in GPU milliseconds, and how long that takes here.

    A clip costs `start_ms`, `source_ms` for each film or picture it begins with, and for each
    second its variant's `drawing_ms` (of a remix, times its strength) and its size's
    `encoding_ms`. It takes its price times its variant's `pace`, null where too few were drawn.
    `known_words`: all that the model knows; null for one that takes any word.
    """
    model = MODELS["sprout"]
    pace = paces(db, model.variants)
    return {
        "title": model.title,
        "known_words": model.known_words and sorted(model.known_words()),
        "prompt_max_chars": PROMPT_MAX_CHARS,
        "seed_max": SEED_MAX,
        "seconds_max": SECONDS_MAX,
        "scenes_max": STORYBOARD_MAX,
        "picture_max_bytes": UPLOAD_MAX_BYTES,
        "default": {
            "size": "{}x{}".format(*DEFAULT_SIZE),
            "seconds": DEFAULT_SECONDS,
            "strength": DEFAULT_STRENGTH,
        },
        "styles": model.styles,
        "operations": model.operations,
        "start_ms": model.start_ms,
        "source_ms": model.source_ms,
        "variants": [
            {"name": name, "drawing_ms": drawing_ms(model, way), "pace": pace[name]}
            for name, way in model.variants.items()
        ],
        "sizes": [
            {
                "aspect": aspect,
                "width": width,
                "height": height,
                "encoding_ms": FPS * width * height / 1e6 * model.megapixel_ms,
            }
            for aspect, pairs in SIZES.items()
            for width, height in pairs
        ],
    }


def drawing_ms(model: Model, way: Variant) -> float:
    """What drawing a second of film costs."""
    return model.drawings_per_s * way.steps * way.passes * model.drawing_pass_ms
