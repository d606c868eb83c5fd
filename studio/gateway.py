"""The gate's wall: one layer around everything, which denies unless the table of doors allows.

A request passes, in this order: canonical path → a door in the table → one credential → the
sign-in stands → the door opens for this role and scope → the request comes from our own pages →
a body of reasonable size. Whatever fails on the way never reaches a route, ours or Gradio's.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth import scopes
from auth.gate import Principal
from auth.proofs import Proof
from auth.recall import Recall
from errors import (
    GreenroomError,
    NotFound,
    NotGranted,
    NotSignedIn,
    ProofRequired,
    TokenInvalid,
    WrongDevice,
)
from observe import metrics, visit
from studio.bodies import bounded, read_body, replay
from studio.clock import now_ms
from studio.credentials import NOTHING, Credential, SessionCookie, read_credential
from studio.doors import GRADIO_QUEUE, NOWHERE, Door, Who, canonical_path, find_door
from studio.headers import cache_control, common_headers
from studio.knocking import try_token
from studio.leases import serve_under
from studio.parts import Parts
from studio.proving import note, proof_of, spend
from studio.refusals import answer, unreachable
from studio.requests import Network, address_of, client_behind, header_values
from studio.session_hashes import SessionHashes
from studio.standing import Standing

UNTRUSTED = (
    b"x-forwarded-",
    b"forwarded",
    b"x-original-",
    b"x-rewrite-",
    b"x-real-ip",
    b"x-gradio-",
)


class Gateway:
    """What every request passes. Puts the principal into `scope["state"]["principal"]`."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self.app, self.parts = app, parts
        self.cookie = SessionCookie.at(parts.settings)
        self.public = urlsplit(parts.settings.public_url)
        self.headers = common_headers(parts.settings)
        self.session_hashes = SessionHashes()
        self.standing = Standing(parts.database, parts.leases)
        self.recall = Recall(parts.database)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            self.recall.close()
        elif scope["type"] == "http":
            scope = begun(scope, self.parts.settings.trusted_proxies)
            await self.serve(scope, receive, self.with_headers(scope, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            door, credential = self.find_way(scope)
            proof = proof_of(self.parts, credential, scope)
            principal = await self.admit(door, credential, proof, scope)
            self.check_origin(door, scope, credential)
            body = await read_body(door, scope, receive)
            self.check_session_hash(scope, principal, body)
            if principal is not None and (proof is not None or door.proof):
                principal = await run_in_threadpool(spend, self.parts, door, principal, proof)
        except GreenroomError as error:
            await self.refuse(error, scope, receive, send)
            return
        scope["state"] |= {"principal": principal, "proof": proof}
        if door.stream and principal is not None:
            await self.serve_stream(principal, scope, receive, send)
        elif door.unread:
            await self.app(scope, bounded(door, receive), send)
        else:
            await self.app(scope, replay(body, receive), send)

    async def refuse(
        self, error: GreenroomError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if isinstance(error, ProofRequired | WrongDevice):
            try:
                await run_in_threadpool(note, self.parts, scope, error)
            except GreenroomError as worse:
                error = worse
        response = await answer(error, scope)
        await response(scope, receive, send)

    def find_way(self, scope: Scope) -> tuple[Door, Credential]:
        """The door the request stands before, and the credential it holds.

        To a request without one, a door that exists and one that does not look the same.
        """
        path = canonical_path(scope["path"], scope.get("raw_path") or b"")
        door = find_door(scope["method"], path)
        if door is not None and door.who is Who.ANYONE:
            return door, NOTHING
        credential = read_credential(scope, self.cookie.name)
        if credential is NOTHING:
            raise NotSignedIn(UNSIGNED)
        return door or NOWHERE, credential

    async def admit(
        self, door: Door, credential: Credential, proof: Proof | None, scope: Scope
    ) -> Principal | None:
        if door.who is Who.ANYONE:
            return None
        principal = await self.authenticate(credential, proof, scope)
        visit.note(token_id=principal.token_id)
        if door is NOWHERE or not door.is_there_for(principal):
            raise NotFound
        scopes.need(principal.scopes, door.scope_of(scope["method"]))
        return principal

    async def authenticate(
        self, credential: Credential, proof: Proof | None, scope: Scope
    ) -> Principal:
        """A token is looked up only while its address has not failed too often."""
        if credential.bearer is not None:
            self.parts.addresses.turn_away(address_of(scope), now_ms())
        text, word = f"{credential.bearer} {credential.cookie}", None
        if proof is None:
            since_ns = scope["state"].get("arrived_ns")
            known, word = await self.recall.find(text, now_ms(), since_ns)
            if known is not None:
                return known
        look_up = partial(self.look_up, credential, proof, scope)
        try:
            if credential.bearer is None:
                principal = await run_in_threadpool(look_up)
            else:
                principal = await try_token(self.parts, scope, look_up)
        except NotSignedIn as error:
            raise NotSignedIn(UNSIGNED) from error
        if proof is None:
            self.recall.keep(text, principal, word)
        return principal

    def look_up(self, credential: Credential, proof: Proof | None, scope: Scope) -> Principal:
        """To a script that shows a token of another key, the token is like any dead one."""
        gate, now = self.parts.gate, now_ms()
        try:
            with self.parts.database.read() as db:
                principal = gate.authenticate(
                    db,
                    bearer=credential.bearer,
                    cookie=credential.cookie,
                    proof=proof,
                    now_ms=now,
                )
            gate.note_use(self.parts.database, principal, credential.bearer, now)
            return principal
        except WrongDevice as error:
            if credential.bearer is None:
                raise
            note(self.parts, scope, error)
            raise TokenInvalid from error
        except OperationalError as error:
            raise unreachable() from error

    def check_origin(self, door: Door, scope: Scope, credential: Credential) -> None:
        """What changes something must come from our own pages, or from a script with a token.

        Raises NotGranted.
        """
        if scope["method"] in ("GET", "HEAD") or door.foreign:
            return
        origins = header_values(scope, "origin")
        sites = header_values(scope, "sec-fetch-site")
        hosts = {self.public.netloc, *header_values(scope, "host")}
        if origins:
            allowed = len(origins) == 1 and urlsplit(origins[0]).netloc in hosts
        elif sites:
            allowed = sites == ["same-origin"]
        else:
            allowed = credential.bearer is not None
        if not allowed:
            raise NotGranted("This request came from another site. Use Greenroom's own page.")

    def check_session_hash(self, scope: Scope, principal: Principal | None, body: bytes) -> None:
        if principal is None:
            return
        if scope["path"] == f"{GRADIO_QUEUE}/join":
            self.session_hashes.join(principal, body)
        elif scope["path"] == f"{GRADIO_QUEUE}/data":
            self.session_hashes.check(principal, scope["query_string"])

    async def serve_stream(
        self, principal: Principal, scope: Scope, receive: Receive, send: Send
    ) -> None:
        with self.parts.leases.grant(principal) as lease, metrics.STREAMS.track_inprogress():
            self.standing.watch()
            scope["state"]["lease"] = lease
            await serve_under(lease, self.app, scope, receive, send)

    def with_headers(self, scope: Scope, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                rows = message.get("headers", ())
                added = [*self.headers, (b"cache-control", cache_control(scope["path"]))]
                proof = scope["state"].get("proof")
                if message["status"] == 401 or (proof and proof.ageing):
                    nonce = self.parts.proofs.nonce(now_ms())
                    added.append((b"dpop-nonce", nonce.encode()))
                said = {name.lower() for name, _ in rows}
                missing = [row for row in added if row[0] not in said]
                message = {**message, "headers": [*rows, *missing]}
            await send(message)

        return send_with_headers


# Missing, unknown, forged, revoked, expired: the same words.
UNSIGNED = str(TokenInvalid())


def begun(scope: Scope, trusted: Sequence[Network]) -> Scope:
    """The request as the house sees it: without headers that a proxy may have been fooled into."""
    return {
        **scope,
        "client": client_behind(scope, trusted),
        "headers": [row for row in scope["headers"] if not row[0].lower().startswith(UNTRUSTED)],
        "state": {**scope.get("state", {}), "arrived_s": asyncio.get_running_loop().time()},
    }
