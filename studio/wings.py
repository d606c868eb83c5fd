"""Our routes, found by the first word of their path: looking through all of them takes a while."""

from collections import defaultdict
from collections.abc import Sequence

from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Receive, Scope, Send

CHOSEN = "greenroom.route"


class Wings(BaseRoute):
    """Stands for `routes` as one: the first that takes a request wholly, else the first in part.

    The first word of each path must be spelt out. Raises ValueError for one that is a parameter.
    """

    def __init__(self, routes: Sequence[Route | Mount]) -> None:
        self.routes = routes
        self.wings: dict[str, list[Route | Mount]] = defaultdict(list)
        for route in routes:
            word = first_word(route.path)
            if "{" in word:
                raise ValueError(f"{route.path} begins with a parameter")
            self.wings[word].append(route)
        # Of a path that is spelt out whole: only those that could take it.
        self.rooms = {
            route.path: [
                other
                for other in self.wings[first_word(route.path)]
                if other.path_regex.match(route.path)
            ]
            for route in routes
            if isinstance(route, Route) and "{" not in route.path
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        partly: tuple[Match, Scope] = (Match.NONE, {})
        for route in self.rooms.get(path) or self.wings.get(first_word(path), []):
            match, more = route.matches(scope)
            if match is Match.FULL:
                return match, {**more, CHOSEN: route}
            if match is Match.PARTIAL and partly[0] is Match.NONE:
                partly = (match, {**more, CHOSEN: route})
        return partly

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[CHOSEN].handle(scope, receive, send)


def first_word(path: str) -> str:
    return path[1:].partition("/")[0]
