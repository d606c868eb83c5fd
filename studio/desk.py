"""Where pictures are read: one at a time, and one of each artist, as decoding them is heavy."""

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter

from errors import TooMany


class Desk:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self.one = CapacityLimiter(1)
        self.owners: set[str] = set()

    @contextmanager
    def turn(self, owner_id: str) -> Iterator[None]:
        """Raises TooMany while another picture of this artist is being read."""
        if owner_id in self.owners:
            raise TooMany(
                "Another picture of yours is being read. Bring one after the other.",
                limit="uploads",
                retry_after_s=1,
            )
        self.owners.add(owner_id)
        try:
            yield
        finally:
            self.owners.discard(owner_id)
