"""The names of a job's files. Each attempt has its own: a late worker touches nobody else's."""

from collections.abc import Iterable

from sora_core.store import Store

KINDS = ("mp4", "jpg")


def file_name(job_id: str, attempt: int, kind: str) -> str:
    return f"{job_id}-{attempt}.{kind}"


def shown_name(job_id: str, kind: str) -> str:
    """The file of the copy with the visible mark, made when somebody else first looks."""
    return f"{job_id}-shown.{kind}"


def discard_attempts(store: Store, job_id: str, attempts: Iterable[int]) -> None:
    for attempt in attempts:
        for kind in KINDS:
            store.discard(file_name(job_id, attempt, kind))
