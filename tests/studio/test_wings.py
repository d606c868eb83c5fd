"""Routes that are found by their first word are the ones that looking through all would find."""

import re
from itertools import product
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Mount, Route, Router
from starlette.testclient import TestClient

from studio.site import routes
from studio.wings import CHOSEN, Wings
from tests.studio.conftest import House


def at(path: str, said: str, method: str = "GET") -> Route:
    async def endpoint(_request: Request) -> Response:
        return PlainTextResponse(said)

    return Route(path, endpoint, methods=[method])


def scope_of(method: str, path: str) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


def first_of_all(found: list[Any], scope: dict[str, Any]) -> Any:
    """What Starlette's router chooses of a list."""
    matches = [(route, route.matches(scope)[0]) for route in found]
    for wanted in (Match.FULL, Match.PARTIAL):
        for route, match in matches:
            if match is wanted:
                return route
    return None


def test_matches_choose_for_every_address_what_the_whole_list_would(house: House) -> None:
    all_routes = routes(house.parts)
    wings, asked = Wings(all_routes), 0
    for route, method in product(all_routes, ("GET", "HEAD", "POST", "DELETE")):
        for path in (re.sub(r"\{[^}]*\}", "0" * 32, route.path), f"{route.path}/more", "/nowhere"):
            match, more = wings.matches(scope_of(method, path))
            wanted = first_of_all(all_routes, scope_of(method, path))
            assert more.get(CHOSEN) is wanted
            assert (match is Match.NONE) == (wanted is None)
            asked += 1
    assert asked > 1_000


def test_routes_of_one_word_are_told_apart_and_carried_out() -> None:
    inside = Mount("/c", routes=[at("/deep", "deep")])
    found = [at("/", "root"), at("/a", "a"), at("/a", "a too", "POST"), at("/a/{b}", "ab"), inside]
    client = TestClient(Router([Wings(found)]))
    for method, path, status, said in (
        ("GET", "/", 200, "root"),
        ("GET", "/a", 200, "a"),
        ("POST", "/a", 200, "a too"),
        ("DELETE", "/a", 405, "Method Not Allowed"),
        ("GET", "/a/x", 200, "ab"),
        ("GET", "/c/deep", 200, "deep"),
        ("GET", "/b", 404, "Not Found"),
    ):
        answer = client.request(method, path)
        assert (answer.status_code, answer.text) == (status, said)


def test_path_that_begins_with_a_parameter_is_refused() -> None:
    with pytest.raises(ValueError, match="parameter"):
        Wings([at("/{anything}", "x")])
