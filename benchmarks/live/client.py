"""The smallest client there is, the same for every side: one process, sockets, lines."""

import asyncio
import json
import statistics
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Told:
    """What one side came to. Latencies in seconds; memory in MB, as it was at each look.

    opened_s  from asking for a stream to its first event
    came_s    from what happened to its arrival on the stream that waits for it
    overtaken  looks that never came since a newer one of the same clip did
    opening_cpu_s  what the server's process computed for, to open them
    cpu_s     and for everything after
    """

    asked: int
    opened_s: list[float] = field(default_factory=list)
    came_s: list[float] = field(default_factory=list)
    overtaken: int = 0
    failed: list[str] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    opening_cpu_s: float = 0.0
    cpu_s: float = 0.0

    def lines(self, name: str) -> str:
        memory = " → ".join(f"{mb:.0f}" for mb in self.memory_mb)
        rows = [f"{name}: {spread(self.came_s)}, {len(self.came_s)} of {self.asked} came"]
        if self.overtaken:
            rows[0] += f", {self.overtaken} overtaken"
        if self.opened_s:
            each_ms = 1000 * self.opening_cpu_s / len(self.opened_s)
            opened = f"to the first event: {spread(self.opened_s)}, {each_ms:.2f} ms CPU each"
            rows.append(f"  all opened at once, {opened}")
        rows.append(f"  {len(self.failed)} failed {sorted(set(self.failed))[:3] or ''}")
        rows.append(
            f"  memory {memory} MB; {1000 * self.cpu_s / max(self.asked, 1):.2f} ms CPU each"
        )
        return "\n".join(rows)


def spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds) or [float("nan")]
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    middle = statistics.median(ordered)
    return f"p50 {middle:.3f} s, p99 {p99:.3f} s, most {ordered[-1]:.3f} s"


async def ask(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """Send one request; its status, and what follows its headers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    lines = [f"{method} {path} HTTP/1.1", f"host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"content-length: {len(body)}", "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    head = await reader.readuntil(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), reader, writer


async def data_lines(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, object]]:
    """The data of each event; sizes of chunks and everything else are passed over."""
    async for line in reader:
        if line.startswith(b"data:"):
            yield json.loads(line[5:])
