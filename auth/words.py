"""Numbers as people say them."""


def count(number: int, noun: str) -> str:
    """`1 clip`, `2 clips`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def lasting(seconds: int) -> str:
    """A span of time, rounded up: `40 seconds`, `12 minutes`, `3 hours 5 minutes`."""
    if seconds < 60:
        return count(seconds, "second")
    minutes = -(-seconds // 60)
    hours, minutes = divmod(minutes, 60)
    parts = [count(hours, "hour")] if hours else []
    return " ".join([*parts, count(minutes, "minute")] if minutes else parts)
