"""Messages as the Standard Webhooks specification 1.0.0 has them: an id, a time, a signature.

Who receives one computes the signature anew, refuses a time that is more than five minutes off, and
remembers ids: so nothing can be forged, and nothing played again.
"""

import hmac
import json
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from auth.keys import keyed
from settings import Settings
from studio.webhooks.records import WebhookEndpoint

SECRET_PREFIX, SECRET_BYTES = "whsec_", 32


def new_secret() -> str:
    return SECRET_PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def event(event_id: str, event_type: str, video_id: str, created_at_ms: int) -> bytes:
    """The body, the same at every try."""
    told = {
        "id": event_id,
        "object": "event",
        "created_at": created_at_ms // 1000,
        "type": event_type,
        "data": {"id": video_id},
    }
    return json.dumps(told, separators=(",", ":")).encode()


def signed(event_id: str, body: bytes, secrets: Sequence[str], now_ms: int) -> dict[str, str]:
    """The headers of one try: `v1` is HMAC-SHA256 over id, time and body, by each secret."""
    now_s = str(now_ms // 1000)
    message = b".".join((event_id.encode(), now_s.encode(), body))
    keys = [b64decode(secret.removeprefix(SECRET_PREFIX)) for secret in secrets]
    macs = [b64encode(hmac.digest(key, message, sha256)).decode() for key in keys]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": now_s,
        "webhook-signature": " ".join(f"v1,{mac}" for mac in macs),
    }


class Seal:
    """Keeps signing secrets unreadable to whoever has the database alone."""

    def __init__(self, settings: Settings) -> None:
        known = [given for given in (settings.secret, settings.secret_previous) if given]
        keys = [keyed(secret.encode(), "webhook secrets") for secret in known]
        self.fernet = MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys])

    def close(self, secret: str) -> str:
        return self.fernet.encrypt(secret.encode()).decode()

    def secrets_of(self, endpoint: WebhookEndpoint, now_ms: int) -> list[str]:
        """What signs messages to an endpoint now, the newest first; none where unreadable."""
        sealed = [endpoint.sealed_secret]
        if endpoint.previous_secret is not None and now_ms < (endpoint.previous_until or 0):
            sealed.append(endpoint.previous_secret)
        return [secret for secret in map(self.open, sealed) if secret is not None]

    def open(self, sealed: str) -> str | None:
        """None where the server's secret is another by now."""
        try:
            return self.fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def renew(self, sealed: str) -> str:
        """The same under the newest of the server's secrets; as it was where none opens it."""
        try:
            return self.fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            return sealed
