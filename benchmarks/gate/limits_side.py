"""A peer: `limits`, a window of a minute and one of a day. `limits_side.py STORAGE`.

For each number on standard input it decides so often, and prints the seconds that took.
"""

import sys
import time

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

limiter = FixedWindowRateLimiter(storage_from_string(sys.argv[1]))
MINUTE, DAY = RateLimitItemPerMinute(10_000_000), RateLimitItemPerDay(1_000_000_000)
for line in sys.stdin:
    began = time.perf_counter()
    for number in range(int(line)):
        assert limiter.hit(MINUTE, "tester", str(number % 100))
        assert limiter.hit(DAY, "tester", str(number % 100))
    print(time.perf_counter() - began, flush=True)
