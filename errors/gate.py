"""The gate's refusals: who somebody is, what they may, how much of it."""

from errors.anywhere import BadRequest
from errors.base import GreenroomError


class NotSignedIn(GreenroomError):
    code, status = "not_signed_in", 401


class TokenInvalid(NotSignedIn):
    """Unknown, forged, revoked and expired alike: a stranger learns nothing from the answer."""

    code = "token_invalid"

    def __init__(self) -> None:
        super().__init__(
            "This needs a token that opens the door. Sign in with yours, or ask whoever invited "
            "you for a new one."
        )


class InviteInvalid(NotSignedIn):
    """Unknown, forged, used, revoked and expired alike."""

    code = "invite_invalid"

    def __init__(self) -> None:
        super().__init__(
            "This invite opens nothing: it works once, within a day. Ask whoever invited you for "
            "a new one."
        )


class ProofRequired(GreenroomError):
    """What asks must show that it holds its device's key, and did not.

    `signal`: what the audit log keeps of it, if anything (auth/devices.py).
    """

    code, status = "proof_required", 401

    def __init__(self, signal: object = None) -> None:
        super().__init__(
            "This needs a proof of the device you signed in on, and none came. Sign in again on "
            "this device; a script signs each request with its key."
        )
        self.signal = signal


class ProofInvalid(GreenroomError):
    """`claim` names the part of the proof that is wrong."""

    code, status = "proof_invalid", 401

    def __init__(self, sentence: str, *, claim: str) -> None:
        super().__init__(sentence, claim=claim)
        self.claim = claim


class NonceNeeded(ProofInvalid):
    """The proof is right but for its nonce; the answer's `DPoP-Nonce` is the one to sign."""

    code = "use_dpop_nonce"

    def __init__(self) -> None:
        super().__init__(
            "The proof of your device is too old. Try again; a script signs again, with the "
            "nonce in this answer's DPoP-Nonce header.",
            claim="nonce",
        )


class WrongDevice(GreenroomError):
    """The credential is bound to another key than the one that signed, or the key to another.

    `signal`: what the audit log keeps of it (auth/devices.py).
    """

    code, status = "wrong_device", 403

    def __init__(self, sentence: str, *, signal: object) -> None:
        super().__init__(sentence)
        self.signal = signal


class NotGranted(GreenroomError):
    code, status = "not_granted", 403


class NotInvited(NotGranted):
    """A provider says who somebody is, and that somebody is in no list of ours."""

    code = "not_invited"


class Suspended(GreenroomError):
    """An admin stopped this token, this tester, their cohort or everybody (`scope`).

    `message` is what the admin says about it. Nothing is lost, and it can be undone.
    """

    code, status = "suspended", 403

    def __init__(self, *, scope: str, message: str) -> None:
        super().__init__(
            f"Making clips is paused {WHOM[scope]}: {message.rstrip('.')}. Your clips are kept.",
            scope=scope,
            message=message,
        )


WHOM = {
    "everybody": "for everybody",
    "cohort": "for your group",
    "tester": "for you",
    "token": "for the token you use",
}


class StepUpRequired(GreenroomError):
    """Who asks must touch a passkey first. `passkeys`: how many they have to touch."""

    code, status = "step_up_required", 403

    def __init__(self, sentence: str, *, passkeys: int) -> None:
        super().__init__(sentence, passkeys=passkeys)
        self.passkeys = passkeys


class TouchInvalid(GreenroomError):
    """The answer of an authenticator is not right.

    fault   what is wrong: `challenge`, `passkey`, `answer` or `counter`
    signal  what the audit log keeps of it, if anything (auth/devices.py)
    """

    code, status = "touch_invalid", 403

    def __init__(self, sentence: str, *, fault: str, signal: object = None) -> None:
        super().__init__(sentence, fault=fault)
        self.fault = fault
        self.signal = signal


class TooMany(GreenroomError):
    """`limit` names the limit; after `retry_after_s` whole seconds the same call passes it.

    `retry_after_s` is None where waiting does not help. `quota`: what is left of the limit, for
    the answer's RateLimit fields (auth/quotas.py).
    """

    code, status = "too_many", 429

    def __init__(
        self,
        sentence: str,
        *,
        limit: str,
        retry_after_s: int | None,
        quota: object = None,
        **facts: object,
    ) -> None:
        super().__init__(sentence, limit=limit, retry_after_s=retry_after_s, **facts)
        self.limit = limit
        self.retry_after_s = retry_after_s
        self.quota = quota


class BudgetExhausted(TooMany):
    """`short_by_ms`: how many GPU milliseconds the allowance lacks for this clip."""

    code = "budget_exhausted"


class TooManySignIns(TooMany):
    code = "too_many_sign_ins"


class SignInFailed(BadRequest):
    """What came back from a sign-in provider is not the answer to what this browser asked."""

    code = "sign_in_failed"

    def __init__(self) -> None:
        super().__init__(
            "This sign-in was not finished: it took too long, was begun in another browser, or "
            "was answered by somebody else. Start again from this page."
        )
