"""What a film is given on its way out, so that it says where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sora_core.spec import ClipSpec

if TYPE_CHECKING:
    from sora_core.credentials.signer import Signer


@dataclass(frozen=True)
class Provenance:
    """Of one film.

    signer   signs its credentials, or None: it leaves without
    made_at  milliseconds since 1970, UTC, as the credentials say it
    """

    signer: "Signer | None" = None
    made_at: int = 0

    def sign(self, film: Path, spec: ClipSpec, sources: Sequence[Path]) -> None:
        """The last thing done to `film`. Raises StoreFailed."""
        if self.signer is None:
            return
        from sora_core.credentials.signer import Claim  # a library of 20 MB

        claim = Claim(
            model=spec.offer.title,
            variant=spec.variant,
            operation=spec.operation,
            made_at=self.made_at,
            sources=sources,
        )
        self.signer.sign(film, claim)


SILENT = Provenance()
