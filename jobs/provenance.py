"""What the films of jobs are to tell of where they come from."""

from collections.abc import Callable

from database import Database
from jobs.marks import issue_mark
from jobs.records import Job
from settings import Settings
from sora_core.credentials.identity import Identity, open_identity, utc
from sora_core.credentials.signer import Signer
from sora_core.mark.embedding import Mark
from sora_core.mark.keys import key_id_of, mark_key
from sora_core.mark.pattern import pattern_of
from sora_core.provenance import Provenance


def identity_of(settings: Settings, now_ms: int) -> Identity:
    """Who signs here. Raises BootRefused."""
    return open_identity(
        settings.data,
        utc(now_ms),
        settings.signing_certificates,
        settings.signing_key,
        settings.signing_roots,
    )


def open_provenance(
    settings: Settings, database: Database, clock: Callable[[], int]
) -> Callable[[Job], Provenance]:
    """Job → what its film is given; issues the number of its mark.

    Raises BootRefused where nothing can be signed.
    """
    signer = Signer(identity_of(settings, clock()))
    key = mark_key(settings.mark_key)

    def provenance_of(job: Job) -> Provenance:
        with database.begin() as db:
            number = issue_mark(db, job, key_id_of(key), clock())
        mark = Mark(number, pattern_of(key))
        return Provenance(signer=signer, made_at=clock(), mark=mark)

    return provenance_of
