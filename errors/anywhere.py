"""Refusals that any part can give."""

from errors.base import GreenroomError


class NotFound(GreenroomError):
    """Missing and somebody else's alike."""

    code, status = "not_found", 404

    def __init__(self) -> None:
        super().__init__("There is nothing here, or it is not yours.")


class BadRequest(GreenroomError):
    code, status = "bad_request", 400


class Conflict(GreenroomError):
    code, status = "conflict", 409


class Unavailable(GreenroomError):
    code, status = "unavailable", 503

    def __init__(self, sentence: str, *, retry_after_s: int) -> None:
        super().__init__(sentence, retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s


class StoreUnavailable(Unavailable):
    """Redis, which counts for many web processes, is away or being filled."""

    code = "store_unavailable"


class BootRefused(GreenroomError):
    code = "boot_refused"
