"""Bytes on the wire that two readers could read differently are refused, and nobody is asked."""

import asyncio
import re
import socket
import time

import httptools
import pytest
import uvicorn
from httptools import HttpParserInvalidURLError
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from studio.parser import HEAD_MAX_BYTES, Parser
from studio.server import make_server
from tests.studio.conftest import House, Person

HOST = "Host: h\r\n"
# What a second reader might find behind a request, or within its body.
HIDDEN = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
MANY = "A: b\r\n" * 9_000
CHUNKED = "Transfer-Encoding: chunked\r\n"
BODY = f"0\r\n\r\n{HIDDEN}"


def post(headers: str, body: str = BODY, version: str = "1.1") -> str:
    return f"POST /sign-in HTTP/{version}\r\n{HOST}{headers}\r\n{body}"


REFUSED = {
    # where the request ends
    "length and coding": post(f"Content-Length: 5\r\n{CHUNKED}"),
    "coding and length": post(f"{CHUNKED}Content-Length: 5\r\n"),
    "two lengths": post("Content-Length: 5\r\nContent-Length: 5\r\n"),
    "two other lengths": post("Content-Length: 5\r\nContent-Length: 44\r\n"),
    "list of lengths": post("Content-Length: 5, 5\r\n"),
    "length with a sign": post("Content-Length: +5\r\n"),
    "negative length": post("Content-Length: -5\r\n"),
    "hexadecimal length": post("Content-Length: 0x5\r\n"),
    "length with a gap": post("Content-Length: 5 5\r\n"),
    "no length after all": post("Content-Length:\r\n"),
    "length beyond all numbers": post(f"Content-Length: {'9' * 30}\r\n"),
    "coding in front": post("Transfer-Encoding: gzip, chunked\r\n"),
    "coding behind": post("Transfer-Encoding: chunked, gzip\r\n"),
    "coding of none": post("Transfer-Encoding: identity\r\n"),
    "coding misspelt": post("Transfer-Encoding: xchunked\r\n"),
    "coding behind a tab": post("Transfer-Encoding: \x0bchunked\r\n"),
    "two codings": post(CHUNKED + CHUNKED),
    "coding in the old version": post(CHUNKED, version="1.0"),
    "space before the colon": post("Transfer-Encoding : chunked\r\n"),
    "chunk size with a mark": post(CHUNKED, f"0x0\r\n\r\n{HIDDEN}"),
    "chunk size with a space": post(CHUNKED, f"0 \r\n\r\n{HIDDEN}"),
    "chunk that ends in a bare LF": post(CHUNKED, f"0\n\n{HIDDEN}"),
    "chunk longer than it says": post(CHUNKED, f"1\r\nab\r\n0\r\n\r\n{HIDDEN}"),
    # where a line ends
    "bare LF everywhere": HIDDEN.replace("\r", ""),
    "bare LF after a header": f"GET /jobs HTTP/1.1\r\nA: b\n{HOST}\r\n",
    "bare LF at the end": f"GET /jobs HTTP/1.1\r\n{HOST}\n",
    "bare CR in a header": f"GET /jobs HTTP/1.1\r\n{HOST}A: b\rC: d\r\n\r\n",
    "nothing at all in a header": f"GET /jobs HTTP/1.1\r\n{HOST}A: b\x00c\r\n\r\n",
    "folded header": f"GET /jobs HTTP/1.1\r\n{HOST}A: b\r\n c\r\n\r\n",
    "folded by a tab": f"GET /jobs HTTP/1.1\r\n{HOST}A: b\r\n\tc\r\n\r\n",
    "folded first header": f"GET /jobs HTTP/1.1\r\n {HOST}\r\n",
    "header without a colon": f"GET /jobs HTTP/1.1\r\n{HOST}abc\r\n\r\n",
    "header without a name": f"GET /jobs HTTP/1.1\r\n{HOST}: abc\r\n\r\n",
    # what is asked for
    "address of a host": f"GET http://h/healthz HTTP/1.1\r\n{HOST}\r\n",
    "address of another host": f"GET http://elsewhere.example/healthz HTTP/1.1\r\n{HOST}\r\n",
    "fragment": f"GET /healthz#x HTTP/1.1\r\n{HOST}\r\n",
    "asterisk": f"OPTIONS * HTTP/1.1\r\n{HOST}\r\n",
    "tunnel": f"CONNECT h:80 HTTP/1.1\r\n{HOST}\r\n{HIDDEN}",
    "not a path": f"GET healthz HTTP/1.1\r\n{HOST}\r\n",
    "two words": f"GET /healthz /x HTTP/1.1\r\n{HOST}\r\n",
    "beyond ASCII": f"GET /healthz\xff HTTP/1.1\r\n{HOST}\r\n",
    "method in small letters": f"get /healthz HTTP/1.1\r\n{HOST}\r\n",
    "method nobody knows": f"FETCH /healthz HTTP/1.1\r\n{HOST}\r\n",
    # of whom, and how
    "no host": "GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": f"GET /healthz HTTP/1.1\r\n{HOST}{HOST}\r\n",
    "two hosts in the old version": f"GET /healthz HTTP/1.0\r\n{HOST}{HOST}\r\n",
    "older version": f"GET /healthz HTTP/0.9\r\n{HOST}\r\n",
    "oldest version": "GET /healthz\r\n\r\n",
    "newer version": f"GET /healthz HTTP/2.0\r\n{HOST}\r\n",
    "newest version begun": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    # how much
    "long header": f"GET /healthz HTTP/1.1\r\n{HOST}A: {'b' * HEAD_MAX_BYTES}\r\n\r\n",
    "many headers": f"GET /healthz HTTP/1.1\r\n{HOST}{MANY}\r\n",
    "long address": f"GET /{'b' * HEAD_MAX_BYTES} HTTP/1.1\r\n{HOST}\r\n",
    "long trailers": post(CHUNKED, f"0\r\n{MANY}\r\n"),
}


