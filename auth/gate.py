"""The gate: who is this, and may they make this clip now?"""

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from auth import audit, last_use, scopes, sign_ins, tokens
from auth.budget import Admission, find_hold, hold_gpu, reserve, take_clip
from auth.keys import Keys
from auth.limits import Limits, lock_meter, pass_rate, take_place
from auth.records import Tester, Token
from auth.testers import ADMIN
from auth.usage import Allowance, allowance
from database import Database
from errors import BadRequest, NotSignedIn, TokenInvalid
from settings import Settings


@dataclass(frozen=True)
class Principal:
    """Who asks, and by which credential. `sign_in_id` is None for a bearer token.

    scopes  what this credential may be used for, within the role
    kind    the token's: `access`, `link`, `api`, `worker`
    jkt     thumbprint of the one key the token works with, if it is bound to one
    use_is_due  whether `Gate.note_use` has something to write
    """

    tester_id: str
    name: str
    role: str
    token_id: str
    sign_in_id: str | None
    scopes: frozenset[str] = frozenset()
    kind: str = tokens.ACCESS
    jkt: str | None = None
    use_is_due: bool = field(default=False, compare=False)

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN


@dataclass(frozen=True)
class Gate:
    """Every decision of the gate. Functions take a transaction and never commit it."""

    keys: Keys = field(repr=False)
    limits: Limits

    @classmethod
    def from_settings(cls, settings: Settings) -> "Gate":
        keys = Keys.derive(settings.secret, settings.secret_previous)
        return cls(keys, Limits.from_settings(settings))

    def authenticate(
        self, db: Session, *, bearer: str | None, cookie: str | None, now_ms: int
    ) -> Principal:
        """Who is this? Reads only.

        Raises BadRequest for two credentials, NotSignedIn for none, TokenInvalid for a dead one,
        the last two in the same words. A one-time link is no bearer token.
        """
        if bearer is not None and cookie is not None:
            raise BadRequest("Send a token or a sign-in cookie, not both.")
        if bearer is not None:
            token = tokens.find(db, self.keys, bearer, now_ms)
            if token.kind == tokens.LINK:
                raise TokenInvalid
            due = last_use.is_due(token, self.keys, now_ms, by_text=True)
            return principal_of(db, token, None, due)
        if cookie is not None:
            sign_in, token = sign_ins.find(db, self.keys, cookie, now_ms)
            due = last_use.is_due(token, self.keys, now_ms, by_text=False)
            return principal_of(db, token, sign_in.id, due)
        raise NotSignedIn(str(TokenInvalid()))

    def note_use(
        self, database: Database, principal: Principal, bearer: str | None, now_ms: int
    ) -> None:
        """Write down that the principal's token was used, if that is due. Waits for nobody."""
        if principal.use_is_due:
            last_use.note(database, self.keys, principal.token_id, bearer, now_ms)

    def sign_in(self, db: Session, token_text: str, now_ms: int) -> tuple[Principal, str]:
        """Open a sign-in with an access token or a one-time link; the principal and its cookie.

        A link is used up: of parallel callers one wins. Raises TokenInvalid, for the tokens of
        scripts and machines too.
        """
        token = tokens.find(db, self.keys, token_text, now_ms)
        if token.kind not in (tokens.ACCESS, tokens.LINK):
            raise TokenInvalid
        sign_in_id, cookie = sign_ins.open_with(db, self.keys, token, token_text, now_ms)
        return principal_of(db, token, sign_in_id), cookie

    def sign_out(self, db: Session, principal: Principal, now_ms: int) -> None:
        """End the principal's sign-in; a bearer token has none and stays good."""
        if principal.sign_in_id is not None:
            sign_ins.end(db, principal.sign_in_id, now_ms)
            audit.record(
                db,
                actor=f"tester:{principal.tester_id}",
                action="sign_in.end",
                subject=f"token:{principal.token_id}",
                now_ms=now_ms,
            )

    def admit(
        self, db: Session, principal: Principal, job_id: str, gpu_ms: int, now_ms: int
    ) -> Admission:
        """May this clip be made now? Holds a place, a clip and `gpu_ms` for `job_id`, or raises.

        All or nothing in the caller's transaction: let a refusal roll it back, and nothing was
        charged. A second call for a job that holds an admission returns that one and charges
        nothing. `budget.settle` or `budget.release` ends it.
        Raises NotGranted, TokenInvalid, TooMany, BudgetExhausted; Conflict for a job that has
        ended.
        """
        scopes.need(principal.scopes, scopes.GENERATE)
        tester = standing(db, principal, now_ms)
        limits = self.limits.of(tester)

        lock_meter(db, tester.id)
        if first := find_hold(db, job_id, tester.id):
            return first

        pass_rate(db, tester.id, limits.rate_per_minute, now_ms)
        take_place(db, tester.id, limits.concurrent)
        take_clip(db, tester.id, limits.clips_per_day, now_ms)
        hold_gpu(db, tester.id, gpu_ms, limits.gpu_ms_per_day, now_ms)

        admission = Admission(job_id, tester.id, principal.token_id, gpu_ms)
        reserve(db, admission, now_ms)
        return admission

    def allowance(self, db: Session, principal: Principal, now_ms: int) -> Allowance:
        """What the principal has left today. Reads only."""
        limits = self.limits.of(db.get_one(Tester, principal.tester_id))
        return allowance(db, principal.tester_id, limits, now_ms)


def standing(db: Session, principal: Principal, now_ms: int) -> Tester:
    """The tester of a principal whose credential still stands, as the database has it now.

    A revocation of the token waits for this transaction, or was seen by it: none slips between.
    """
    tokens.lock(db, principal.token_id)
    if principal.sign_in_id is not None:
        sign_ins.get(db, principal.sign_in_id, now_ms=now_ms)
    else:
        tokens.get(db, principal.token_id, now_ms)
    return db.get_one(Tester, principal.tester_id, populate_existing=True)


def principal_of(
    db: Session, token: Token, sign_in_id: str | None, use_is_due: bool = False
) -> Principal:
    tester = db.get_one(Tester, token.tester_id, populate_existing=True)
    return Principal(
        tester.id,
        tester.name,
        tester.role,
        token.id,
        sign_in_id,
        scopes.within_role(token.scopes.split(), tester.role),
        token.kind,
        token.jkt,
        use_is_due,
    )
