"""The one place in the studio that reads the clock."""

import time


def now_ms() -> int:
    return time.time_ns() // 1_000_000
