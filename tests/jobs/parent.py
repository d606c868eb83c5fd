"""A web process that only watches over its worker, for tests to kill. Prints the worker's id."""

import asyncio

from jobs.live import Hub
from jobs.supervisor import Supervisor
from settings import Settings


async def main() -> None:
    hub = Hub()
    await hub.start()
    supervisor = Supervisor(Settings.read(), hub)
    await supervisor.start()
    while supervisor.worker is None:
        await asyncio.sleep(0.01)
    print(supervisor.worker.pid, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
