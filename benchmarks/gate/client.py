"""A small client of HTTP/1.1: what a large one costs a request would hide what the sides cost."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """What came of some requests: how long all of them took together, and each.

    cpu_s  processor time that the server spent on them
    """

    seconds: float
    each_ms: Sequence[float]
    cpu_s: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.each_ms) / self.seconds

    @property
    def mean_ms(self) -> float:
        return sum(self.each_ms) / len(self.each_ms)

    @property
    def cpu_ms(self) -> float:
        return self.cpu_s * 1000 / len(self.each_ms)

    @property
    def p99_ms(self) -> float:
        return sorted(self.each_ms)[int(len(self.each_ms) * 0.99)]


async def ask(
    port: int,
    token: str,
    requests: int,
    at_once: int,
    *,
    per_second: float | None = None,
    bad: bool = False,
) -> Asked:
    """GET /v1/models so often, over `at_once` connections that stay open.

    per_second  asked at this pace, all connections together; None: as fast as answers come. A
                request that its connection is late for counts from when it was due.
    bad         the token is nobody's: any answer will do, and each connection has an address of
                its own
    Raises RuntimeError for another status than 200.
    """
    head = f"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    request = f"{head}Authorization: Bearer {token}\r\n\r\n".encode()
    each_ms: list[float] = []
    left = iter(range(requests))

    async def work(number: int) -> None:
        address = (f"127.0.1.{number + 1}" if bad else "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=address)
        for turn in left:
            began = time.perf_counter()
            if per_second is not None:
                due = first + turn / per_second
                await asyncio.sleep(due - began)
                began = due
            writer.write(request)
            status = await read_answer(reader)
            each_ms.append((time.perf_counter() - began) * 1000)
            if status != b"200" and not bad:
                raise RuntimeError(f"port {port} answered {status.decode()}")
        writer.close()

    first = time.perf_counter()
    await asyncio.gather(*(work(number) for number in range(at_once)))
    return Asked(time.perf_counter() - first, each_ms)


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """Read one answer to its end; its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if b"content-length" in fields:
        await reader.readexactly(int(fields[b"content-length"]))
    elif fields.get(b"transfer-encoding") == b"chunked":
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    return head.split(b" ", 2)[1]
