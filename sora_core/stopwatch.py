"""How long each stage of some work took."""

import time


class Stopwatch:
    """Runs from the start; each lap goes to one stage."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = {}
        self.lap_began = time.perf_counter()

    def lap(self, stage: str) -> None:
        """What passed since the last lap was spent on `stage`."""
        now = time.perf_counter()
        self.spent_s[stage] = self.spent_s.get(stage, 0.0) + now - self.lap_began
        self.lap_began = now
