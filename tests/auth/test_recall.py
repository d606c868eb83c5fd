"""Whom a credential was found to be is remembered until somebody commits, and no longer."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from auth import devices, recall, records, revocation, sign_ins
from auth.gate import Gate, Principal
from auth.recall import Recall
from auth.standing import holds_until_ms
from auth.tokens import LINK, Minted
from database import Database
from tests.auth.conftest import DAY_MS, NOON, Invited, mint

LATER = NOON + 1000


@pytest.fixture
def known(database: Database) -> Iterator[Recall]:
    found = Recall(database)
    yield found
    found.close()


def look_up(database: Database, gate: Gate, text: str, now_ms: int = LATER) -> Principal:
    """What a request does that nobody remembers; the second within a minute writes nothing."""
    with database.read() as db:
        principal = gate.authenticate(db, bearer=text, now_ms=now_ms)
    gate.note_use(database, principal, text, now_ms)
    return principal


@pytest.fixture
def script(database: Database, gate: Gate, ada: Invited) -> Minted:
    token = mint(database, gate, ada, "api", bearer=True)
    look_up(database, gate, token.text, NOON)
    return token


async def learn_word(known: Recall) -> object:
    """The word that a look-up from now on is kept under; the first ones find no connection yet."""
    async with asyncio.timeout(20):
        while (word := (await known.find("", LATER))[1]) is None:
            await asyncio.sleep(0.01)
    return word


async def remember(known: Recall, database: Database, gate: Gate, text: str) -> Principal:
    word = await learn_word(known)
    principal = look_up(database, gate, text)
    known.keep(text, principal, word)
    return principal


async def test_find_gives_what_was_kept(
    database: Database, gate: Gate, known: Recall, script: Minted
) -> None:
    principal = await remember(known, database, gate, script.text)
    assert (await known.find(script.text, LATER))[0] == principal
    assert (await known.find(script.text + "x", LATER))[0] is None


async def test_find_gives_nothing_while_the_database_says_no_word(
    database: Database, gate: Gate, known: Recall, script: Minted
) -> None:
    await remember(known, database, gate, script.text)
    known.close()
    known.commits = NoWord()
    assert await known.find(script.text, LATER) == (None, None)
    known.keep(script.text, look_up(database, gate, script.text), None)
    assert known.known == {}


class NoWord:
    """A database that cannot be asked."""

    async def word(self, since_ns: int | None = None) -> None:
        return None

    def close(self) -> None:
        """Nothing was opened."""


CHANGES: dict[str, Callable[[Session, Gate, Invited, Minted], object]] = {
    "revoked": lambda db, gate, ada, token: revocation.revoke(db, token.id, "leaked", LATER),
    "role": lambda db, gate, ada, token: db.execute(update(records.Tester).values(role="admin")),
    "name": lambda db, gate, ada, token: db.execute(update(records.Tester).values(name="Eve")),
    "scope": lambda db, gate, ada, token: db.execute(update(records.Token).values(scopes="read")),
    "device": lambda db, gate, ada, token: devices.remove(
        db, ada.tester.id, devices.list(db, ada.tester.id)[0].id, LATER
    ),
    "signed out": lambda db, gate, ada, token: sign_ins.end(
        db, ada.principal.sign_in_id or "", LATER
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_find_gives_nothing_after_a_commit_by_any_connection(
    database: Database,
    gate: Gate,
    known: Recall,
    ada: Invited,
    script: Minted,
    change: Callable[[Session, Gate, Invited, Minted], object],
) -> None:
    await remember(known, database, gate, script.text)
    elsewhere = Database(database.url)
    with elsewhere.begin() as db:
        change(db, gate, ada, script)
        uncommitted = (await known.find(script.text, LATER))[0]
    elsewhere.close()
    assert uncommitted is not None
    assert (await known.find(script.text, LATER))[0] is None


async def test_keep_forgets_an_answer_that_a_commit_overtook(
    database: Database, gate: Gate, known: Recall, script: Minted
) -> None:
    """The look-up began, somebody revoked, the look-up ends with what it saw before."""
    word = await learn_word(known)
    seen = look_up(database, gate, script.text)
    with database.begin() as db:
        revocation.revoke(db, script.id, "leaked", LATER)
    known.keep(script.text, seen, word)
    assert (await known.find(script.text, LATER))[0] is None
    known.keep(script.text, seen, word)
    assert (await known.find(script.text, LATER))[0] is None


async def test_find_gives_nothing_once_time_alone_ends_it(
    database: Database, gate: Gate, known: Recall, script: Minted
) -> None:
    principal = await remember(known, database, gate, script.text)
    last = principal.until_ms - 1
    assert (await known.find(script.text, last))[0] == principal
    assert (await known.find(script.text, last + 1))[0] is None


async def test_keep_leaves_out_whose_use_is_still_to_be_written(
    database: Database, gate: Gate, known: Recall, script: Minted
) -> None:
    word = await learn_word(known)
    with database.read() as db:
        due = gate.authenticate(db, bearer=script.text, now_ms=NOON + 60_000)
    assert due.use_is_due
    assert due.until_ms == 0
    known.keep(script.text, due, word)
    assert (await known.find(script.text, 0))[0] is None


async def test_known_credentials_are_bounded_and_hold_no_token(
    database: Database,
    gate: Gate,
    known: Recall,
    script: Minted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recall, "REMEMBERED_MAX", 2)
    word = await learn_word(known)
    principal = replace(look_up(database, gate, script.text), until_ms=NOON + DAY_MS)
    for text in ("one", "two", "three"):
        known.keep(text, principal, word)
        assert script.text not in repr(known.known)
    assert len(known.known) == 1
    assert (await known.find("three", LATER))[0] == principal


def test_holds_until_the_first_of_its_ends(database: Database, gate: Gate, ada: Invited) -> None:
    """A use is written each minute; a link's own end limits its redemption, not its sign-ins."""
    with database.read() as db:
        sign_in, token = sign_ins.find(db, gate.keys, ada.cookie, NOON)
        token.last_used_at = NOON
        assert holds_until_ms(token) == NOON + 60_000
        token.expires_at = NOON + 50
        assert holds_until_ms(token) == NOON + 50
        assert holds_until_ms(token, sign_in) == NOON + 50
        token.kind = LINK
        assert holds_until_ms(token, sign_in) == NOON + 60_000
        sign_in.expires_at = NOON + 40
        assert holds_until_ms(token, sign_in) == NOON + 40
