"""What the films of jobs are to tell of where they come from."""

from collections.abc import Callable

from database import Database
from jobs.marks import issue_mark
from jobs.records import Job
from settings import Settings
from sora_core.credentials.identity import open_identity, utc
from sora_core.credentials.signer import Signer
from sora_core.mark.embedding import Mark
from sora_core.mark.keys import key_id_of, mark_key
from sora_core.mark.pattern import pattern_of
from sora_core.provenance import Provenance


def open_provenance(
    settings: Settings, database: Database, clock: Callable[[], int]
) -> Callable[[Job], Provenance]:
    """Job → what its film is given; issues the number of its mark.

    Raises BootRefused where nothing can be signed.
    """
    identity = open_identity(
        settings.data,
        utc(clock()),
        settings.signing_certificates,
        settings.signing_key,
        settings.signing_roots,
    )
    signer, key = Signer(identity), mark_key(settings.mark_key)

    def provenance_of(job: Job) -> Provenance:
        with database.begin() as db:
            number = issue_mark(db, job, key_id_of(key), clock())
        mark = Mark(number, pattern_of(key))
        return Provenance(signer=signer, made_at=clock(), mark=mark)

    return provenance_of
