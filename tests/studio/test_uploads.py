"""Pictures brought to the studio: their owner's alone, bounded, kept while a clip needs them."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from jobs.pictures import UNUSED_MAX
from jobs.records import Picture
from tests.studio.conftest import WISH, House, Person


def png(colour: str = "red") -> bytes:
    file = BytesIO()
    Image.new("RGB", (32, 24), colour).save(file, "PNG")
    return file.getvalue()


def files(house: House) -> set[str]:
    folder = Path(house.parts.store.root)
    return {path.name for path in folder.rglob("picture_*") if path.is_file()}


def rows(house: House) -> int:
    with house.parts.database.read() as db:
        return db.scalar(select(func.count()).select_from(Picture)) or 0


@pytest.fixture
def picture(ada: Person) -> dict[str, str]:
    answer = ada.browser.post("/pictures", content=png())
    assert answer.status_code == 201
    return dict(answer.json())


@pytest.fixture
def nothing_changes(house: House, ada: Person) -> Iterator[None]:
    """No job, no picture, no file, no hold more than before."""

    def state() -> tuple[object, ...]:
        me = ada.browser.get("/me").json()
        return me, house.count_jobs(), rows(house), files(house)

    before = state()
    yield
    assert state() == before


def test_picture_is_shown_to_its_owner_alone(
    house: House, ada: Person, ben: Person, admin: Person, picture: dict[str, str]
) -> None:
    answer = ada.browser.get(picture["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "private, no-store"
    assert Image.open(BytesIO(answer.content)).size == (32, 24)
    nowhere = picture["url"].replace(picture["id"][-6:], "000000")
    for other in (ben, admin):
        theirs, missing = other.browser.get(picture["url"]), other.browser.get(nowhere)
        assert (theirs.status_code, theirs.content) == (404, missing.content)
    assert house.stranger().get(picture["url"]).status_code == 401


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"<svg/>", 422),
        (png()[:40], 422),
        (b"\0" * (2**24), 422),
        (b"\0" * (2**24 + 1), 400),
        (b"\0" * (50 * 10**6), 400),
    ],
    ids=["nothing", "svg", "cut off", "16 MB", "a byte more", "50 MB"],
)
def test_refused_picture_leaves_nothing(ada: Person, content: bytes, status: int) -> None:
    answer = ada.browser.post("/pictures", content=content)
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")


@pytest.mark.usefixtures("nothing_changes")
def test_picture_needs_the_device_and_our_own_page(house: House, ada: Person) -> None:
    without_key = house.stranger(cookies=ada.browser.cookies)
    assert without_key.post("/pictures", content=png()).status_code == 401
    elsewhere = ada.another_window(house, headers={"origin": "http://evil.example"})
    assert elsewhere.post("/pictures", content=png()).status_code == 403
    assert house.stranger().post("/pictures", content=png()).status_code == 401


def test_unused_pictures_are_few_and_used_ones_stay(house: House) -> None:
    """However many are brought, the oldest that no clip began with go, rows and files alike."""
    dora = house.person("Dora")
    used = dora.browser.post("/pictures", content=png()).json()
    wish = {**WISH, "operation": "image", "sources": [used["id"]]}
    assert dora.browser.post("/jobs", json=wish).status_code == 202
    before = files(house)
    brought = [dora.browser.post("/pictures", content=png()).json() for _ in range(UNUSED_MAX + 3)]
    shown = [dora.browser.get(one["url"]).status_code for one in brought]
    assert shown == [404] * 3 + [200] * UNUSED_MAX
    assert dora.browser.get(used["url"]).status_code == 200
    assert len(files(house) - before) == UNUSED_MAX


def test_clip_can_begin_with_a_first_a_last_or_both_pictures(
    ada: Person, picture: dict[str, str]
) -> None:
    for sources in ([picture["id"]], [picture["id"], picture["id"]], ["", picture["id"]]):
        wish = {**WISH, "operation": "image", "sources": sources}
        answer = ada.browser.post("/jobs", json=wish)
        assert (answer.status_code, answer.json()["spec"]["sources"]) == (202, sources)


@pytest.mark.usefixtures("picture", "nothing_changes")
def test_picture_is_no_film(ada: Person, picture: dict[str, str]) -> None:
    for operation in ("extend", "extend_back", "loop", "remix"):
        wish = {**WISH, "operation": operation, "sources": [picture["id"]]}
        answer = ada.browser.post("/jobs", json=wish)
        assert (answer.status_code, answer.json()["field"]) == (422, "sources")
