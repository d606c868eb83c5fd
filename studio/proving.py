"""What a request must prove before it may act: that it comes from the device it was let in on."""

from sqlalchemy.exc import OperationalError
from starlette.types import Scope

from auth.devices import Signal
from auth.gate import Principal
from auth.proofs import Proof
from errors import BadRequest, GreenroomError, ProofRequired
from studio.clock import now_ms
from studio.credentials import NOTHING, Credential
from studio.doors import Door
from studio.parts import Parts
from studio.refusals import unreachable
from studio.requests import address_of, header_values


def read_proof(parts: Parts, scope: Scope, token: str | None) -> Proof | None:
    """The proof that came with the request, found right, and not spent yet.

    Raises BadRequest for several, ProofInvalid, NonceNeeded.
    """
    given = header_values(scope, "dpop")
    if len(given) > 1:
        raise BadRequest("Send one DPoP header: a proof is for one request, once.")
    if not given:
        return None
    return parts.proofs.verify(
        given[0], method=scope["method"], path=scope["path"], token=token, now_ms=now_ms()
    )


def proof_of(parts: Parts, credential: Credential, scope: Scope) -> Proof | None:
    """The proof that goes with a credential; no credential and a plain bearer token have none.

    Raises ProofRequired for a token that says it is signed for and is not.
    """
    if credential is NOTHING or (credential.bearer is not None and not credential.signed):
        return None
    proof = read_proof(parts, scope, credential.bearer)
    if credential.signed and proof is None:
        raise ProofRequired
    return proof


def spend(parts: Parts, door: Door, principal: Principal, proof: Proof | None) -> Principal:
    """The last check before a request is served: its proof counts now, and never again.

    The principal; where their token was bound to no key, it is to this one from now on.
    Raises ProofRequired where the door asks for a proof, ProofInvalid for one spent before.
    """
    if proof is None:
        if door.proof and not principal.bearer:
            signal = Signal("token.no_proof", principal.tester_id, f"token:{principal.token_id}")
            raise ProofRequired(signal)
        return principal
    try:
        parts.spending.spend(proof, now_ms())
        if principal.jkt is not None:
            return principal
        with parts.database.begin() as db:
            return parts.gate.claim(db, principal, proof, now_ms())
    except OperationalError as error:
        raise unreachable() from error


def note(parts: Parts, scope: Scope, error: GreenroomError) -> None:
    """Keep in the audit log what only a copied credential or a shared key does."""
    signal = getattr(error, "signal", None)
    if not isinstance(signal, Signal):
        return
    try:
        parts.signals.note(signal, address_of(scope), now_ms())
    except OperationalError as failure:
        raise unreachable() from failure
