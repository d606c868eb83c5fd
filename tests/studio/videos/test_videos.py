"""Videos as a script sees them: asked for, looked at, fetched, begun with, deleted."""

import base64
import hashlib
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select

from auth.records import Reservation
from jobs.records import Clip, Job
from tests.studio.conftest import House, Person
from tests.studio.test_uploads import png

WISH: dict[str, Any] = {"prompt": "a red ball", "seconds": "1", "size": "256x256"}
KEYS = {
    "id": str,
    "object": str,
    "model": str,
    "status": str,
    "progress": int,
    "created_at": int,
    "completed_at": int | None,
    "expires_at": int | None,
    "prompt": str,
    "size": str,
    "seconds": str,
    "remixed_from_video_id": str | None,
    "error": dict | None,
    "review": None,
}


def ask(script: httpx.Client, **change: Any) -> dict[str, Any]:
    answer = script.post("/videos", json={**WISH, **change})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def drawn(house: House, script: httpx.Client, film: bytes = b"a film", **change: Any) -> str:
    """The id of a finished video."""
    video_id = str(ask(script, **change)["id"])
    house.finish(video_id, film)
    return video_id


def state(house: House) -> tuple[int, int]:
    """Jobs, and holds that wait for their end."""
    with house.parts.database.read() as db:
        held = select(func.count()).where(Reservation.state == "held")
        return house.count_jobs(), db.scalar(held) or 0


def files(house: House) -> set[str]:
    return {
        path.name for path in (house.parts.settings.data / "clips").rglob("*") if path.is_file()
    }


def test_video_has_every_key_with_its_type(script: httpx.Client) -> None:
    video = ask(script)
    assert {k: isinstance(video[k], t) if t else video[k] is None for k, t in KEYS.items()} == (
        dict.fromkeys(KEYS, True)
    )
    assert (video["object"], video["status"], video["progress"]) == ("video", "queued", 0)
    assert (video["size"], video["seconds"], video["model"]) == ("256x256", "1", "sprout")
    assert 10**9 < video["created_at"] < 10**10  # seconds
    assert script.get(f"/videos/{video['id']}").json() == {
        key: value for key, value in video.items() if key != "variations"
    }


def test_form_and_json_ask_for_the_same(script: httpx.Client) -> None:
    style = script.get("/models/sprout").json()["styles"][0]
    extras = {"style": style, "seed": "7", "negative_prompt": "rain", "turbo": "true"}
    as_json = ask(script, **extras)
    as_form = script.post("/videos", files={k: (None, v) for k, v in {**WISH, **extras}.items()})
    ours = ("prompt", "seconds", "size", "style", "seed", "negative_prompt", "turbo")
    assert {key: as_form.json()[key] for key in ours} == {key: as_json[key] for key in ours}
    assert (as_json["seed"], as_json["turbo"]) == (7, True)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"seconds": "12"}, "seconds"),
        ({"size": "1792x1024"}, "size"),
        ({"model": "sora-2"}, "model"),
        ({"turbo": "perhaps"}, "turbo"),
        ({"variations": 5}, "variations"),
        ({"variations": 0}, "variations"),
        ({"style": "oil"}, "style"),
        ({"seed": -1}, "seed"),
        ({"operation": "loop"}, "operation"),
        ({"input_reference": {"image_url": "http://192.0.2.1/a.png"}}, "input_reference"),
        ({"input_reference": {"image_url": "data:image/png;base64,AAAA"}}, "input_reference"),
        ({"input_reference": {"image_url": "data:image/png;base64,%%"}}, "input_reference"),
        ({"input_reference": {"file_id": "picture_" + "0" * 32}}, "input_reference"),
        ({"input_reference": 5}, "input_reference"),
    ],
)
def test_wrong_field_is_named_and_nothing_is_charged(
    house: House, script: httpx.Client, change: dict[str, Any], param: str
) -> None:
    before = state(house), files(house)
    answer = script.post("/videos", json={**WISH, **change})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (422, param, "bad_spec")
    assert error["type"] == "invalid_request_error"
    assert error["message"].endswith(".")
    assert (state(house), files(house)) == before


