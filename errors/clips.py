"""Why there is no clip."""

from errors.base import GreenroomError


class BadSpec(GreenroomError):
    """`field` names the input that is wrong."""

    code, status = "bad_spec", 422

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence, field=field)
        self.field = field


class RenderFailed(GreenroomError):
    code, status = "render_failed", 500


class WeightsCorrupt(RenderFailed):
    """`path` is relative to the weights folder."""

    code = "weights_corrupt"

    def __init__(self, sentence: str, *, path: str) -> None:
        super().__init__(sentence, path=path)


class WorkerLost(RenderFailed):
    code = "worker_lost"


class StoreFailed(RenderFailed):
    code, status = "store_failed", 507


class Stopped(GreenroomError):
    """`reason` is `cancelled` (by its artist) or `revoked` (the token that admitted it)."""

    code, status = "stopped", 409

    def __init__(self, sentence: str, *, reason: str) -> None:
        super().__init__(sentence, reason=reason)
        self.reason = reason
