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

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        found: tuple[Match, Scope] = (Match.NONE, {})
        if scope["type"] != "http":
            return found
        for route in self.wings.get(first_word(scope["path"]), ()):
            match, more = route.matches(scope)
            if match.value > found[0].value:
                found = (match, {**more, CHOSEN: route})
            if match is Match.FULL:
                break
        return found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[CHOSEN].handle(scope, receive, send)


def first_word(path: str) -> str:
    return path[1:].partition("/")[0]
