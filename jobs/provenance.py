"""What the films of jobs are to tell of where they come from."""

from collections.abc import Callable

from jobs.records import Job
from settings import Settings
from sora_core.credentials.identity import open_identity, utc
from sora_core.credentials.signer import Signer
from sora_core.provenance import Provenance


def open_provenance(settings: Settings, clock: Callable[[], int]) -> Callable[[Job], Provenance]:
    """Job → what its film is given. Raises BootRefused where nothing can be signed."""
    identity = open_identity(
        settings.data,
        utc(clock()),
        settings.signing_certificates,
        settings.signing_key,
        settings.signing_roots,
    )
    signer = Signer(identity)

    def provenance_of(_job: Job) -> Provenance:
        return Provenance(signer=signer, made_at=clock())

    return provenance_of
