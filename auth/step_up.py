"""Step-up: clips that need a touch of a passkey, some at a time.

Who copied a credential, or lets others use theirs, comes to a hand sooner or later: after each
touch a few clips may be asked for, for a while. Then the gate says StepUpRequired.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.records import Cohort, Tester
from auth.rows import changed, insert_new
from auth.subjects import lock_to_change
from auth.touching import Passkey, Touch
from auth.words import count, lasting
from errors import NotGranted, StepUpRequired
from settings import Settings

# How long a touch also vouches for who adds or removes a passkey, in the browser it was made in.
VOUCHES_MS = 5 * 60_000


@dataclass(frozen=True)
class StepUp:
    """The programme's rule.

    everybody   whether it holds for those of whom nothing else was said
    clips       a touch opens so many, failed and cancelled ones included
    lasting_ms  and none later than this after it
    """

    everybody: bool = False
    clips: int = 5
    lasting_ms: int = 2 * 3_600_000

    @classmethod
    def from_settings(cls, settings: Settings) -> "StepUp":
        return cls(settings.step_up, settings.touch_clips, settings.touch_ms)

    @property
    def how_often(self) -> str:
        hours = lasting(self.lasting_ms // 1000)
        return f"every {count(self.clips, 'clip')}, and after {hours} at the latest"

    def holds_for(self, tester: Tester, cohort: Cohort | None) -> bool:
        """What was set for the tester, else for their cohort, else for everybody."""
        for row in (tester, cohort):
            if row is not None and row.step_up is not None:
                return row.step_up
        return self.everybody

    def use(self, db: Session, tester_id: str, *, proved: bool, now_ms: int) -> None:
        """Take one clip of the tester's latest touch; given back when the transaction is undone.

        One guarded UPDATE: of parallel callers no more pass than the touch opened. All devices and
        scripts of the tester draw on it, but for a bearer key (`proved` is false): whoever found
        one would make clips of somebody else's touch.
        Raises StepUpRequired where nothing is left, NotGranted for a bearer key.
        """
        if not proved:
            raise NotGranted(
                "This key works for whoever holds it, and its tester is asked to touch a passkey. "
                "Use a token that signs with a key of its own."
            )
        left = update(Touch).where(
            Touch.tester_id == tester_id, Touch.clips_left > 0, Touch.until_ms > now_ms
        )
        if not changed(db, left.values(clips_left=Touch.clips_left - 1)):
            raise self.required(db, tester_id)

    def required(self, db: Session, tester_id: str) -> StepUpRequired:
        """The refusal, for somebody who has passkeys and for somebody who has none."""
        passkeys = count_passkeys(db, tester_id)
        if not passkeys:
            return StepUpRequired(
                "Making clips needs a passkey, and you have none yet. Add one in the studio, on "
                "the page Your devices, then ask again.",
                passkeys=0,
            )
        return StepUpRequired(
            f"Touch your passkey to go on: Greenroom asks for it {self.how_often}. For a script, "
            "touch it in the studio, then send this again.",
            passkeys=passkeys,
        )

    def give(
        self, db: Session, tester_id: str, passkey_id: str, sign_in_id: str, now_ms: int
    ) -> Touch:
        """What a touch that was just verified opens. Does not commit."""
        opened = {
            "passkey_id": passkey_id,
            "sign_in_id": sign_in_id,
            "given_at": now_ms,
            "until_ms": now_ms + self.lasting_ms,
            "clips_left": self.clips,
        }
        if not insert_new(db, Touch, tester_id=tester_id, **opened):
            changed(db, update(Touch).where(Touch.tester_id == tester_id).values(**opened))
        return db.get_one(Touch, tester_id, populate_existing=True)


def require_touch_here(db: Session, tester_id: str, sign_in_id: str, now_ms: int) -> None:
    """Raises StepUpRequired unless the tester's latest touch was in this browser, just now."""
    here = select(Touch.tester_id).where(
        Touch.tester_id == tester_id,
        Touch.sign_in_id == sign_in_id,
        Touch.given_at > now_ms - VOUCHES_MS,
    )
    if db.scalar(here) is None:
        raise StepUpRequired(
            "Touch a passkey of yours first: only so can passkeys be added and removed.",
            passkeys=count_passkeys(db, tester_id),
        )


def set_rule(
    db: Session, row: Tester | Cohort, needed: bool | None, *, by: str, now_ms: int
) -> None:
    """Ask a tester, or each of a cohort, for touches, or not; None: as said above them.

    Waits for admissions under way; what a touch of before opened is over. Does not commit.
    `by`: the audit log's actor.
    """
    kind = "tester" if isinstance(row, Tester) else "cohort"
    lock_to_change(db, f"{kind}:{row.id}")
    row.step_up = needed
    db.flush()
    audit.record(
        db,
        actor=by,
        action="step_up.set",
        subject=f"{kind}:{row.id}",
        details={"needed": needed},
        now_ms=now_ms,
    )
    theirs = Tester.id if kind == "tester" else Tester.cohort_id
    forget_touches(db, Touch.tester_id.in_(select(Tester.id).where(theirs == row.id)))


def forget_touches(db: Session, which: ColumnElement[bool]) -> None:
    """What these touches opened is over. Does not commit."""
    db.execute(delete(Touch).where(which), execution_options={"synchronize_session": False})


def count_passkeys(db: Session, tester_id: str) -> int:
    mine = (Passkey.tester_id == tester_id, Passkey.removed_at.is_(None))
    return db.scalar(select(func.count()).select_from(Passkey).where(*mine)) or 0


def count_all_passkeys(db: Session) -> Mapping[str, int]:
    """How many passkeys each tester has who has any, by their id."""
    many = select(Passkey.tester_id, func.count().label("many")).group_by(Passkey.tester_id)
    rows = db.execute(many.where(Passkey.removed_at.is_(None)))
    return {row.tester_id: row.many for row in rows}
