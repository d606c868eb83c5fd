"""Signing in with an OpenID provider: the authorisation code flow, through Authlib's client.

PKCE S256, state and nonce in every request (RFC 9700, OpenID Connect Core 3.1). What Authlib leaves
open is closed here: the discovery document must be the issuer's own, an answer must come from
it (RFC 9207), an id token must be there and be signed by one of the provider's public keys.
"""

from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError

from auth.identities import Claims
from errors import SignInFailed, Unavailable
from settings import DISCOVERY, ProviderSettings

# Signatures by a public key only: no `none`, and no HMAC that the client secret would verify.
SAFE_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA"}
)
HUGGING_FACE = "https://huggingface.co"
DEFAULT_ALGORITHM = "RS256"
TIMEOUT_S = 10
LEEWAY_S = 60
RETRY_AFTER_S = 10
PARAMETERS = ("code", "state", "iss", "error")


class Provider:
    """One provider. Where a browser is in its sign-in stands in `request.session`, for the caller
    to keep in that browser alone."""

    def __init__(self, about: ProviderSettings, redirect_uri: str) -> None:
        self.about, self.redirect_uri = about, redirect_uri
        self.client = OAuth().register(
            "provider",
            client_id=about.client_id,
            client_secret=about.client_secret,
            server_metadata_url=about.issuer + DISCOVERY,
            client_kwargs={
                "scope": about.scopes,
                "code_challenge_method": "S256",
                "timeout": TIMEOUT_S,
            },
        )

    async def begin(self, request: Any) -> str:
        """The address to send the browser to. Raises Unavailable."""
        try:
            await self.discover()
            answer = await self.client.authorize_redirect(request, self.redirect_uri)
        except httpx2.HTTPError as error:
            raise self.unreachable() from error
        return str(answer.headers["location"])

    async def finish(self, request: Any) -> Claims:
        """Who came back, by the answer in the request's query.

        Raises SignInFailed, Unavailable.
        """
        try:
            metadata = await self.discover()
            check_answer(request.query_params, metadata)
            token = await self.client.authorize_access_token(
                request,
                leeway=LEEWAY_S,
                claims_options={
                    "iss": {"essential": True, "values": [metadata["issuer"]]},
                    "aud": {"essential": True, "values": [self.about.client_id]},
                },
            )
            return await self.read_claims(token, metadata)
        except httpx2.HTTPError as error:
            raise self.unreachable() from error
        except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInFailed from error

    async def discover(self) -> dict[str, Any]:
        """What the provider says of itself, read once.

        Raises Unavailable unless it is the issuer that was set, and can do what the flow needs.
        """
        try:
            metadata: dict[str, Any] = await self.client.load_server_metadata()
        except ValueError as error:
            raise self.unreachable() from error
        offered = metadata.get("id_token_signing_alg_values_supported") or [DEFAULT_ALGORITHM]
        safe = [name for name in offered if name in SAFE_ALGORITHMS]
        if not safe or not self.is_expected(metadata):
            self.client.server_metadata.clear()  # so that it is asked anew
            raise self.unreachable()
        metadata["id_token_signing_alg_values_supported"] = safe
        return metadata

    def is_expected(self, metadata: dict[str, Any]) -> bool:
        """The issuer that was set, and one that knows PKCE. A list left out means no (RFC 8414),
        except for Hugging Face, whose documentation says yes."""
        issuer = str(metadata.get("issuer", "")).rstrip("/")
        unsaid = ["S256"] if issuer == HUGGING_FACE else []
        methods = metadata.get("code_challenge_methods_supported", unsaid)
        return issuer == self.about.issuer and "S256" in methods

    async def read_claims(self, token: dict[str, Any], metadata: dict[str, Any]) -> Claims:
        """The claims of a checked id token, with what the provider's userinfo adds to them."""
        claims = dict(token["userinfo"])
        if "userinfo_endpoint" in metadata:
            more = await self.client.userinfo(token=token)
            if more["sub"] != claims["sub"]:  # OpenID Connect Core 5.3.2
                raise ValueError("userinfo speaks of somebody else")
            claims = {**more, **claims}
        orgs = [org for org in claims.get("orgs") or [] if not org.get("pendingSSO")]
        return Claims(
            issuer=str(metadata["issuer"]),
            subject=str(claims["sub"]),
            username=str(claims.get("preferred_username") or ""),
            email=str(claims["email"]) if claims.get("email_verified") is True else None,
            orgs=frozenset(str(org["preferred_username"]) for org in orgs),
        )

    def unreachable(self) -> Unavailable:
        return Unavailable(
            f"{self.about.name} cannot be asked right now. Try again in a moment, or sign in with "
            "your token.",
            retry_after_s=RETRY_AFTER_S,
        )


def check_answer(query: Any, metadata: dict[str, Any]) -> None:
    """Each parameter once; from this issuer, which says so if it can. Raises ValueError."""
    for name in PARAMETERS:
        if len(query.getlist(name)) > 1:
            raise ValueError(f"{name} came twice")
    says_issuer = metadata.get("authorization_response_iss_parameter_supported") is True
    issuer = query.get("iss")
    if issuer != metadata["issuer"] and (says_issuer or issuer is not None):
        raise ValueError("the answer is another provider's")
