"""`python -m benchmarks.films`: how long an artist waits, from asking to a film that plays.

Starts Greenroom as `make run` does, in a folder of its own, and asks over /v1/videos as a script
would. What is timed is everything: the gate, the line, drawing, the frames in between, enlarging,
the forensic mark and its check, encoding, the signature, and the first bytes of the film. There is
no peer to compare with: beside each row stands the limit, set before anything was measured.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.services import free_port

ROOT = Path(__file__).parent.parent
PROMPT = "a red ball bouncing in a snowy forest"
#: What is asked for, and the limit in seconds on two cores.
CASES = (
    ("2 s native, quality", "448x256", 2, False, 10),
    ("2 s native, turbo", "448x256", 2, True, 2),
    ("10 s 1080p, quality", "1920x1080", 10, False, 30),
    ("10 s 1080p, turbo", "1920x1080", 10, True, 15),
)
FIRST_LIMIT_S = 15
GENEROUS = {
    f"GREENROOM_{whose}{limit}": "60000"
    for whose in ("", "BEARER_")
    for limit in ("RATE_PER_MINUTE", "CLIPS_PER_DAY", "GPU_SECONDS_PER_DAY")
}


@contextmanager
def greenroom(folder: Path) -> Iterator[tuple[httpx.Client, float]]:
    """A client that may make clips, and when the process was started."""
    port = free_port()
    mine = {"GREENROOM_DATA": str(folder), "GRADIO_SERVER_PORT": str(port), **GENEROUS}
    environment = os.environ | mine
    started = time.perf_counter()
    with (folder / "app.log").open("wb") as log:
        app = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        while not answers(url):
            if app.poll() is not None:
                sys.exit((folder / "app.log").read_text())
            time.sleep(0.02)
        token = key_for(environment, "Ada")
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
            yield client, started
    finally:
        app.terminate()
        app.wait(timeout=120)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.TransportError:
        return False


def key_for(environment: dict[str, str], name: str) -> str:
    def auth(*arguments: str) -> str:
        command = [sys.executable, "-m", "auth", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        ).stdout

    auth("tester", "add", name)
    said = auth("token", "issue", name, "--scope", "api", "--bearer")
    return next(word for word in said.split() if word.startswith("grm_"))


def film(client: httpx.Client, size: str, seconds: int, turbo: bool, seed: int) -> float:
    """Seconds from asking until the first kilobyte of the film is here."""
    asked = time.perf_counter()
    wish = {"prompt": PROMPT, "size": size, "seconds": str(seconds), "turbo": turbo, "seed": seed}
    made = client.post("/v1/videos", json=wish).raise_for_status().json()
    while made["status"] in ("queued", "in_progress"):
        time.sleep(0.02)
        made = client.get(f"/v1/videos/{made['id']}").raise_for_status().json()
    if made["status"] != "completed":
        sys.exit(f"the film {made['id']} ended as {made['status']}: {made['error']}")
    content = f"/v1/videos/{made['id']}/content"
    client.get(content, headers={"Range": "bytes=0-1023"}).raise_for_status()
    return time.perf_counter() - asked


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.films")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    arguments = parser.parse_args()
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    print(f"{os.cpu_count()} cores, no GPU; load {load}; {arguments.rounds} rounds")
    with tempfile.TemporaryDirectory() as name, greenroom(Path(name)) as (client, started):
        film(client, "448x256", 2, True, 0)
        first_s = time.perf_counter() - started
        print("| what | median | range | limit |\n|---|---|---|---|")
        print(f"| first film after the process starts | {first_s:.1f} s | | {FIRST_LIMIT_S} s |")
        for what, size, seconds, turbo, limit_s in CASES:
            if arguments.only in what:
                took = [film(client, size, seconds, turbo, k) for k in range(arguments.rounds)]
                print(
                    f"| {what} | {statistics.median(took):.1f} s "
                    f"| {min(took):.1f} to {max(took):.1f} s | {limit_s} s |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
