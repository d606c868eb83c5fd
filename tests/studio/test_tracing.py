"""A film that turned up is brought backstage, and its mark says whose it is; or what it is not."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from auth.records import AuditEntry
from errors import BadRequest
from jobs.marks import issue_mark, note_mark
from jobs.records import Job, Tracing
from sora_core.mark.embedding import Mark
from sora_core.mark.fingerprint import fingerprint
from sora_core.mark.keys import key_id_of, mark_key
from sora_core.mark.pattern import pattern_of
from studio import tracing_desk
from studio.bodies import bounded
from studio.doors import find_door
from tests.sora_core.mark.films import wall, wall_film
from tests.studio.conftest import WISH, House, Person, wait_for

EMPTY_FILM = b"\0\0\0\x18ftypmp42" + b"\0" * 400


def bring(admin: Person, content: bytes) -> httpx.Response:
    return admin.browser.post("/backstage/trace", content=content)


def newest(admin: Person) -> dict[str, Any]:
    return dict(admin.browser.get("/backstage/trace/list").json()["tracings"][0])


def read_to_the_end(admin: Person) -> dict[str, Any]:
    wait_for(lambda: newest(admin)["state"] != "reading", limit_s=120)
    return newest(admin)


def drafts(house: House) -> list[str]:
    return [path.name for path in Path(house.parts.store.root).rglob("trace-*")]


def tracings(house: House) -> int:
    with house.parts.database.read() as db:
        return db.scalar(select(func.count()).select_from(Tracing)) or 0


def marked_film(house: House, ada: Person, path: Path) -> str:
    """The job that a film at `path` is marked with."""
    key = mark_key(house.parts.settings.mark_key)
    job_id = str(ada.browser.post("/jobs", json=WISH).json()["id"])
    with house.parts.database.begin() as db:
        number = issue_mark(db, db.get_one(Job, job_id), key_id_of(key), 1)
        note_mark(db, job_id, 20.0, None)
    wall_film(path, Mark(number, pattern_of(key)))
    return job_id


def test_trace_names_clip_artist_and_token_and_the_audit_log_who_asked(
    house: House, ada: Person, admin: Person, tmp_path: Path
) -> None:
    job_id = marked_film(house, ada, tmp_path / "leaked.mp4")
    answer = bring(admin, (tmp_path / "leaked.mp4").read_bytes())
    assert (answer.status_code, answer.json()["state"]) == (202, "reading")
    found = read_to_the_end(admin)
    assert found["state"] == "found"
    token_id = ada.principal.token_id
    assert found["whose"] == {"job": job_id, "token": token_id, "tester": "Ada"}
    assert found["z"] >= 7
    assert 0 <= found["chance"] < 1e-6
    assert drafts(house) == []
    with house.parts.database.read() as db:
        rows = select(AuditEntry.action, AuditEntry.actor, AuditEntry.subject)
        told = db.execute(rows.where(AuditEntry.action.startswith("mark."))).tuples().all()
    by = f"tester:{admin.principal.tester_id}"
    assert ("mark.trace", by, f"film:{found['id']}") in told
    assert ("mark.found", by, f"job:{job_id}") in told


def test_trace_says_that_there_is_no_mark_in_a_film_from_elsewhere(
    house: House, admin: Person, tmp_path: Path
) -> None:
    bring(admin, wall_film(tmp_path / "plain.mp4").read_bytes())
    found = read_to_the_end(admin)
    assert (found["state"], found["whose"], found["chance"]) == ("none", None, None)
    assert drafts(house) == []


def test_trace_says_that_a_film_without_a_mark_looks_like_a_clip(
    house: House, ada: Person, admin: Person, tmp_path: Path
) -> None:
    """Both are told, each by itself: no mark, and a look that names nobody."""
    job_id = marked_film(house, ada, tmp_path / "marked.mp4")
    with house.parts.database.begin() as db:
        note_mark(db, job_id, 20.0, fingerprint(list(wall())))
    bring(admin, wall_film(tmp_path / "plain.mp4").read_bytes())
    found = read_to_the_end(admin)
    assert (found["state"], found["whose"], found["chance"]) == ("none", None, None)
    (hint,) = found["hints"]
    assert (hint["job"], hint["tester"]) == (job_id, "Ada")
    assert hint["differs"] < 0.18


def test_trace_says_that_a_film_without_a_picture_cannot_be_read(
    house: House, admin: Person
) -> None:
    assert bring(admin, EMPTY_FILM).status_code == 202
    found = read_to_the_end(admin)
    assert found["state"] == "unreadable"
    assert "could not be read" in found["problem"]
    assert drafts(house) == []


@pytest.mark.parametrize("content", [b"", b"no film at all", b"\x89PNG\r\n\x1a\n" + b"\0" * 99])
def test_trace_refuses_what_is_no_film_and_keeps_nothing(
    house: House, admin: Person, content: bytes
) -> None:
    before = tracings(house)
    answer = bring(admin, content)
    assert (answer.status_code, answer.json()["field"]) == (422, "film")
    assert (tracings(house), drafts(house)) == (before, [])


def test_trace_refuses_four_gigabytes_before_a_byte_of_it_came(house: House, admin: Person) -> None:
    at = httpx.URL(house.url)
    asked = (
        "POST /backstage/trace HTTP/1.1",
        f"host: {at.netloc.decode()}",
        f"origin: {house.url}",
        f"cookie: {admin.cookie}",
        f"content-length: {4 * 2**30}",
    )
    with socket.create_connection((at.host, at.port or 80), timeout=20) as wire:
        wire.sendall("\r\n".join([*asked, "", ""]).encode())
        answer = wire.recv(4000).decode()
    assert answer.startswith("HTTP/1.1 400")
    assert "larger than 262,144 KB" in answer
    assert drafts(house) == []


def test_body_that_does_not_say_its_size_is_refused_once_it_is_too_large() -> None:
    door = find_door("POST", "/backstage/trace")
    assert door is not None
    piece = {"type": "http.request", "body": bytes(2**24), "more_body": True}

    async def endless() -> dict[str, Any]:
        return piece

    async def take(pieces: int) -> None:
        receive = bounded(door, endless)
        for _ in range(pieces):
            await receive()

    asyncio.run(take(16))
    with pytest.raises(BadRequest):
        asyncio.run(take(17))


def test_trace_is_there_for_admins_alone(ada: Person, house: House) -> None:
    assert ada.browser.get("/backstage/trace").status_code == 404
    assert ada.browser.get("/backstage/trace/list").status_code == 404
    assert bring(ada, EMPTY_FILM).status_code == 404
    assert house.stranger().get("/backstage/trace").status_code == 401


def test_trace_takes_no_more_films_than_can_wait(
    house: House, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tracings(house)
    monkeypatch.setattr(tracing_desk, "WAITING_MAX", 0)
    answer = bring(admin, EMPTY_FILM)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
    assert (tracings(house), drafts(house)) == (before, [])


def test_tracing_that_nobody_finished_is_said_to_be_lost(house: House, admin: Person) -> None:
    with house.parts.database.begin() as db:
        db.add(Tracing(id="0" * 32, bytes=1, sha256="0" * 64, asked_at=1))
    rows = admin.browser.get("/backstage/trace/list").json()["tracings"]
    assert [row["state"] for row in rows if row["id"] == "0" * 32] == ["lost"]
