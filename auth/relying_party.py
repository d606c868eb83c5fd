"""What an authenticator is asked, and whether what it answers is right: WebAuthn, level 3.

The verification is the `webauthn` library's; here stand the choices. Attestation is not asked
for: which make of authenticator it is makes no difference here (docs/security.md says what that
leaves open).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_attestation_object,
    parse_client_data_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from auth.proofs import ANY_ADDRESS, THIS_MACHINE
from errors import TouchInvalid
from settings import Settings

NAME = "Greenroom"
TIMEOUT_MS = 120_000
CREDENTIAL_ID_MAX_BYTES = 1023  # WebAuthn, 5.8.3
ALGORITHMS = [
    Algorithm.ECDSA_SHA_256,
    Algorithm.EDDSA,
    Algorithm.RSASSA_PKCS1_v1_5_SHA_256,  # what Windows Hello signs with
]
# What browsers leave in place where no attestation is asked for.
FORMATS = ("none", "packed")
VERIFIED = UserVerificationRequirement.REQUIRED

Answer = Mapping[str, Any]
Found = TypeVar("Found")


@dataclass(frozen=True)
class NewCredential:
    """What an authenticator made for us. `id` and `public_key` (COSE) are base64url."""

    id: str
    public_key: str
    sign_count: int


@dataclass(frozen=True)
class RelyingParty:
    """Greenroom at its one configured address; what a request says of its host is not asked.

    id      the host name that credentials are scoped to
    origin  where a browser must have shown the page that asked
    """

    id: str
    origin: str

    @classmethod
    def from_settings(cls, settings: Settings) -> "RelyingParty":
        """On a machine of one's own it is `localhost`: browsers give no passkey to a number."""
        url = urlsplit(settings.public_url.lower())
        host = url.netloc.removesuffix(f":{url.port}")
        if host not in (*THIS_MACHINE, ANY_ADDRESS):
            return cls(host, f"{url.scheme}://{url.netloc}")
        return cls("localhost", f"{url.scheme}://{url.netloc.replace(host, 'localhost', 1)}")

    def creation_options(
        self, tester_id: str, name: str, challenge: str, known: Sequence[str]
    ) -> dict[str, Any]:
        """For `navigator.credentials.create()`, as JSON. `known`: credentials not made twice."""
        return options_to_json_dict(
            generate_registration_options(
                rp_id=self.id,
                rp_name=NAME,
                user_id=bytes.fromhex(tester_id),
                user_name=name,
                challenge=base64url_to_bytes(challenge),
                timeout=TIMEOUT_MS,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.PREFERRED, user_verification=VERIFIED
                ),
                exclude_credentials=descriptors(known),
                supported_pub_key_algs=ALGORITHMS,
            )
        )

    def request_options(self, challenge: str, known: Sequence[str]) -> dict[str, Any]:
        """For `navigator.credentials.get()`, as JSON. `known`: the credentials that will do."""
        return options_to_json_dict(
            generate_authentication_options(
                rp_id=self.id,
                challenge=base64url_to_bytes(challenge),
                timeout=TIMEOUT_MS,
                allow_credentials=descriptors(known),
                user_verification=VERIFIED,
            )
        )

    def check_new(self, answer: Answer, challenge: str) -> NewCredential:
        """The credential in an answer to `creation_options`. Raises TouchInvalid."""

        def read() -> NewCredential:
            attested = base64url_to_bytes(answer["response"]["attestationObject"])
            if parse_attestation_object(attested).fmt not in FORMATS:
                raise ValueError("an attestation that nobody asked for")
            made = verify_registration_response(
                credential=dict(answer),
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.id,
                expected_origin=self.origin,
                require_user_verification=True,
                supported_pub_key_algs=ALGORITHMS,
            )
            if len(made.credential_id) > CREDENTIAL_ID_MAX_BYTES:
                raise ValueError("an id longer than there are")
            return NewCredential(
                bytes_to_base64url(made.credential_id),
                bytes_to_base64url(made.credential_public_key),
                made.sign_count,
            )

        return checked(read)

    def check_touch(self, answer: Answer, challenge: str, public_key: str) -> int:
        """The signature counter in an answer to `request_options`, signed with this key.

        Whether the counter has risen is for whoever keeps it to say: only then is it known that
        the signature is right, and that somebody else signs with the same key. Raises TouchInvalid.
        """
        return checked(
            lambda: verify_authentication_response(
                credential=dict(answer),
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.id,
                expected_origin=self.origin,
                credential_public_key=base64url_to_bytes(public_key),
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        ).new_sign_count


def challenge_of(answer: Answer) -> str:
    """The challenge that an answer says it answers, unverified. Raises TouchInvalid.

    One that was given in a frame of another site answers nothing of ours.
    """

    def read() -> str:
        response = answer["response"]
        claims = parse_client_data_json(base64url_to_bytes(response["clientDataJSON"]))
        if claims.cross_origin:
            raise ValueError("asked in a frame of another site")
        return bytes_to_base64url(claims.challenge)

    return checked(read)


def checked(look: Callable[[], Found]) -> Found:
    """What `look` finds. Whatever is wrong with an answer is refused in the same words."""
    try:
        return look()
    except (
        WebAuthnException,
        InvalidSignature,
        UnsupportedAlgorithm,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RecursionError,
    ) as error:
        raise refused() from error


def refused() -> TouchInvalid:
    return TouchInvalid(
        "The answer of your passkey was refused. Try again; it must be one that asks for your "
        "finger, your face or its PIN, on Greenroom's own page.",
        fault="answer",
    )


def descriptors(credential_ids: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(base64url_to_bytes(known)) for known in credential_ids]
