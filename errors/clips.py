"""Why there is no clip."""

from errors.anywhere import BadRequest
from errors.base import GreenroomError


class BadSpec(GreenroomError):
    """`field` names the input that is wrong."""

    code, status = "bad_spec", 422

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence, field=field)
        self.field = field


class NotReady(BadRequest):
    """What is asked of a video needs its film, and there is none. `state` is the video's."""

    code = "video_not_ready"

    def __init__(self, state: str) -> None:
        failed = "This video failed and has no film: ask for a new one."
        waiting = f"This video is {state.replace('_', ' ')}: ask again once it is completed."
        super().__init__(failed if state == "failed" else waiting, state=state)


class NotOffered(BadRequest):
    """Well said, and nothing that the models here can do."""

    code = "not_offered"


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
