"""Step-up: clips that need a touch of a passkey, some at a time.

Who copied a credential, or lets others use theirs, comes to a hand sooner or later: after each
touch a few clips may be asked for, for a while. Then the gate says StepUpRequired.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.records import Cohort, Tester, Touched
from auth.rows import changed, insert_new
from auth.subjects import lock_to_act, lock_to_change
from auth.testers import with_cohort
from auth.touching import Passkey, Touch
from auth.words import count, lasting
from errors import BadSpec, NotGranted, StepUpRequired
from settings import Settings

# How long a touch also vouches for who adds or removes a passkey, in the browser it was made in.
VOUCHES_MS = 5 * 60_000
HOUR_MS = 3_600_000
# the most an admin may set, as in the settings; the least is 1
BOUNDS = {
    "clips": (1_000, "A touch opens 1 to 1000 clips."),
    "hours": (24, "A touch opens clips for 1 to 24 whole hours."),
}
# what an admin may say of a tester or a cohort → its column
COLUMNS = {"needed": "step_up", "clips": "touch_clips", "hours": "touch_hours"}


@dataclass(frozen=True)
class StepUp:
    """The rule, for everybody or as it is for one (`of`).

    needed      whether a touch must come before clips are made
    clips       a touch opens so many, failed and cancelled ones included
    lasting_ms  and none later than this after it
    """

    needed: bool = False
    clips: int = 5
    lasting_ms: int = 2 * HOUR_MS

    @classmethod
    def from_settings(cls, settings: Settings) -> "StepUp":
        return cls(settings.step_up, settings.touch_clips, settings.touch_ms)

    @property
    def how_often(self) -> str:
        hours = lasting(self.lasting_ms // 1000)
        return f"every {count(self.clips, 'clip')}, and after {hours} at the latest"

    def of(self, tester: Touched, cohort: Touched | None = None) -> "StepUp":
        """What was said of the tester, else of their cohort, else this rule, of each part."""
        return self.under(cohort).under(tester)

    def under(self, row: Touched | None) -> "StepUp":
        """This rule with what was said of the row in its place."""
        if row is None:
            return self
        return StepUp(
            self.needed if row.step_up is None else row.step_up,
            self.clips if row.touch_clips is None else row.touch_clips,
            self.lasting_ms if row.touch_hours is None else row.touch_hours * HOUR_MS,
        )

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
        """What a touch that was just verified opens, for this tester. Does not commit.

        Whoever changes the rule waits for this transaction, and then ends what it opened; so
        take no other lock that they take, of the audit log, before.
        """
        tester, _ = with_cohort(db, tester_id)
        lock_to_act(db, keys_of(tester))
        rule = self.of(*with_cohort(db, tester_id))
        opened = {
            "passkey_id": passkey_id,
            "sign_in_id": sign_in_id,
            "given_at": now_ms,
            "until_ms": now_ms + rule.lasting_ms,
            "clips_left": rule.clips,
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
            "Touch a passkey of yours first: what opens your account is changed only so.",
            passkeys=count_passkeys(db, tester_id),
        )


def keys_of(tester: Tester) -> list[str]:
    """The subjects whose rule binds a tester."""
    return [f"tester:{tester.id}", *([f"cohort:{tester.cohort_id}"] if tester.cohort_id else [])]


def set_rule(
    db: Session,
    row: Tester | Cohort,
    changes: Mapping[str, bool | int | None],
    *,
    by: str,
    now_ms: int,
) -> None:
    """Change what a tester, or each of a cohort, is told of touches; None: as said above them.

    changes  needed: whether they are asked; clips: how many a touch opens, 1 to 1000; hours:
             how long, 1 to 24
    by       the audit log's actor

    Waits for admissions under way; what a touch of before opened is over. Does not commit.
    Raises BadSpec for a value that makes no sense.
    """
    for name, value in changes.items():
        check(name, value)
    kind = "tester" if isinstance(row, Tester) else "cohort"
    lock_to_change(db, f"{kind}:{row.id}")
    for name, value in changes.items():
        setattr(row, COLUMNS[name], value)
    db.flush()
    audit.record(
        db,
        actor=by,
        action="step_up.set",
        subject=f"{kind}:{row.id}",
        details=changes,
        now_ms=now_ms,
    )
    theirs = Tester.id if kind == "tester" else Tester.cohort_id
    forget_touches(db, Touch.tester_id.in_(select(Tester.id).where(theirs == row.id)))


def check(name: str, value: object) -> None:
    """Raises BadSpec naming what is wrong."""
    if value is None or (name == "needed" and isinstance(value, bool)):
        return
    if name == "needed":
        raise BadSpec("needed is true, false or null.", field=name)
    most, sentence = BOUNDS[name]
    if type(value) is not int or not 1 <= value <= most:
        raise BadSpec(sentence, field=name)


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
