"""A job as the `video` object of that API: every key is there, those without a value are null."""

from collections.abc import Sequence
from typing import Any

from jobs.records import Clip, Job
from jobs.reels import begins_with_reel
from programme.records_clips import Review
from programme.reviews import APPEAL, WITHDRAWN

STATUS = {
    "queued": "queued",
    "running": "in_progress",
    "finished": "completed",
    "failed": "failed",
    "stopped": "failed",
}
# What jobs of before there was a choice do not say.
UNSAID: dict[str, Any] = {"variant": "quality", "operation": "text", "sources": []}


def video(
    job: Job, reviews: Sequence[Review] = (), expires_at_ms: int | None = None
) -> dict[str, Any]:
    """`status` is one of the four that clients wait by; what else there is to say has own keys.

    Ours: style, seed, negative_prompt, turbo, operation, sources, variation_of, and `review`,
    null where nobody was asked to look at it.

    reviews        of its clip, the first round first
    expires_at_ms  when its film is erased for its age; None where it stays
    """
    spec = UNSAID | job.spec
    remixed = spec["operation"] == "remix" and not begins_with_reel(job)
    return {
        "id": job.id,
        "object": "video",
        "model": spec["model"],
        "status": STATUS[job.state],
        "progress": progress(job),
        "created_at": job.created_at // 1000,
        "completed_at": seconds(job.ended_at if job.state == "finished" else None),
        "expires_at": seconds(expires_at_ms),
        "prompt": spec["prompt"],
        "size": f"{spec['width']}x{spec['height']}",
        "seconds": str(spec["seconds"]),
        "remixed_from_video_id": spec["sources"][0] if remixed else None,
        "error": error(job),
        "review": review(reviews),
        "style": spec["style"],
        "seed": spec["seed"],
        "negative_prompt": spec["negative_prompt"],
        "turbo": spec["variant"] == "turbo",
        "operation": spec["operation"],
        "sources": spec["sources"],
        "variation_of": job.variation_of,
    }


def review(rounds: Sequence[Review]) -> dict[str, Any] | None:
    """Where the latest round stands; `appeal` says whether it is the second one."""
    if not rounds or rounds[-1].state == WITHDRAWN:
        return None
    latest = rounds[-1]
    return {
        "state": latest.state,
        "appeal": latest.round == APPEAL,
        "reason": latest.reason,
        "words": latest.words,
    }


def progress(job: Job) -> int:
    """Percent of the steps; 100 only once the film is there."""
    if job.state == "finished":
        return 100
    return min(99, 100 * job.step // max(job.steps, 1))


def error(job: Job) -> dict[str, str] | None:
    """What went wrong; of a video that was stopped, why (`cancelled`, `revoked`, …)."""
    if job.error_code is None:
        return None
    code = job.stop_reason or job.error_code
    return {"code": code, "message": job.error_sentence or ""}


def seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000


def clip_seconds(clip: Clip) -> int:
    return clip.frame_count // clip.fps
