"""Open calls on pages: entrants see where they stand among how many, the jury sees all."""

from sqlalchemy import update

from programme.records_calls import Call
from studio.clock import now_ms
from tests.studio.conftest import House, Person
from tests.studio.showing.conftest import FILM, finished

DAY_MS = 86_400_000


def publish(admin: Person, **change: object) -> str:
    now = now_ms()
    form = {
        "title": "Rain",
        "brief": "Films about rain.",
        "rules": "One clip each.",
        "prize": "A screening",
        "jury": "Cleo and Dora",
        "entries_each": 1,
        "opens_at": now - 1000,
        "closes_at": now + DAY_MS,
        "decides_at": now + 2 * DAY_MS,
    }
    return str(admin.browser.post("/backstage/calls", json=form | change).json()["id"])


def close(house: House, call_id: str) -> None:
    """Let the time for entries pass."""
    with house.parts.database.begin() as db:
        db.execute(update(Call).where(Call.id == call_id).values(closes_at=now_ms() - 1))


def enter(person: Person, call_id: str, clip_id: str) -> int:
    wish = {"clip": clip_id, "note": "Rain on glass."}
    return person.browser.post(f"/calls/{call_id}/enter", json=wish).status_code


def seen(person: Person, call_id: str) -> dict[str, object]:
    calls = person.browser.get("/calls/list").json()["calls"]
    [found] = [call for call in calls if call["id"] == call_id]
    return dict(found)


def test_every_entrant_sees_where_they_stand_and_how_many_there_were(
    house: House, ada: Person, ben: Person, admin: Person
) -> None:
    call_id = publish(admin)
    of_ada, of_ben = finished(house, ada, "a secret sunrise"), finished(house, ben)
    assert [enter(ada, call_id, of_ada), enter(ben, call_id, of_ben)] == [201, 201]
    assert enter(ada, call_id, finished(house, ada)) == 409
    assert "sunrise" not in ben.browser.get("/calls/list").text
    close(house, call_id)
    listing = {"listed": True}
    path = f"/backstage/calls/{call_id}"
    assert admin.browser.post(f"{path}/{of_ada}/shortlist", json=listing).status_code == 200
    wish = {"chosen": [of_ada], "words": "The light."}
    assert admin.browser.post(f"{path}/decide", json=wish).json()["state"] == "decided"
    for person, clip_id, state in ((ada, of_ada, "chosen"), (ben, of_ben, "not_chosen")):
        call = seen(person, call_id)
        assert call["count"] == {"entries": 2, "artists": 2, "shortlisted": 1, "chosen": 1}
        assert [(row["clip"], row["state"]) for row in call["own"]] == [(clip_id, state)]  # type: ignore[attr-defined, index]
        assert call["words"] == "The light."
        assert call["chosen"] == []  # Ada shows it to nobody
    assert admin.browser.post(f"{path}/decide", json=wish).status_code == 409


def test_jury_sees_entered_clips_and_no_others(house: House, ada: Person, admin: Person) -> None:
    call_id, clip_id = publish(admin), finished(house, ada)
    film = f"/backstage/calls/{clip_id}.mp4"
    assert admin.browser.get(film).status_code == 404
    enter(ada, call_id, clip_id)
    assert admin.browser.get(film).content == FILM
    assert ada.browser.get(film).status_code == 404
    assert ada.browser.post(f"/calls/{call_id}/{clip_id}/withdraw", json={}).status_code == 200
    assert admin.browser.get(film).status_code == 404


def test_testers_publish_and_judge_nothing(house: House, ada: Person, admin: Person) -> None:
    call_id, clip_id = publish(admin), finished(house, ada)
    enter(ada, call_id, clip_id)
    close(house, call_id)
    path = f"/backstage/calls/{call_id}"
    for address, wish in (
        ("/backstage/calls", {}),
        (f"{path}/{clip_id}/shortlist", {"listed": True}),
        (f"{path}/decide", {"chosen": [], "words": "Me."}),
    ):
        assert ada.browser.post(address, json=wish).status_code == 404
    assert ada.browser.get("/backstage/calls/list").status_code == 404


def test_odd_call_is_refused(admin: Person) -> None:
    answer = admin.browser.post("/backstage/calls", json={"title": "Rain"})
    assert (answer.status_code, answer.json()["field"]) == (422, "brief")
    wish = {"chosen": "all", "words": "x"}
    answer = admin.browser.post(f"/backstage/calls/{publish(admin)}/decide", json=wish)
    assert (answer.status_code, answer.json()["field"]) == (422, "chosen")
