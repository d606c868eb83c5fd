"""Thousands of open event streams: `python -m benchmarks.live`.

Ours: `app.py` as it is deployed, without a worker, on SQLite and a Redis. As many testers as
streams, each with a token and a clip that is being drawn, open `/jobs/ID/events`, all at once, and
keep it open; a stand-in for the workers publishes looks at those clips at a steady rate, each to
one stream. Told: how long a look took to its stream, streams that failed, looks that never came,
and the process's memory as it begins, after a quarter and a half of the looks, and at the end.

Gradio: a Blocks with one event that does nothing, no sign-in, its queue unlimited. The same client
asks for that event from as many streams at once and waits for each to be completed.

Both sides answer to the same question: how long until what happened reaches the stream that waits
for it? The servers run one after the other, each alone.

Expected before it was run, on two cores that nothing else uses: ours, at 250 looks a second into
2,000 streams, p99 below 0.5 s, no error, memory within 5 %; Gradio at 2,000 a p99 above 30 s, or
errors.
"""

import argparse
import os
from contextlib import nullcontext
from importlib.metadata import version

from benchmarks.live.gradio_side import watch_gradio
from benchmarks.live.greenroom_side import watch_greenroom
from benchmarks.live.servers import own_redis


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--redis-url", help="a Redis that nobody else uses; else one is started")
    parser.add_argument("--streams", type=int, default=2_000)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=250, help="looks a second")
    parser.add_argument("--skip-gradio", action="store_true")
    asked = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "starlette", "gradio"))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; {packages}")
    with nullcontext(asked.redis_url) if asked.redis_url else own_redis() as redis_url:
        told = watch_greenroom(redis_url, asked.streams, asked.events, asked.rate)
    print(told.lines(f"Greenroom, {asked.streams} streams"), flush=True)
    if not asked.skip_gradio:
        for count in sorted({min(64, asked.streams), min(500, asked.streams), asked.streams}):
            print(watch_gradio(count).lines(f"Gradio's queue, {count}"), flush=True)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
