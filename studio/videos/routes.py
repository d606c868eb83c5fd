"""The addresses under `/v1`, for the site to open; doors.py says for whom."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from studio.videos import content, creating, listing

Row = tuple[str, Callable[..., Awaitable[Response]], str]

ROUTES: tuple[Row, ...] = (
    ("/v1/videos", creating.create, "POST"),
    ("/v1/videos", listing.list_all, "GET"),
    ("/v1/videos/edits", creating.edit, "POST"),
    ("/v1/videos/extensions", creating.extend, "POST"),
    ("/v1/videos/characters", creating.refuse_character, "POST"),
    ("/v1/videos/characters/{character_id}", creating.refuse_character, "GET"),
    ("/v1/videos/{video_id}", listing.retrieve, "GET"),
    ("/v1/videos/{video_id}", content.remove, "DELETE"),
    ("/v1/videos/{video_id}/content", content.download, "GET"),
    ("/v1/videos/{video_id}/remix", creating.remix, "POST"),
    ("/v1/models", listing.list_models, "GET"),
    ("/v1/models/{name}", listing.show_model, "GET"),
)
