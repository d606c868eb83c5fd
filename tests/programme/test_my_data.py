"""My data: the export holds everything that is kept of a tester; erasing leaves nothing of them."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, inspect, select, text

from auth import audit, terms, testers, tokens
from auth.audit import Search, entries
from auth.budget import release
from auth.gate import Gate
from auth.keys import Keys
from auth.limits import Limits
from auth.records import Reservation, Tester
from auth.verification import verify
from database import Record
from errors import BadSpec, Conflict, NotFound, PromptRefused, TokenInvalid
from jobs.records import Clip, Job
from programme import archive, consent, erasure, feedback, gallery, hours, ledger, reviews, shares
from programme.feedback import Said
from programme.holdings import HOLDINGS, NOBODYS
from programme.moderation.judge import Judge
from programme.moderation.refusals import require_allowed
from tests.devices import signed_by
from tests.programme.conftest import NOW, Room

KEYS = Keys.derive("a secret of at least thirty-two characters")
GATE = Gate(KEYS, Limits(5, 5, 50, 1_800_000), clock=lambda _db, now_ms: now_ms)
DAY_MS = 86_400_000


def live_a_little(room: Room, tester_id: str, name: str) -> str:
    """Something in every part of the programme; the id of a finished clip."""
    clip = room.clip(tester_id, f"an idea of {name}")
    with room.database.begin() as db:
        token = tokens.mint(db, KEYS, tester_id, lifetime_ms=DAY_MS, now_ms=NOW)
        principal, _ = GATE.sign_in(db, token.text, signed_by(name), "", NOW)
        GATE.admit(db, principal, clip, 1000, NOW)
        in_force = terms.current()
        terms.accept(db, in_force, tester_id, in_force.sha256, NOW)
        consent.say(db, tester_id, consent.TRAINING, True, now_ms=NOW)
        feedback.send(db, tester_id, Said("bug", f"{name} is cross.", clip, attach=True), NOW)
        reviews.submit(db, clip, tester_id, f"{name} asks", NOW)
        show = {"mode": "free", "credit": name}
        shares.make(db, clip, tester_id, **show, days=None, now_ms=NOW)  # type: ignore[arg-type]
        gallery.publish(db, clip, tester_id, **show, title="T", prompt_shown=True, now_ms=NOW)  # type: ignore[arg-type]
        at = NOW + int(tester_id[:6], 16)
        ledger.set_rate(db, ledger.HOURS, 6000, "EUR", by="operator", now_ms=at)
        hours.add(db, tester_id, ledger.day_of(NOW), 60, f"work of {name}", NOW)
    return clip


@contextmanager
def lend(key: str) -> Iterator[Path]:
    if key.endswith(".jpg"):
        raise NotFound
    yield Path(__file__)


def exported(room: Room, tester_id: str) -> zipfile.ZipFile:
    file = io.BytesIO()
    with room.database.read() as db:
        archive.write(archive.gather(db, tester_id, NOW), file, lend)
    return zipfile.ZipFile(file)


def erased(room: Room, tester_id: str, name: str) -> erasure.Erased:
    with room.database.begin() as db:
        return erasure.erase(db, tester_id, name, release=release, now_ms=NOW)


def whole_database(room: Room) -> str:
    """Every cell of every table of ours, as text."""
    with room.database.read() as db:
        tables = inspect(db.connection()).get_table_names()
        return "\n".join(
            str(row) for name in tables for row in db.execute(text(f"SELECT * FROM {name}"))
        )


def test_every_table_is_exported_or_is_known_to_hold_nobody() -> None:
    """Whoever adds a table says in programme/holdings.py whose it is, and what becomes of it."""
    ours = {
        mapper.class_.__tablename__
        for mapper in Record.registry.mappers
        if not mapper.class_.__module__.startswith("studio.")
        and {"tester_id", "owner_id"} & set(mapper.columns.keys())
    }
    held = {holding.record.__tablename__ for holding in HOLDINGS}
    assert ours - held == set()
    assert held & set(NOBODYS) == set()


def test_export_holds_each_row_of_the_database_and_of_nobody_else(room: Room) -> None:
    clip = live_a_little(room, room.ada, "Ada")
    live_a_little(room, room.ben, "Ben")
    archived = exported(room, room.ada)
    about = json.loads(archived.read("about.json"))
    with room.database.read() as db:
        for holding in HOLDINGS:
            theirs = select(func.count()).select_from(holding.record)
            expected = db.scalar(theirs.where(holding.whose(room.ada)))
            rows = json.loads(archived.read(f"{holding.name}.json"))
            [told] = [file for file in about["files"] if file["file"] == f"{holding.name}.json"]
            assert len(rows) == expected == told["rows"], holding.name
            assert told["what_for"].endswith(".")
            assert not any(set(row) & set(holding.hidden) for row in rows)
    assert archived.read(f"clips/{clip}.mp4") == Path(__file__).read_bytes()
    assert json.loads(archived.read("missing.json")) == [f"clips/{clip}.jpg"]
    everything = b"".join(archived.read(name) for name in archived.namelist() if "mp4" not in name)
    assert b"an idea of Ada" in everything
    assert room.ben.encode() not in everything


def test_export_holds_the_log_about_a_tester_whoever_wrote_it(room: Room) -> None:
    with room.database.begin() as db:
        for number, (actor, subject) in enumerate(
            ((f"tester:{room.cleo}", f"tester:{room.ada}"), ("operator", f"tester:{room.ben}"))
        ):
            audit.record(db, actor=actor, action="tester.move", subject=subject, now_ms=number)
    refusals = []
    for tester_id in (room.ada, room.ben):
        with pytest.raises(PromptRefused) as refused:
            require_allowed(room.database, Judge(), tester_id, "a deepfake of Joe", NOW)
        refusals.append(refused.value.facts["refusal"])
    rows = json.loads(exported(room, room.ada).read("audit-log.json"))
    mine = [f"tester:{room.ada}", f"refusal:{refusals[0]}"]
    assert [row["subject"] for row in rows] == mine


def test_erase_leaves_no_word_of_a_tester_and_everything_of_the_others(room: Room) -> None:
    clip, other = live_a_little(room, room.ada, "Ada"), live_a_little(room, room.ben, "Ben")
    gone = erased(room, room.ada, "Ada")
    rest = whole_database(room)
    for word in ("Ada", "an idea of Ada"):
        assert word not in rest
    assert "an idea of Ben" in rest
    assert [job.id for job in gone.jobs] == [clip]
    with room.database.read() as db:
        assert db.scalars(select(Clip.id)).all() == [other]
        assert db.get_one(Tester, room.ada).name == f"Somebody who left ({room.ada[:8]})"
        assert verify(db, ()).bad_seq is None
        assert ledger.totals(db, room.ada)["EUR"]["owed"] == 6000


def test_erase_gives_a_receipt_that_counts_what_went_and_says_why_the_rest_stays(
    room: Room,
) -> None:
    live_a_little(room, room.ada, "Ada")
    receipt = erased(room, room.ada, "Ada").receipt
    once = ("wishes", "clips", "feedback", "consents", "links", "gallery", "reviews", "sign-ins")
    assert {name: receipt["deleted"][name] for name in once} == dict.fromkeys(once, 1)
    assert {row["what"] for row in receipt["kept"]} == {
        "ledger",
        "drawing-time",
        "tokens",
        "audit-log",
        "you",
    }
    assert all(row["why"] for row in receipt["kept"])
    assert receipt["unpaid"] == {"EUR": 6000}
    with room.database.read() as db:
        [row] = entries(db, Search(action="tester.erase"), 5)
    assert json.loads(row.details)["deleted"] == receipt["deleted"]


def test_erase_ends_the_door_and_the_links_at_once(room: Room) -> None:
    clip = live_a_little(room, room.ada, "Ada")
    with room.database.begin() as db:
        token = tokens.mint(db, KEYS, room.ada, lifetime_ms=DAY_MS, now_ms=NOW)
        secret = shares.links_of(db, [clip])[clip][0].secret
    erased(room, room.ada, "Ada")
    with room.database.begin() as db:
        with pytest.raises(TokenInvalid):
            GATE.sign_in(db, token.text, signed_by("Ada again"), "", NOW)
        with pytest.raises(NotFound):
            shares.follow(db, secret, NOW)


def test_erase_gives_back_what_a_clip_under_way_holds(room: Room) -> None:
    clip = live_a_little(room, room.ada, "Ada")
    with room.database.begin() as db:
        db.get_one(Job, clip).state = "running"
    erased(room, room.ada, "Ada")
    with room.database.read() as db:
        assert db.get_one(Reservation, clip).state == "released"


def test_erase_asks_for_the_name_and_keeps_one_admin(room: Room) -> None:
    with pytest.raises(BadSpec):
        erased(room, room.ada, "ada")
    with room.database.begin() as db:
        db.get_one(Tester, room.dora).role = testers.TESTER
    with pytest.raises(Conflict):
        erased(room, room.cleo, "Cleo")
    with pytest.raises(NotFound):
        erased(room, "0" * 32, "Nobody")


def test_export_that_was_made_stands_in_the_log(room: Room) -> None:
    with room.database.begin() as db:
        archive.note_export(db, room.ada, NOW)
    rows: Any = json.loads(exported(room, room.ada).read("audit-log.json"))
    assert [row["action"] for row in rows] == ["tester.export"]
