"""The gate: who is this, and may they make this clip now?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth import audit, devices, last_use, scopes, sign_ins, tokens
from auth.budget import Admission, find_hold, reserve
from auth.keys import Keys
from auth.limits import Bound, Limits, bounds
from auth.meters import meters_of
from auth.pots import pots_of
from auth.proofs import Proof
from auth.records import Tester, Token
from auth.standing import holds_until_ms
from auth.step_up import StepUp
from auth.subjects import Chain, find_all, lock_to_act
from auth.switch import refuse_stopped
from auth.testers import ADMIN, with_cohort
from auth.usage import Allowance, allowance
from database import Database
from errors import BadRequest, NotSignedIn, ProofRequired, TokenInvalid
from settings import Settings


@dataclass(frozen=True)
class Principal:
    """Who asks, and by which credential. `sign_in_id` is None for a token of a script.

    scopes  what this credential may be used for, within the role
    kind    the token's: `access`, `link`, `api`, `worker`
    jkt     thumbprint of the one key the credential works with, if it is bound to one
    proved  the request was signed, with that key
    bearer  an admin granted that the token works without one
    use_is_due  whether `Gate.note_use` has something to write
    until_ms    when it must be looked up again though nothing is written meanwhile; 0: at once
    reviews     an admin let them decide on others' clips
    """

    tester_id: str
    name: str
    role: str
    token_id: str
    sign_in_id: str | None
    scopes: frozenset[str] = frozenset()
    kind: str = tokens.ACCESS
    jkt: str | None = None
    proved: bool = False
    bearer: bool = False
    use_is_due: bool = field(default=False, compare=False)
    until_ms: int = field(default=0, compare=False)
    reviews: bool = False

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN

    @property
    def may_review(self) -> bool:
        return self.reviews or self.is_admin

    @property
    def may_act(self) -> bool:
        """Whether more than looking is open to it: whoever copied a cookie can look."""
        return self.proved or self.bearer


@dataclass(frozen=True)
class Standing:
    """Whom a principal stands for, what binds them, and what they are told of touches."""

    chain: Chain
    bounds: Sequence[Bound]
    step_up: StepUp


@dataclass(frozen=True)
class Gate:
    """Every decision of the gate. Functions take a transaction and never commit it.

    limits   what a tester may do for whom nothing else was set
    clock    (db, now_ms) → the time that counts, whatever a web process believes it is
    step_up  the rule of touches for whom nothing else was set
    bearer   what one bearer key may do for which nothing else was set
    """

    keys: Keys = field(repr=False)
    limits: Limits
    clock: Callable[[Session, int], int] = lambda db, now_ms: database_clock(db, now_ms)
    step_up: StepUp = field(default_factory=StepUp)
    bearer: Limits = field(default_factory=Limits)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Gate":
        keys = Keys.derive(settings.secret, settings.secret_previous)
        return cls(
            keys,
            Limits.from_settings(settings),
            step_up=StepUp.from_settings(settings),
            bearer=Limits.of_bearer_key(settings),
        )

    def authenticate(
        self,
        db: Session,
        *,
        bearer: str | None = None,
        cookie: str | None = None,
        proof: Proof | None = None,
        now_ms: int,
    ) -> Principal:
        """Who is this? `proof`: what the request was signed with, found right. Reads only.

        Raises BadRequest for two credentials, NotSignedIn for none, TokenInvalid for a dead one
        and one of another kind, the last two in the same words; WrongDevice where another key
        signed than the credential is bound to, or none and it is nothing without.
        """
        if bearer is not None and cookie is not None:
            raise BadRequest("Send a token or a sign-in cookie, not both.")
        if bearer is not None:
            token = tokens.find(db, self.keys, bearer, now_ms)
            devices.check_script(db, token, proof, now_ms)
            due = last_use.is_due(token, self.keys, now_ms, by_text=True)
            found = principal_of(db, token, None, token.jkt, proof, due)
            return found if due else replace(found, until_ms=holds_until_ms(token))
        if cookie is not None:
            sign_in, token = sign_ins.find(db, self.keys, cookie, now_ms)
            device = devices.check_browser(db, sign_in, proof)
            due = last_use.is_due(token, self.keys, now_ms, by_text=False)
            found = principal_of(db, token, sign_in.id, device.jkt, proof, due)
            return found if due else replace(found, until_ms=holds_until_ms(token, sign_in))
        raise NotSignedIn(str(TokenInvalid()))

    def note_use(
        self, database: Database, principal: Principal, bearer: str | None, now_ms: int
    ) -> None:
        """Write down that the principal's token was used, if that is due. Waits for nobody."""
        if principal.use_is_due:
            last_use.note(database, self.keys, principal.token_id, bearer, now_ms)

    def sign_in(
        self, db: Session, token_text: str, proof: Proof, label: str, now_ms: int
    ) -> tuple[Principal, str]:
        """Open a sign-in with an access token or a one-time link; the principal and its cookie.

        It is bound to the device whose key signed `proof`, enrolled here under `label` if need be.
        An access token lets one device in, and after that those of its tester only. A link is
        used up: of parallel callers one wins. Raises WrongDevice, and TokenInvalid, for the tokens
        of scripts and machines too.
        """
        token = tokens.find(db, self.keys, token_text, now_ms)
        if token.kind not in (tokens.ACCESS, tokens.LINK):
            raise TokenInvalid
        device = devices.let_in(db, token, proof.jkt, label, now_ms)
        sign_in, cookie = sign_ins.open_with(db, self.keys, token, token_text, device.id, now_ms)
        root = db.get_one(Token, sign_in.token_id)
        audit.record(
            db,
            actor=f"tester:{sign_in.tester_id}",
            action="sign_in.open",
            subject=f"token:{root.id}",
            details={"by": token.kind, "device": device.id},
            now_ms=now_ms,
        )
        return principal_of(db, root, sign_in.id, device.jkt, proof), cookie

    def claim(self, db: Session, principal: Principal, proof: Proof, now_ms: int) -> Principal:
        """Bind the token of a principal that is bound to no key to the one that signed.

        Of parallel keys one wins, the others get TokenInvalid; WrongDevice for somebody else's.
        """
        token = db.get_one(Token, principal.token_id)
        if not devices.claim(db, token, proof.jkt):
            raise TokenInvalid
        devices.enrol(db, token, proof.jkt, f"Script with token {token.id}", now_ms)
        return replace(principal, jkt=proof.jkt, proved=True)

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
        Raises ProofRequired, NotGranted, TokenInvalid, Suspended, StepUpRequired, TooMany,
        BudgetExhausted, StoreUnavailable; Conflict for a job that has ended.
        """
        if not principal.may_act:
            raise ProofRequired
        scopes.need(principal.scopes, scopes.GENERATE)
        standing = self.stand(db, principal, job_id, now_ms)
        chain, limits = standing.chain, standing.bounds
        if first := find_hold(db, job_id, chain.tester_id):
            return first

        now_ms = self.clock(db, now_ms)
        left = reserve(db, job_id, chain, pots_of(limits, chain, now_ms), gpu_ms, now_ms)
        if standing.step_up.needed:
            standing.step_up.use(db, chain.tester_id, proved=principal.proved, now_ms=now_ms)
        quotas = (*meters_of(db).take(db, job_id, limits, now_ms), *left)
        return Admission(job_id, chain.tester_id, chain.token_id, gpu_ms, quotas)

    def stand(self, db: Session, principal: Principal, job_id: str, now_ms: int) -> Standing:
        """Whom a principal stands for and what binds them, as the database has it now.

        Whoever revokes or stops one of them waits for this transaction, or was seen by it: none
        slips between. Raises TokenInvalid, Suspended.
        """
        tester, cohort = with_cohort(db, principal.tester_id)
        chain = Chain(tester.id, principal.token_id, tester.cohort_id)
        lock_to_act(db, chain.keys, job_id)
        if principal.sign_in_id is not None:
            sign_ins.get(db, principal.sign_in_id, now_ms=now_ms)
        else:
            tokens.get(db, principal.token_id, now_ms)
        rows = find_all(db, chain.keys)
        refuse_stopped(chain, rows)
        of_token = self.bearer if principal.bearer else Limits()
        found = bounds(chain, self.limits.of(tester, cohort), rows, of_token)
        return Standing(chain, found, self.step_up.of(tester, cohort))

    def allowance(self, db: Session, principal: Principal, now_ms: int) -> Allowance:
        """What the principal has left today. Reads only."""
        limits = self.limits.of(*with_cohort(db, principal.tester_id))
        return allowance(db, principal.tester_id, limits, now_ms)


def database_clock(db: Session, now_ms: int) -> int:
    """Milliseconds since the epoch by the one clock that all web processes share.

    On Postgres its server's; an embedded SQLite has one machine, and `now_ms` is its time.
    """
    if db.get_bind().dialect.name == "sqlite":
        return now_ms
    seconds = db.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one()
    return int(seconds * 1000)


def principal_of(
    db: Session,
    token: Token,
    sign_in_id: str | None,
    jkt: str | None,
    proof: Proof | None,
    use_is_due: bool = False,
) -> Principal:
    tester = db.get_one(Tester, token.tester_id, populate_existing=True)
    reviews = tester.reviewer_since is not None
    return Principal(
        tester.id,
        tester.name,
        tester.role,
        token.id,
        sign_in_id,
        scopes.within_role(token.scopes.split(), tester.role, reviews=reviews),
        token.kind,
        jkt,
        proved=proof is not None and proof.jkt == jkt,
        bearer=token.bearer_granted,
        use_is_due=use_is_due,
        reviews=reviews,
    )