def test_picture_comes_as_a_file_a_data_url_or_an_id(
    house: House, ada: Person, script: httpx.Client
) -> None:
    form = {name: (None, value) for name, value in WISH.items()}
    sent = script.post("/videos", files={**form, "input_reference": ("a.png", png())}).json()
    url = "data:image/png;base64," + base64.b64encode(png()).decode()
    # As large as a field of a form may be, and more than a body without a picture.
    large = "data:image/png;base64," + base64.b64encode(png() + bytes(90_000)).decode()
    nested = script.post("/videos", files={**form, "input_reference[image_url]": (None, large)})
    told = ask(script, input_reference={"image_url": url})
    kept = ada.browser.post("/pictures", content=png()).json()["id"]
    named = ask(script, input_reference={"file_id": kept})
    for video in (sent, nested.json(), told, named):
        assert video["operation"] == "image"
        [source] = video["sources"]
        assert source.startswith("picture_")
    assert named["sources"] == [kept]


def test_picture_of_somebody_else_is_as_if_it_were_not_there(
    house: House, ben: Person, script: httpx.Client
) -> None:
    theirs = ben.browser.post("/pictures", content=png()).json()["id"]
    before = state(house)
    answers = [
        script.post("/videos", json={**WISH, "input_reference": {"file_id": name}})
        for name in (theirs, "picture_" + "0" * 32)
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json() == answers[1].json()
    assert state(house) == before


def test_variations_are_clips_of_their_own_made_together(
    house: House, script: httpx.Client
) -> None:
    before = house.count_jobs()
    first = ask(script, variations=3, seed=2**32 - 1)
    assert house.count_jobs() == before + 3
    videos = [script.get(f"/videos/{video_id}").json() for video_id in first["variations"]]
    assert [video["seed"] for video in videos] == [2**32 - 1, 0, 1]
    assert [video["variation_of"] for video in videos] == [None, first["id"], first["id"]]


def test_same_key_and_picture_make_one_video_and_another_picture_is_refused(
    house: House, script: httpx.Client
) -> None:
    form = {name: (None, value) for name, value in WISH.items()}
    form["variations"] = (None, "2")
    before = house.count_jobs()
    answers = [
        script.post(
            "/videos",
            files={**form, "input_reference": ("a.png", picture)},
            headers={"idempotency-key": "same"},
        )
        for picture in (png(), png(), png("blue"))
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert answers[0].json() == answers[1].json()
    assert answers[2].headers["x-should-retry"] == "false"
    assert house.count_jobs() == before + 2


def test_list_pages_through_ones_own_both_ways(script: httpx.Client, other: httpx.Client) -> None:
    mine = [ask(other)["id"] for _ in range(5)]
    seen, after = [], {}
    while True:
        page = other.get("/videos", params={"limit": 2, **after}).json()
        seen += [video["id"] for video in page["data"]]
        assert (page["object"], page["last_id"]) == ("list", seen[-1])
        if not page["has_more"]:
            break
        after = {"after": page["last_id"]}
    assert seen[:5] == mine[::-1]
    rising = other.get("/videos", params={"order": "asc", "after": mine[1]}).json()
    assert [video["id"] for video in rising["data"]] == mine[2:]
    assert other.get("/videos", params={"limit": 0}).json()["data"] == []
    assert not set(mine) & {video["id"] for video in script.get("/videos").json()["data"]}
    for wrong in ({"limit": 101}, {"limit": "x"}, {"order": "up"}, {"after": "../etc"}):
        answer = script.get("/videos", params=wrong)
        assert (answer.status_code, answer.json()["error"]["param"]) == (422, next(iter(wrong)))


def test_content_is_the_film_the_still_or_the_sheet_in_ranges(
    house: House, script: httpx.Client, film: bytes
) -> None:
    video_id = drawn(house, script, film)
    whole = script.get(f"/videos/{video_id}/content")
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (
        (200, film, "video/mp4")
    )
    part = script.get(f"/videos/{video_id}/content", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, film[10:20])
    still = script.get(f"/videos/{video_id}/content", params={"variant": "thumbnail"})
    assert (still.content, still.headers["content-type"]) == (b"still", "image/jpeg")
    sheets = [
        script.get(f"/videos/{video_id}/content", params={"variant": "spritesheet"}).content
        for _ in range(2)
    ]
    assert sheets[0] == sheets[1]
    picture = Image.open(BytesIO(sheets[0]))
    assert (picture.format, picture.size) == ("JPEG", (5 * 256, 2 * 256))
    moments = {
        picture.crop((x * 256, y * 256, x * 256 + 256, y * 256 + 256)).tobytes()
        for x in range(5)
        for y in range(2)
    }
    assert len(moments) == 10
    wrong = script.get(f"/videos/{video_id}/content", params={"variant": "gif"})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (422, "variant")


def test_what_needs_a_film_says_that_there_is_none_yet(script: httpx.Client) -> None:
    video_id = ask(script)["id"]
    named = {"prompt": "a cat", "video": {"id": video_id}}
    answers = [
        script.get(f"/videos/{video_id}/content"),
        script.post(f"/videos/{video_id}/remix", json={"prompt": "a cat"}),
        script.post("/videos/edits", json=named),
        script.post("/videos/extensions", json={**named, "seconds": "1"}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "video_not_ready")


def test_remix_edit_and_extension_begin_with_ones_own_video(
    house: House, script: httpx.Client, other: httpx.Client
) -> None:
    source = drawn(house, script, turbo=True)
    remix = script.post(f"/videos/{source}/remix", json={"prompt": "a cat"}).json()
    assert (remix["remixed_from_video_id"], remix["prompt"]) == (source, "a cat")
    assert (remix["seconds"], remix["size"], remix["turbo"]) == ("1", "256x256", True)
    form = {"prompt": (None, "a dog"), "video[id]": (None, source), "turbo": (None, "false")}
    edit = script.post("/videos/edits", files=form).json()
    assert (edit["remixed_from_video_id"], edit["turbo"]) == (source, False)
    longer = {"prompt": "it rolls on", "seconds": "4", "video": {"id": source}}
    extension = script.post("/videos/extensions", json=longer).json()
    assert (extension["seconds"], extension["operation"]) == ("5", "extend")
    assert extension["remixed_from_video_id"] is None
    too_long = script.post("/videos/extensions", json={**longer, "seconds": "10"})
    assert (too_long.status_code, too_long.json()["error"]["param"]) == (422, "seconds")

    before = state(house)
    for path, body in (
        (f"/videos/{source}/remix", {"prompt": "a cat"}),
        ("/videos/edits", {"prompt": "a cat", "video": {"id": source}}),
        ("/videos/extensions", longer),
    ):
        theirs = other.post(path, json=body)
        missing = other.post(
            path.replace(source, "0" * 32),
            json={**body, "video": {"id": "0" * 32}} if "video" in body else body,
        )
        assert (theirs.status_code, theirs.json()) == (404, missing.json())
    assert state(house) == before


def test_film_is_known_by_its_bytes_to_its_owner_alone(
    house: House, script: httpx.Client, other: httpx.Client
) -> None:
    """To others it is a file like any; nobody learns whose it is."""
    mine = drawn(house, script)
    with house.parts.database.begin() as db:
        db.get_one(Clip, mine).sha256 = hashlib.sha256(b"my film").hexdigest()
    form = {"prompt": (None, "a cat"), "video": ("a.mp4", b"my film")}
    assert script.post("/videos/edits", files=form).json()["sources"] == [mine]
    before = state(house), files(house)
    theirs = other.post("/videos/edits", files=form)
    unknown = other.post("/videos/edits", files={**form, "video": ("a.mp4", b"x")})
    assert (theirs.status_code, theirs.json()["error"]["param"]) == (422, "video")
    assert theirs.json() == unknown.json()
    assert (state(house), files(house)) == before


def test_what_the_model_cannot_do_is_refused_with_a_reason(script: httpx.Client) -> None:
    answers = [
        script.post("/videos/characters", files={"name": (None, "Ada"), "video": ("a", b"x")}),
        script.get("/videos/characters/char_1"),
    ]
    for answer in answers:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "not_offered")
        assert "prompt" in error["message"]


def test_video_asked_for_before_there_was_a_choice_is_told_with_what_was_done_then(
    house: House, script: httpx.Client
) -> None:
    video_id = drawn(house, script)
    with house.parts.database.begin() as db:
        job = db.get_one(Job, video_id)
        new = ("variant", "operation", "sources", "strength", "storyboard")
        job.spec = {name: value for name, value in job.spec.items() if name not in new}
    video = script.get(f"/videos/{video_id}").json()
    assert (video["turbo"], video["operation"], video["sources"]) == (False, "text", [])
    answer = script.post(f"/videos/{video_id}/remix", json={"prompt": "a cat"})
    assert answer.status_code == 200


def test_cancelled_video_is_failed_and_says_cancelled(ada: Person, script: httpx.Client) -> None:
    video_id = ask(script)["id"]
    ada.browser.post(f"/jobs/{video_id}/cancel")
    video = script.get(f"/videos/{video_id}").json()
    assert (video["status"], video["error"]["code"]) == ("failed", "cancelled")
    assert video["completed_at"] is None


@pytest.mark.parametrize("how", ["queued", "running", "finished"])
def test_deleting_gives_back_what_was_held_and_leaves_nothing(
    house: House, script: httpx.Client, other: httpx.Client, film: bytes, how: str
) -> None:
    before = state(house), files(house)
    video_id = ask(script)["id"]
    if how == "running":
        with house.parts.database.begin() as db:
            db.get_one(Job, video_id).state = "running"
    if how == "finished":
        house.finish(video_id, film)
        script.get(f"/videos/{video_id}/content", params={"variant": "spritesheet"})
    assert other.delete(f"/videos/{video_id}").status_code == 404
    answer = script.delete(f"/videos/{video_id}")
    assert answer.json() == {"id": video_id, "object": "video.deleted", "deleted": True}
    assert script.delete(f"/videos/{video_id}").status_code == 404
    assert script.get(f"/videos/{video_id}").status_code == 404
    with house.parts.database.read() as db:
        assert db.get(Clip, video_id) is None
    jobs, held = state(house)
    # `House.finish` settles nothing: the hold of a finished one stays.
    assert (jobs, held) == (before[0][0], before[0][1] + (how == "finished"))
    if how != "finished":
        assert files(house) == before[1]


def test_models_are_listed_with_what_they_can_do(script: httpx.Client) -> None:
    models = script.get("/models").json()
    assert [model["id"] for model in models["data"]] == ["sprout"]
    assert models["data"][0] == script.get("/models/sprout").json()
    assert "1920x1080" in models["data"][0]["sizes"]
    assert script.get("/models/sora-2").status_code == 404


def test_every_refusal_under_v1_has_the_body_that_clients_read(
    house: House, ada: Person, script: httpx.Client
) -> None:
    """Those of the gate too: no door, no credential, another site, too large a body."""
    elsewhere = ada.another_window(house, headers={"origin": "http://evil.example"})
    answers = [
        (401, house.stranger().get("/v1/videos", headers={"accept": "text/html"})),
        (404, script.get("/nowhere")),
        (400, script.post("/videos/edits", content=b"x" * 70_000)),
        (403, elsewhere.post("/v1/videos", json=WISH)),
    ]
    for status, answer in answers:
        error = answer.json()["error"]
        assert answer.status_code == status
        assert {"message", "type", "param", "code"} <= set(error)
        assert len(answer.headers["x-request-id"]) > 8
