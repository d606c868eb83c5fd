"""What waits for a tester's own answer."""

from collections.abc import Sequence

from errors.base import GreenroomError


class PolicyUnaccepted(GreenroomError):
    """A new policy takes something away, and this tester has not agreed to it.

    number  of the version that waits for them
    lost    what it takes, in sentences
    """

    code, status = "policy_unaccepted", 403

    def __init__(self, *, number: int, lost: Sequence[str]) -> None:
        super().__init__(
            "The programme's policy has changed in a way that takes something from you. Read it "
            "at /policy: new clips wait for your answer; those you have are as before.",
            number=number,
            lost=list(lost),
        )
