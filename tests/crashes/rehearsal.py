"""A rehearsal: kill things at random while testers ask for clips, then count what is left."""

import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from settings import Settings
from tests.crashes.load import Asker, enrol, turn_switches
from tests.crashes.reckoning import endings, reckon, wait_until_quiet
from tests.crashes.town import Town, town

ASKERS, ASK_EVERY_S = 4, 1.0
SETTLE_S = 120


@dataclass(frozen=True)
class Outcome:
    """wrong: name → how many of what must not be."""

    kills: Counter[str]
    promised: int
    answers: Counter[int]
    ended: Counter[str]
    wrong: dict[str, int]
    took_s: float


def rehearse(kills: int, seed: int, pause_s: float, *, keep: bool = False) -> Outcome:
    """Kill `kills` things, `pause_s` apart on average, and reckon when everything is quiet."""
    folder = Path(tempfile.mkdtemp(prefix="greenroom-crashes-"))
    folder.chmod(0o755)  # Postgres, a user of its own, has to pass
    try:
        with town(folder) as built:
            return run(built, kills, random.Random(seed), pause_s)
    finally:
        if keep:
            print(f"The logs are in {folder}.")
        else:
            shutil.rmtree(folder)


def run(built: Town, kills: int, dice: random.Random, pause_s: float) -> Outcome:
    started, over = time.monotonic(), threading.Event()
    settings = Settings.read({"GREENROOM_DATA": str(built.folder / "here"), **built.environ})
    keys = enrol(settings, *(f"tester {number}" for number in range(ASKERS)))
    askers = [
        Asker(key.text, built.ports, ASK_EVERY_S, random.Random(dice.random()), over)
        for key in keys
    ]
    threads = [threading.Thread(target=asker.run) for asker in askers]
    (idle,) = enrol(settings, "somebody who asks for nothing")
    turning = (settings, f"token:{idle.id}", over)
    threads.append(threading.Thread(target=turn_switches, args=turning))
    for thread in threads:
        thread.start()
    done: Counter[str] = Counter()
    while done.total() < kills:
        time.sleep(dice.uniform(0, 2 * pause_s))
        done[built.kill_something(dice)] += 1
        print(f"{done.total()} of {kills}: {done}", flush=True)
    over.set()
    built.wait_until_open(built.ports)
    for thread in threads:
        thread.join()
    promised = [job_id for asker in askers for job_id in asker.taken]
    built.start_what_is_gone()
    wait_until_quiet(settings, SETTLE_S)
    return Outcome(
        kills=done,
        promised=len(promised),
        answers=sum((Counter(asker.answers) for asker in askers), Counter[int]()),
        ended=endings(settings),
        wrong=reckon(built, settings, promised),
        took_s=time.monotonic() - started,
    )
