"""A prompt that meets a rule is not drawn, its artist is told why, and a person can let it pass."""

from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from auth.records import Reservation
from database import Database
from programme.moderation.classifiers import Classifier
from programme.moderation.judge import Judge
from tests.studio.conftest import WISH, House, Person, serving, wire

PROMPT = "a deepfake of my neighbour"


def ask(person: Person, prompt: str = PROMPT, **more: object) -> dict[str, object]:
    return dict(person.browser.post("/jobs", json={**WISH, "prompt": prompt, **more}).json())


def holds(house: House) -> int:
    with house.parts.database.read() as db:
        return db.scalar(select(func.count()).select_from(Reservation)) or 0


def test_refused_prompt_makes_no_job_and_holds_nothing(house: House, ada: Person) -> None:
    before = house.count_jobs(), holds(house)
    refused = ask(ada)
    assert (refused["code"], refused["status"], refused["rule"]) == (
        "prompt_refused",
        422,
        "impersonation",
    )
    assert "Nothing was charged" in str(refused["detail"])
    assert (house.count_jobs(), holds(house)) == before


def test_scene_of_a_storyboard_is_looked_at_and_what_to_leave_out_is_not(
    house: House, ada: Person
) -> None:
    assert ask(ada, "", storyboard=["a red ball", PROMPT], seconds=2)["code"] == "prompt_refused"
    assert ask(ada, "a red ball", negative_prompt="deepfake")["state"] == "queued"


def test_refusal_by_the_video_api_says_the_same(house: House, ada: Person) -> None:
    answer = ada.browser.post("/v1/videos", json={"prompt": PROMPT, "model": "sprout"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "prompt_refused")


def test_appeal_is_read_by_a_person_and_lets_the_prompt_pass(
    house: House, ben: Person, admin: Person
) -> None:
    refusal = str(ask(ben)["refusal"])
    [own] = ben.browser.get("/refusals").json()["refusals"]
    assert (own["id"], own["state"], own["text"]) == (refusal, "refused", PROMPT)
    assert refusal not in admin.browser.get("/backstage/refusals").text  # nobody asked for a person
    ben.browser.post(f"/refusals/{refusal}/appeal", json={"plea": "He agreed."})
    waiting = admin.browser.get("/backstage/refusals").json()
    [row] = [row for row in waiting["refusals"] if row["id"] == refusal]
    assert (row["who"], row["plea"]) == ("Ben", "He agreed.")
    assert waiting["counts"]["impersonation"]["appealed"] == 1
    wish = {"verdict": "allowed", "words": "With his word, yes."}
    admin.browser.post(f"/backstage/refusals/{refusal}/decide", json=wish)
    [own] = ben.browser.get("/refusals").json()["refusals"]
    assert (own["state"], own["words"], own["by"]) == ("allowed", wish["words"], "a reviewer")
    assert ask(ben)["state"] == "queued"


def test_others_cannot_appeal_or_decide(house: House, ada: Person, ben: Person) -> None:
    refusal = str(ask(ada)["refusal"])
    answer = ben.browser.post(f"/refusals/{refusal}/appeal", json={"plea": "x"})
    assert answer.status_code == 404
    wish = {"verdict": "allowed", "words": "Me."}
    assert ada.browser.post(f"/backstage/refusals/{refusal}/decide", json=wish).status_code == 404


def test_who_meets_rules_all_the_time_waits_a_minute(house: House) -> None:
    joe = house.person("Joe")
    codes = [ask(joe, f"{PROMPT}, take {number}")["code"] for number in range(21)]
    assert codes == ["prompt_refused"] * 20 + ["too_many"]
    assert ask(joe, "a red ball")["state"] == "queued"


def test_prompt_that_no_classifier_could_judge_is_not_drawn_and_its_artist_told_so(
    database: Database, tmp_path: Path
) -> None:
    def fail(_text: str) -> float:
        raise RuntimeError("out of memory")

    judge = Judge(classifiers=[Classifier("model", "label", 0.9, fail)])
    with serving(replace(wire(database, tmp_path), judge=judge)) as house:
        refused = house.person("Ada").browser.post("/jobs", json=WISH)
        assert (refused.status_code, refused.json()["code"]) == (503, "judge_unavailable")
        assert refused.headers["retry-after"] == "60"
        assert "out of memory" not in refused.text
        assert (house.count_jobs(), holds(house)) == (0, 0)
