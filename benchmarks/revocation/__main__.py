"""`python -m benchmarks.revocation`: how soon a revocation holds, and whether anything slips by.

A token is revoked, a fresh one each round, while it is used as fast as it can be:
- gate: four processes ask `Gate.admit`; another calls `revoke()`.
- web: four web processes on one Postgres and one Redis are asked `POST /jobs`; one of them is
  asked `POST /v1/tokens/revoke`.
- worker: a worker is in the middle of a clip; `revoke()` is called, the clip must stop.
Told are p50, p99 and the most over all rounds and processes, and how many admissions began after
the revocation had returned: there must be none. Both servers are started here and thrown away.

Expected before it was run, on two CPU cores that nothing else uses: p99 below 100 ms at the gate
and at the web, 100 ms and one step of drawing at the worker. At the web 60 ms are waited for on
purpose, in a yes as in a no (studio/refusals.py: FLOOR_S), while the work goes on: p50 60 to 70 ms.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from benchmarks.revocation import gate, web, worker
from tests.services import new_database, postgres_server, redis_server


def line(name: str, times_ns: Sequence[int]) -> str:
    ms = sorted(time_ns / 1e6 for time_ns in times_ns)
    p50, p99 = statistics.median(ms), ms[min(len(ms) - 1, int(len(ms) * 0.99))]
    return f"  {name:42} p50 {p50:8.1f}   p99 {p99:8.1f}   max {ms[-1]:8.1f} ms"


def tell(rounds: Sequence[gate.Round]) -> None:
    print(f"  {len(rounds)} tokens revoked")
    print(line("called → returned", [r.returned - r.called for r in rounds]))
    print(line("called → first refusal", [no - r.called for r in rounds for no in r.first_no]))
    after = [max(0, no - r.returned) for r in rounds for no in r.first_no]
    print(line("returned → first refusal", after))
    print(f"  admissions begun after it returned: {sum(r.late for r in rounds)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=50, help="at the gate and at the web")
    parser.add_argument("--clips", type=int, default=20, help="stopped at the worker")
    parser.add_argument("--only", choices=("gate", "web", "worker"))
    arguments = parser.parse_args()
    wanted = (arguments.only,) if arguments.only else ("gate", "web", "worker")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what it found is read while it runs
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # Postgres runs as another user
        (Path(folder) / "postgres").mkdir()
        with (
            postgres_server(Path(folder) / "postgres") as postgres,
            redis_server(Path(folder)) as redis,
        ):
            for redis_url, where in ((None, "the database"), (redis, "Redis")):
                if "gate" in wanted:
                    print(f"\ngate: {gate.PROCESSES} processes, rates and places in {where}")
                    tell(gate.run(new_database(postgres), redis_url, arguments.rounds))
            if "web" in wanted:
                print(f"\nweb: {gate.PROCESSES} processes on Postgres and Redis, over HTTP")
                tell(web.run(new_database(postgres), redis, Path(folder), arguments.rounds))
            if "worker" in wanted:
                stops = worker.run(new_database(postgres), redis, Path(folder), arguments.clips)
                print(f"\nworker: {len(stops)} clips in the middle, Postgres and Redis")
                print(line("revoke() called → the clip's row says stopped", stops))
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
