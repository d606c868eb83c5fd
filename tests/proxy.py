"""A TCP proxy that a test can cut, let hang and mend: it stands between us and a real server."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Forwards to `target_port` while it is `open`. Lives on its own thread's event loop."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.loop = asyncio.new_event_loop()
        self.hanging = asyncio.Event()
        self.writers: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None
        self.port = 0

    def call(self, change: str) -> None:
        """`open`, `cut` (connections end, new ones are refused) or `hang` (nothing comes back)."""
        asyncio.run_coroutine_threadsafe(getattr(self, change)(), self.loop).result(20)

    async def open(self) -> None:
        self.hanging.clear()
        if self.server is None:
            self.server = await asyncio.start_server(self.join, "127.0.0.1", self.port)
            self.port = self.server.sockets[0].getsockname()[1]

    async def hang(self) -> None:
        self.hanging.set()

    async def cut(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None
        for writer in list(self.writers):
            writer.close()

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            both = {writer, far_writer}
            self.writers |= both
            await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))
            self.writers -= both

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                if not self.hanging.is_set():
                    writer.write(chunk)
                    await writer.drain()
        writer.close()


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """An open proxy before the server on `port`."""
    proxy = Proxy(port)
    thread = threading.Thread(target=proxy.loop.run_forever, daemon=True)
    thread.start()
    proxy.call("open")
    try:
        yield proxy
    finally:
        proxy.call("cut")
        proxy.loop.call_soon_threadsafe(proxy.loop.stop)
        thread.join(20)
