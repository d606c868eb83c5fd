"""What the programme refuses: about clips, their reviews, and what is shown to others."""

from errors.anywhere import Conflict, NotFound, Unavailable
from errors.base import GreenroomError
from errors.gate import NotGranted


class OwnWork(NotGranted):
    """Nobody decides about their own work."""

    code = "own_work"

    def __init__(self) -> None:
        super().__init__("This is your own work. Somebody else has to decide about it.")


class SameReviewer(NotGranted):
    """An appeal is decided by another than whom it is against."""

    code = "same_reviewer"

    def __init__(self) -> None:
        super().__init__("You rejected this clip. A second reviewer has to decide on the appeal.")


class ClipDeleted(Conflict):
    code = "clip_deleted"

    def __init__(self) -> None:
        super().__init__("Its artist deleted this clip meanwhile. Nothing was decided.")


class AlreadyDecided(Conflict):
    """`state` is what it is now."""

    code = "already_decided"

    def __init__(self, state: str) -> None:
        super().__init__(f"This was decided meanwhile: it is {state}.", state=state)
        self.state = state


class NotApproved(NotGranted):
    """The policy asks for a review before others see a clip, and none approved this one."""

    code = "not_approved"

    def __init__(self) -> None:
        super().__init__(
            "Clips are reviewed here before others see them. Submit this one for review first."
        )


class TakenDown(NotGranted):
    """An admin took the clip down; `reason` is the code of why (programme/reasons.py)."""

    code = "taken_down"

    def __init__(self, why: str, *, reason: str) -> None:
        super().__init__(f"An admin took this clip down: {why}", reason=reason)


class LinkEnded(NotFound):
    """Ended, expired, taken down, deleted and unknown alike."""

    code = "link_ended"

    def __init__(self) -> None:
        GreenroomError.__init__(
            self, "This link shows nothing any more. Ask whoever gave it to you for another one."
        )


class PromptRefused(GreenroomError):
    """A prompt met a rule of moderation: `rule` names it, `refusal` what can be appealed."""

    code, status = "prompt_refused", 422

    def __init__(self, reason: str, *, rule: str, refusal: str) -> None:
        super().__init__(
            f"{reason} Nothing was charged. You can appeal to a person, under Review and sharing.",
            rule=rule,
            refusal=refusal,
        )


class PictureRefused(PromptRefused):
    """The same for a picture or a film that a clip was to begin with."""

    code = "picture_refused"


class JudgeUnavailable(Unavailable):
    """A classifier of prompts or pictures failed or did not answer: nothing passes unseen."""

    code = "judge_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "What looks at prompts and pictures first does not answer. Nothing was drawn or "
            "charged. Try again in a minute; if it stays so, tell whoever runs this programme.",
            retry_after_s=60,
        )
