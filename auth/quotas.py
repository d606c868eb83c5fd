"""One limit at one moment: what is left of it, and the refusal when nothing is."""

from collections.abc import Iterable
from dataclasses import dataclass

from auth.limits import DAY_MS, MINUTE_MS, Bound, Limits
from auth.words import count, lasting
from errors import TooMany

# When a clip will end is not the gate's to know: a moment after which it is worth asking again.
ASK_AGAIN_S = 10
WINDOW_S = {
    "rate_per_minute": 60,
    "rate_per_day": 86_400,
    "clips_per_day": 86_400,
    "gpu_ms_per_day": 86_400,
}


@dataclass(frozen=True)
class Quota:
    """A limit and what is left of it for one subject.

    name     the limit's, as in `Limits`
    limit    in calls, clips or GPU milliseconds
    reset_s  whole seconds until more of it is there; None where time brings nothing back, and
             where all of it is there
    """

    name: str
    subject: str
    limit: int
    left: int
    reset_s: int | None


@dataclass(frozen=True)
class Meters:
    """What a store counts for one subject.

    minute_ms, day_ms  when the calls so far would have come at the even pace of each rate
    held               clips waiting or being drawn
    """

    minute_ms: int = 0
    day_ms: int = 0
    held: int = 0

    def with_one_more(self, limits: Limits, now_ms: int) -> "Meters":
        """What is counted once a call has passed."""
        return Meters(
            moved(self.minute_ms, limits.rate_per_minute, MINUTE_MS, now_ms),
            moved(self.day_ms, limits.rate_per_day, DAY_MS, now_ms),
            self.held + 1,
        )


def pace_ms(rate: int, window_ms: int) -> int:
    """The time between two calls at an even pace, rounded up."""
    return -(-window_ms // rate)


def moved(arrival_ms: int, rate: int | None, window_ms: int, now_ms: int) -> int:
    """An arrival after one more call."""
    return max(arrival_ms, now_ms) + pace_ms(rate, window_ms) if rate else arrival_ms


def seconds(ms: int) -> int:
    """Whole seconds after which `ms` have passed."""
    return max(0, -(-ms // 1000))


def rate_quota(
    name: str, subject: str, rate: int, window_ms: int, arrival_ms: int, now_ms: int
) -> Quota:
    """What a rate has left: `rate` calls at once, then one each `pace_ms`.

    GCRA, the leaky bucket as a meter (ITU-T I.371): `arrival_ms` is when the calls so far would
    have come at an even pace; a call passes while that is less than a window ahead.
    """
    every_ms = pace_ms(rate, window_ms)
    ahead_ms = max(0, arrival_ms - now_ms)
    left = max(0, (rate * every_ms - ahead_ms) // every_ms)
    wait_ms = ahead_ms - (rate - left - 1) * every_ms
    return Quota(name, subject, rate, left, seconds(wait_ms) if ahead_ms else None)


def quotas(bound: Bound, meters: Meters, now_ms: int) -> list[Quota]:
    """What the rates and the places of one subject have left."""
    limits, found = bound.limits, []
    for name, rate, window_ms, arrival_ms in (
        ("rate_per_minute", limits.rate_per_minute, MINUTE_MS, meters.minute_ms),
        ("rate_per_day", limits.rate_per_day, DAY_MS, meters.day_ms),
    ):
        if rate is not None:
            found.append(rate_quota(name, bound.subject, rate, window_ms, arrival_ms, now_ms))
    if limits.concurrent is not None:
        left = max(0, limits.concurrent - meters.held)
        found.append(Quota("concurrent", bound.subject, limits.concurrent, left, None))
    return found


def refuse_spent(found: Iterable[Quota]) -> None:
    """Raises TooMany for the quota that has nothing left and takes longest to have some again."""
    spent = [quota for quota in found if quota.left <= 0]
    if spent:
        raise refusal(max(spent, key=lambda quota: quota.reset_s or ASK_AGAIN_S))


def refusal(quota: Quota) -> TooMany:
    whose = WHOSE[quota.subject.partition(":")[0]]
    if quota.name == "concurrent":
        return TooMany(
            f"{whose} may have {count(quota.limit, 'clip')} waiting or being drawn at once, no "
            "more. Wait until one ends, or cancel one.",
            limit=quota.name,
            retry_after_s=ASK_AGAIN_S,
            quota=quota,
        )
    window = "minute" if quota.name == "rate_per_minute" else "day"
    wait_s = quota.reset_s or 1
    return TooMany(
        f"{whose} may ask for {count(quota.limit, 'clip')} a {window}, no faster. "
        f"Ask again in {lasting(wait_s)}.",
        limit=quota.name,
        retry_after_s=wait_s,
        quota=quota,
    )


WHOSE = {
    "token": "This token",
    "tester": "You",
    "cohort": "Your cohort together",
    "everybody": "All testers together",
}
