"""How a job ends without a clip: the columns that say so, and the words a person reads."""

from errors import GreenroomError, RenderFailed, Stopped

SENTENCES = {
    "cancelled": "You stopped this clip. It was not charged.",
    "by_admin": "An admin stopped this clip. It was not charged.",
    "revoked": "The token that asked for this clip was revoked. It was not charged.",
    "suspended": "Making clips was paused. This one was stopped and not charged.",
}
LOST = "The machine that drew this clip went away twice. It was not charged. Try again."
BROKEN = "Something broke while this clip was drawn. It was not charged. Try again."


def stopped(reason: str) -> dict[str, str]:
    """The columns of a job that was stopped for `reason`, its sentence included."""
    return {
        "state": "stopped",
        "stop_reason": reason,
        "error_code": Stopped.code,
        "error_sentence": SENTENCES.get(reason, "This clip was stopped. It was not charged."),
    }


def failed(error: Exception) -> dict[str, str]:
    """The columns of a job that ended with `error`."""
    told = error if isinstance(error, GreenroomError) else RenderFailed(BROKEN)
    return {"state": "failed", "error_code": told.code, "error_sentence": str(told)[:400]}
