"""Serving until somebody says stop, and leaving without losing anything."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from errors import BootRefused
from jobs.supervisor import Supervisor
from settings import Settings
from studio.caretaking import Caretaker
from studio.keeping import Keeper
from studio.parser import Parser
from studio.parts import Parts
from studio.site import build_site
from studio.visits import Visits
from studio.webhooks.courier import Courier


class Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # `serve` listens itself: open streams and the worker have to end as well


async def serve(parts: Parts, supervisor: Supervisor, greet: Callable[[], str]) -> None:
    """Serve until SIGTERM or Ctrl-C; then end the streams and let the worker drain.

    What `greet()` says is printed once the address is ours. Raises BootRefused where it is taken.
    """
    listening, server, keeper = bind(parts.settings), make_server(parts), Keeper(parts)
    courier, caretaker = Courier(parts.database, parts.settings), Caretaker(parts)

    def leave() -> None:
        server.force_exit = server.should_exit  # asked twice: wait for nobody
        server.should_exit = True
        parts.leases.shut_down()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, leave)
    await parts.hub.start()
    await keeper.start()
    await courier.start()
    await caretaker.start()
    await supervisor.start()
    gc.collect()
    gc.freeze()  # what was loaded stays: looking through it again stops every stream for long
    print(greet(), flush=True)
    try:
        await server.serve(sockets=[listening])
    finally:
        await supervisor.stop()
        await caretaker.stop()
        await courier.stop()
        await keeper.stop()
        await parts.hub.stop()


def make_server(parts: Parts) -> Server:
    """No access log, since addresses of clips would be in it; no belief in proxies' headers.

    The parser is named (parser.py): uvicorn would take whichever is installed, and what a request
    means would then hang on the machine.
    """
    return Server(
        uvicorn.Config(
            Visits(build_site(parts)),
            http=Parser,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=5,
        )
    )


def bind(settings: Settings) -> socket.socket:
    """What we listen at. Raises BootRefused where the address is taken."""
    try:
        listening = socket.create_server((settings.host, settings.port), backlog=2048)
    except OSError as error:
        raise BootRefused(
            f"Port {settings.port} of {settings.host} cannot be used: {error.strerror}. "
            "Set GRADIO_SERVER_PORT to another one."
        ) from error
    # asyncio does so only for sockets it made itself. Without it each answer of two parts waits
    # for the other side's delayed acknowledgement, 40 ms (RFC 896 beside RFC 1122, 4.2.3.2).
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
