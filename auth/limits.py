"""How much whom: the limits of a tester, a token, a cohort, and everybody together."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from sqlalchemy.orm import Session

from auth.records import Cohort, Limited, Subject, Tester
from auth.subjects import Chain
from errors import BadRequest
from settings import Settings

MINUTE_MS, DAY_MS = 60_000, 86_400_000
RATE_MAX = 60_000


@dataclass(frozen=True)
class Limits:
    """None: no such limit."""

    rate_per_minute: int | None = None
    concurrent: int | None = None
    clips_per_day: int | None = None
    gpu_ms_per_day: int | None = None
    rate_per_day: int | None = None
    gpu_ms_total: int | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limits":
        """What a tester may do for whom nothing else was set."""
        return cls(
            settings.rate_per_minute,
            settings.concurrent,
            settings.clips_per_day,
            settings.gpu_ms_per_day,
        )

    @classmethod
    def of_bearer_key(cls, settings: Settings) -> "Limits":
        """What one bearer key may do for which nothing else was set."""
        return cls(
            settings.bearer_rate_per_minute,
            settings.bearer_concurrent,
            settings.bearer_clips_per_day,
            settings.bearer_gpu_ms_per_day,
        )

    @classmethod
    def own(cls, row: Limited | None) -> "Limits":
        """What an admin set in this row."""
        return cls(**{name: getattr(row, name, None) for name in NAMES})

    def under(self, row: Limited | None) -> "Limits":
        """These limits with the row's in their place where it has some."""
        own = vars(Limits.own(row))
        return replace(self, **{name: value for name, value in own.items() if value is not None})

    def of(self, tester: Tester, cohort: Cohort | None = None) -> "Limits":
        """What this tester may do: their own limits, else their cohort's for each, else these."""
        return self.under(cohort).under(tester)


NAMES = tuple(field.name for field in fields(Limits))
# name → the least and the most an admin may set
BOUNDS: Mapping[str, tuple[int, int]] = {
    "rate_per_minute": (1, RATE_MAX),
    "rate_per_day": (1, 1_000_000),
    "concurrent": (1, 10_000),
    "clips_per_day": (1, 1_000_000),
    "gpu_ms_per_day": (1, 10**13),
    "gpu_ms_total": (1, 10**13),
}


@dataclass(frozen=True)
class Bound:
    """What binds one subject of a request. `epoch`: as the decision read it."""

    subject: str
    limits: Limits
    epoch: int = 0


def bounds(
    chain: Chain, limits: Limits, rows: Mapping[str, Subject], of_token: Limits
) -> tuple[Bound, ...]:
    """What binds each subject of a request.

    limits    its tester's
    of_token  its token's where an admin set nothing else
    """
    default = {chain.token: of_token}
    return tuple(
        Bound(
            key,
            limits if key == chain.tester else default.get(key, Limits()).under(rows.get(key)),
            rows[key].epoch if key in rows else 0,
        )
        for key in chain.keys
    )


def set_own(db: Session, row: Limited, changes: Mapping[str, int | None]) -> Limits:
    """Set limits of one row, or with None take them away; what it has then. Does not commit.

    Raises BadRequest for one that makes no sense. Zero is none of them: that is what the switch
    is for, which says why and can be undone.
    """
    for name, value in changes.items():
        least, most = BOUNDS[name]
        if value == 0:
            raise BadRequest(
                f"A {spoken(name)} of 0 would stop somebody without telling them. "
                "Use `python -m auth stop`, which says why and can be undone."
            )
        if value is not None and not least <= value <= most:
            raise BadRequest(f"A {spoken(name)} is from {least} to {most}.")
    for name, value in changes.items():
        setattr(row, name, value)
    db.flush()
    return Limits.own(row)


def spoken(name: str) -> str:
    return {"concurrent": "number at once"}.get(name, name.replace("_", " "))
