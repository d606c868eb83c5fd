"""The credential of a request, from exactly one place, and the cookie that holds it."""

from dataclasses import dataclass

from starlette.types import Scope

from auth.sign_ins import LIFETIME_MS
from errors import BadRequest
from settings import Settings


@dataclass(frozen=True)
class Credential:
    """At most one of the two is given. `signed`: the bearer token is, request by request."""

    bearer: str | None = None
    cookie: str | None = None
    signed: bool = False


NOTHING = Credential()


def read_credential(scope: Scope, cookie_name: str) -> Credential:
    """`Authorization: DPoP …` or `Bearer …`, for scripts, or the session cookie, for browsers.

    NOTHING where neither came. Raises BadRequest where there are several, or of another kind: a
    server that picks one of two can be made to check one and act for the other.
    """
    authorizations, cookies = [], []
    for name, value in scope["headers"]:  # every one: most servers hide that there can be several
        if name == b"authorization":
            authorizations.append(value.decode("latin-1"))
        elif name == b"cookie":
            cookies += cookies_in(value.decode("latin-1"), cookie_name)
    if len(authorizations) + len(cookies) > 1:
        raise BadRequest("Send one credential: a token or the session cookie, once.")
    if cookies:
        return Credential(cookie=cookies[0])
    if not authorizations:
        return NOTHING
    scheme, _, token = authorizations[0].partition(" ")
    if scheme.lower() not in ("bearer", "dpop") or not token.strip():
        raise BadRequest("The Authorization header must read: DPoP, a space, your token.")
    return Credential(bearer=token.strip(), signed=scheme.lower() == "dpop")


def cookies_in(line: str, wanted: str) -> list[str]:
    """Every value of that name in one Cookie header."""
    pairs = (part.strip().partition("=") for part in line.split(";"))
    return [value for name, _, value in pairs if name == wanted]


@dataclass(frozen=True)
class SessionCookie:
    """The cookie's name and attributes at one public address.

    Over https the `__Host-` prefix ties it to this very host. In a Space the page sits in
    somebody else's frame, where only a partitioned cookie with SameSite=None comes along.
    """

    secure: bool
    framed: bool
    purpose: str = ""

    @classmethod
    def at(cls, settings: Settings, purpose: str = "") -> "SessionCookie":
        return cls(settings.public_url.startswith("https://"), settings.in_space, purpose)

    @property
    def name(self) -> str:
        return ("__Host-greenroom" if self.secure else "greenroom") + self.purpose

    def set(self, value: str) -> str:
        return self.header(value, LIFETIME_MS // 1000)

    def clear(self) -> str:
        return self.header("", 0)

    def header(self, value: str, max_age_s: int) -> str:
        """A Set-Cookie line, by hand: the standard library lacks Partitioned before 3.14."""
        framed = self.framed and self.secure
        same_site = "SameSite=None; Partitioned" if framed else "SameSite=Lax"
        secure = "; Secure" if self.secure else ""
        line = f"{self.name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; {same_site}"
        return line + secure