def say(house: House, words: str) -> tuple[list[int], bytes]:
    """Statuses of what comes back until the server closes, or has said nothing for long."""
    settings = house.parts.settings
    with socket.create_connection((settings.host, settings.port), timeout=20) as wire:
        wire.sendall(words.encode("latin-1"))
        try:
            answer = b"".join(iter(lambda: wire.recv(65536), b""))
        except ConnectionResetError:  # it closed before it had read all
            answer = b"HTTP/1.1 400 "
    return [int(status) for status in re.findall(rb"HTTP/1.1 (\d{3}) ", answer)], answer


def test_the_house_reads_requests_with_this_parser(house: House) -> None:
    """Not with whichever is installed: `auto` takes what it finds."""
    assert make_server(house.parts).config.http is Parser


@pytest.mark.parametrize("words", REFUSED.values(), ids=REFUSED)
def test_ambiguous_request_is_refused_whole_and_the_connection_closed(
    house: House, words: str
) -> None:
    """One answer: nothing behind it, or within it, was read as a request of its own."""
    statuses, answer = say(house, words)
    assert statuses == [400]
    assert b"ok" not in answer


FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
PLAIN = f"GET /healthz HTTP/1.1\r\n{HOST}"


@pytest.mark.parametrize(
    ("words", "statuses"),
    [
        (f"{PLAIN}Connection: close\r\n\r\n", [200]),
        (f"\r\n{PLAIN}Connection: close\r\n\r\n", [200]),
        (f"GET /healthz HTTP/1.0\r\n{HOST}\r\n", [200]),
        ("GET /healthz HTTP/1.0\r\n\r\n", [200]),
        (f"{PLAIN}\r\n{PLAIN}\r\n{PLAIN}Connection: close\r\n\r\n", [200, 200, 200]),
        (f"{PLAIN}A: {'b' * 8_000}\r\nConnection: close\r\n\r\n", [200]),
        (f"{PLAIN}Connection: close\r\n\r\n{HIDDEN}", [200]),
        (
            f"POST /v1/tokens/revoke HTTP/1.1\r\n{HOST}{FORM}{CHUNKED}Connection: close\r\n\r\n"
            "3\r\ntok\r\n4;a=b\r\nen=x\r\n0\r\n\r\n",
            [200],
        ),
        (f"GET /jobs HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n", [401]),
    ],
)
def test_plain_request_is_answered_each_in_its_turn(
    house: House, words: str, statuses: list[int]
) -> None:
    assert say(house, words)[0] == statuses


async def test_each_request_is_stamped_with_when_it_had_come() -> None:
    seen: list[int] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append(scope["state"]["arrived_ns"])
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    config = uvicorn.Config(app, http=Parser, lifespan="off", log_config=None)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: Parser(config, ServerState(), {}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    before = time.monotonic_ns()
    writer.write(f"{PLAIN}\r\n{PLAIN}Connection: close\r\n\r\n".encode())
    assert (await reader.read()).count(b"HTTP/1.1 204") == 2
    assert before < seen[0] < seen[1] < time.monotonic_ns()
    writer.close()
    server.close()


def test_trailers_are_no_headers(house: House, ada: Person) -> None:
    """A credential, or whom a proxy heard, in a part that a proxy may not have looked at."""
    token = house.api_token(ada, bearer=True)
    start = f"POST /jobs HTTP/1.1\r\n{HOST}{CHUNKED}Connection: close\r\n"
    trailing = f"0\r\nAuthorization: Bearer {token}\r\n\r\n"
    assert say(house, f"{start}\r\n{trailing}")[0] == [401]
    in_front = f"{start}Authorization: Bearer {token}\r\n\r\n0\r\n\r\n"
    assert say(house, in_front)[0] == [400]  # let in, and its body is no wish


def test_head_that_never_ends_is_cut_off(house: House) -> None:
    settings = house.parts.settings
    with socket.create_connection((settings.host, settings.port), timeout=20) as wire:
        wire.sendall(f"GET /healthz HTTP/1.1\r\n{HOST}A: ".encode())
        with pytest.raises(ConnectionError):
            wire.sendall(b"b" * 2**24)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40))
@example("/jobs")
@example("//h/jobs")
@example("/a?b?c")
@example("/:80@h/x")
def test_path_of_a_target_is_all_that_stands_before_its_query(text: str) -> None:
    """So what the parser splits off is what was sent: nothing is taken off, or decoded."""
    target = f"/{text.replace('#', '')}".encode()
    try:
        url = httptools.parse_url(target)
    except HttpParserInvalidURLError:
        return
    path, _, query = target.partition(b"?")
    assert (url.path, url.query or b"") == (path, query)
