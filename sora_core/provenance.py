"""What a film is given on its way out, so that it says where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sora_core.mark.embedding import Mark
from sora_core.spec import ClipSpec

if TYPE_CHECKING:
    from sora_core.credentials.signer import Signer

STRONGER = 1.4


@dataclass(frozen=True)
class Provenance:
    """Of one film.

    signer   signs its credentials, or None: it leaves without
    made_at  milliseconds since 1970, UTC, as the credentials say it
    mark     the invisible mark that goes into it, or None
    """

    signer: "Signer | None" = None
    made_at: int = 0
    mark: Mark | None = None

    @property
    def stronger_mark(self) -> Mark | None:
        """For a film that wears the usual one away."""
        return self.mark and replace(self.mark, strength=STRONGER)

    def mark_in(self, film: Path) -> float | None:
        """How far the mark stands out (z) in the film as it was encoded; 0 where it does not."""
        if self.mark is None:
            return None
        from sora_core.mark.tracing import strength_in

        return strength_in(film, self.mark.number, self.mark.pattern)

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
            mark=self.mark.number if self.mark else None,
        )
        self.signer.sign(film, claim)


SILENT = Provenance()
