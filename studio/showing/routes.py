"""The addresses of what becomes of clips; the table of doors says who may knock."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from studio.showing import desk, mine, public

Row = tuple[str, Callable[..., Awaitable[Response]], str]

ROUTES: tuple[Row, ...] = (
    ("/gallery", public.show_gallery, "GET"),
    ("/gallery/feed.xml", public.send_feed, "GET"),
    ("/gallery/{clip_id}.{kind}", public.send_exhibit, "GET"),
    ("/gallery/{clip_id}", public.show_exhibit, "GET"),
    ("/shared/{secret}.{kind}", public.send_shared, "GET"),
    ("/shared/{secret}", public.show_link, "GET"),
    ("/showing", mine.show_mine, "GET"),
    ("/showing/list", mine.list_mine, "GET"),
    ("/showing/links/{share_id}/end", mine.end_link, "POST"),
    ("/showing/{clip_id}/submit", mine.submit, "POST"),
    ("/showing/{clip_id}/withdraw", mine.withdraw, "POST"),
    ("/showing/{clip_id}/appeal", mine.appeal, "POST"),
    ("/showing/{clip_id}/links", mine.make_link, "POST"),
    ("/showing/{clip_id}/publish", mine.publish, "POST"),
    ("/showing/{clip_id}/unpublish", mine.unpublish, "POST"),
    ("/backstage/reviews", desk.show_desk, "GET"),
    ("/backstage/reviews/list", desk.list_cases, "GET"),
    ("/backstage/reviews/decide", desk.decide, "POST"),
    ("/backstage/reviews/{clip_id}.{kind}", desk.send_case, "GET"),
    ("/backstage/shown/take-down", desk.take_down, "POST"),
    ("/backstage/shown/{clip_id}/restore", desk.restore, "POST"),
)
