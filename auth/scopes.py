"""Scopes: what a token may be used for, never more than its holder's role may do."""

from collections.abc import Iterable

from auth.testers import ADMIN as ADMIN_ROLE
from errors import BadRequest, NotGranted

READ, GENERATE, REVIEW, ADMIN, WORKER = "read", "generate", "review", "admin", "worker"
PERSONAL = frozenset({READ, GENERATE, ADMIN})
API = frozenset({READ, GENERATE})
ADMINS_ONLY = frozenset({ADMIN, WORKER})
# `api` is short for what a script needs to make clips and fetch them.
NAMES = {name: frozenset({name}) for name in (READ, GENERATE, REVIEW, ADMIN, WORKER)} | {"api": API}


def parse(text: str) -> frozenset[str]:
    """Scopes of names between commas or spaces. Raises BadRequest.

    `worker` stands alone: a machine that draws does nothing in a person's name.
    """
    names = text.replace(",", " ").split()
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        raise BadRequest(f"The scopes are {', '.join(NAMES)}. Give one or more of them.")
    scopes = frozenset[str]().union(*(NAMES[name] for name in names))
    if WORKER in scopes and len(scopes) > 1:
        raise BadRequest("The scope worker goes with no other. Issue two tokens.")
    return scopes


def as_text(scopes: Iterable[str]) -> str:
    """As a token's row keeps them: in order, one space between."""
    return " ".join(sorted(scopes))


def within_role(scopes: Iterable[str], role: str, *, reviews: bool = False) -> frozenset[str]:
    """Those scopes that its holder can use: who neither is an admin nor reviews has no `review`.

    `admin` brings `review` along, so that a personal token serves whoever becomes a reviewer.
    """
    given = frozenset(scopes)
    if ADMIN in given:
        given |= {REVIEW}
    if role == ADMIN_ROLE:
        return given
    return given - ADMINS_ONLY if reviews else given - ADMINS_ONLY - {REVIEW}


def need(given: frozenset[str], scope: str) -> None:
    """Raises NotGranted, which names the scope, unless it was given."""
    if scope in given:
        return
    raise NotGranted(
        f"This token was not given the scope {scope}. Use one that has it, or ask for one.",
        scope=scope,
    )
