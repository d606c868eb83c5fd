"""The web process's watch over its worker: a process of its own, started again when it dies."""

import asyncio
import logging
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from jobs.live import Hub
from settings import Settings

log = logging.getLogger("greenroom.jobs")

HOUSE = Path(__file__).parent.parent
COMMAND = (sys.executable, "-m", "jobs", "--until-stdin-closes")
# A worker that dies is started again after this long, doubling while it dies young.
FIRST_WAIT_S, LONGEST_WAIT_S, YOUNG_S = 0.2, 30.0, 10.0
STOP_S = 30.0


class Supervisor:
    """Keeps one worker running between start and stop. Lives on the hub's event loop."""

    def __init__(self, settings: Settings, hub: Hub, command: tuple[str, ...] = COMMAND) -> None:
        self.settings, self.hub, self.command = settings, hub, command
        self.worker: asyncio.subprocess.Process | None = None
        self.watch: asyncio.Task[None] | None = None
        self.stopping = False

    async def start(self) -> None:
        """Does nothing where the settings say that workers run elsewhere."""
        if not self.settings.worker:
            return
        self.watch = asyncio.create_task(self.keep_running())

    async def stop(self, limit_s: float = STOP_S) -> None:
        """Let the worker finish or hand back the job in hand; kill it after `limit_s`."""
        self.stopping = True
        if self.watch is None:
            return
        if self.worker is None:
            self.watch.cancel()
        else:
            self.worker.terminate()
        done, _ = await asyncio.wait([self.watch], timeout=limit_s)
        if not done and self.worker is not None:
            self.worker.kill()
        with suppress(asyncio.CancelledError):
            await self.watch

    async def keep_running(self) -> None:
        wait_s = FIRST_WAIT_S
        while True:
            started = time.monotonic()
            try:
                ended = f"with status {await self.run_once()}"
            except OSError as error:
                ended = f"before it began: {error.strerror}"
            if self.stopping:
                return
            log.warning("the worker ended %s; starting it again in %.1f s", ended, wait_s)
            await asyncio.sleep(wait_s)
            young = time.monotonic() - started < YOUNG_S + wait_s
            wait_s = min(wait_s * 2, LONGEST_WAIT_S) if young else FIRST_WAIT_S

    async def run_once(self) -> int:
        """Start a worker and hand on what it tells until it ends; its exit status."""
        self.worker = await asyncio.create_subprocess_exec(
            *self.command,
            env=os.environ | environment(self.settings),
            stdin=asyncio.subprocess.PIPE,  # its end tells the worker that we are gone
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us; we tell the worker
        )
        assert self.worker.stdout is not None
        async for line in self.worker.stdout:
            self.hub.take(line)
        status = await self.worker.wait()
        self.worker = None
        return status


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make another process read the settings a worker needs as ours are."""
    return {
        "GREENROOM_DATA": str(settings.data),
        "GREENROOM_DATABASE_URL": settings.database_url,
        "GREENROOM_REDIS_URL": settings.redis_url or "",
        "GREENROOM_SECRET": settings.secret,
        "GREENROOM_MEDIA": settings.media,
        "GREENROOM_LOST_SECONDS": str(settings.lost_s),
        "GREENROOM_LOG": settings.log,
        "GREENROOM_METRICS_TOKEN": settings.metrics_token or "",
        "GREENROOM_WORKER_METRICS": ":".join(map(str, settings.worker_metrics or ())),
        "OTEL_EXPORTER_OTLP_ENDPOINT": settings.traces_to or "",
        "PYTHONPATH": os.pathsep.join([str(HOUSE), os.environ.get("PYTHONPATH", "")]),
    }
