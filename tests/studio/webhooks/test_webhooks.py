"""A tester's server hears of each video once it is done: signed, again and again, and only it."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError

from auth.records import AuditEntry
from database import Database
from jobs.records import Job
from studio.clock import now_ms
from studio.webhooks import outbox
from studio.webhooks.courier import Courier
from studio.webhooks.records import EVENT_TYPES, WebhookDelivery, WebhookEndpoint
from studio.webhooks.signing import Seal
from tests.studio.conftest import WISH, House, Person
from tests.studio.webhooks.conftest import Ear

PATH = "/v1/webhook_endpoints"


def add(person: Person, url: str, *event_types: str) -> dict[str, Any]:
    wish = {"name": "mine", "url": url, "event_types": event_types or EVENT_TYPES}
    answer = person.browser.post(PATH, json=wish)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def finish(house: House, person: Person) -> str:
    video_id = str(person.browser.post("/jobs", json=WISH).json()["id"])
    house.finish(video_id, b"a film")
    return video_id


def deliver(house: House) -> None:
    """One round of the courier, until all it sent has arrived."""

    async def go() -> None:
        courier = Courier(house.parts.database, house.parts.settings)
        await courier.round()
        await asyncio.gather(*courier.under_way)

    asyncio.run(go())


def deliveries(house: House, endpoint: dict[str, Any]) -> list[WebhookDelivery]:
    with house.parts.database.read() as db:
        mine = WebhookDelivery.endpoint_id == endpoint["id"]
        return list(db.scalars(select(WebhookDelivery).where(mine)))


def hurry(house: House) -> None:
    """Let every wait be over."""
    with house.parts.database.begin() as db:
        db.execute(update(WebhookDelivery).values(next_at=0))


def test_finished_video_is_told_once_with_a_signature_that_others_verify(
    house: House, dora: Person, ear: Ear
) -> None:
    """By the reference library of Standard Webhooks and by the stock openai client."""
    endpoint = add(dora, ear.url)
    video_id = finish(house, dora)
    deliver(house)
    deliver(house)
    [(headers, body)] = ear.heard
    secret = endpoint["signing_secret"]
    told = Webhook(secret).verify(body, headers)
    assert (told["type"], told["data"]) == ("video.completed", {"id": video_id})
    client = openai.OpenAI(api_key="none", webhook_secret=secret)
    event: Any = client.webhooks.unwrap(body, headers)
    assert (event.type, event.data.id, event.id) == (
        ("video.completed", video_id, headers["webhook-id"])
    )
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"completed", b"failed"), headers)
    late = headers | {"webhook-timestamp": str(int(time.time()) - 400)}
    with pytest.raises(openai.InvalidWebhookSignatureError):
        client.webhooks.unwrap(body, late)
    assert [row.state for row in deliveries(house, endpoint)] == ["delivered"]


def test_stopped_and_failed_videos_are_told_as_failed_to_who_asked_for_that(
    house: House, dora: Person, ear: Ear
) -> None:
    add(dora, ear.url, "video.failed")
    finish(house, dora)
    stopped, broken = (dora.browser.post("/jobs", json=WISH).json()["id"] for _ in "ab")
    dora.browser.post(f"/jobs/{stopped}/cancel")
    with house.parts.database.begin() as db:
        job = db.get_one(Job, broken)
        job.state, job.ended_at = "failed", now_ms()
    deliver(house)
    told = [json.loads(body) for _, body in ear.heard]
    assert {event["data"]["id"] for event in told} == {stopped, broken}
    assert {event["type"] for event in told} == {"video.failed"}


def test_nobody_hears_of_anothers_video_nor_of_what_ended_before(
    house: House, dora: Person, ear: Ear
) -> None:
    finish(house, dora)
    time.sleep(0.002)  # the next millisecond
    add(dora, ear.url)
    finish(house, house.person("Somebody else"))
    deliver(house)
    assert ear.heard == []


def test_undelivered_is_tried_again_later_with_the_same_id_and_body(
    house: House, dora: Person, ear: Ear
) -> None:
    """Redirects are no delivery, and are not followed."""
    ear.answers, ear.location = [500, 302, 200], "http://127.0.0.1:9/elsewhere"
    endpoint = add(dora, ear.url)
    finish(house, dora)
    waits = []
    for _ in range(3):
        deliver(house)
        deliver(house)  # too early: nothing happens
        [row] = deliveries(house, endpoint)
        waits.append(row.next_at - now_ms())
        hurry(house)
    deliver(house)
    assert len(ear.heard) == 3
    assert len({headers["webhook-id"] for headers, _ in ear.heard}) == 1
    assert len({body for _, body in ear.heard}) == 1
    assert 0 < waits[0] <= 5_500 < 50_000 < waits[1] <= 66_000
    [row] = deliveries(house, endpoint)
    assert (row.state, row.attempts, row.last_status) == ("delivered", 3, 200)


def test_delivery_ends_failed_once_its_tries_are_used_up(
    house: House, dora: Person, ear: Ear
) -> None:
    ear.answers = [500]
    endpoint = add(dora, ear.url)
    finish(house, dora)
    for _ in range(len(outbox.WAITS_MS) + 3):
        deliver(house)
        hurry(house)
    assert len(ear.heard) == len(outbox.WAITS_MS) + 1
    assert [row.state for row in deliveries(house, endpoint)] == ["failed"]


def test_more_news_than_one_pass_takes_is_told_though_it_is_old(
    house: House, dora: Person, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage: tidying moves past nothing that is not written down yet."""
    monkeypatch.setattr(outbox, "NEWS_MAX", 2)
    endpoint = add(dora, ear.url)
    videos = {finish(house, dora) for _ in range(3)}
    old = now_ms() - 3 * outbox.LATE_MS
    with house.parts.database.begin() as db:
        db.execute(update(Job).where(Job.id.in_(videos)).values(ended_at=old))
        db.get_one(WebhookEndpoint, endpoint["id"]).seen_until = old - 1
    courier = Courier(house.parts.database, house.parts.settings)
    taken = [parcel for _ in range(3) for parcel in courier.take(9, [], True)]
    told = {json.loads(parcel.body)["data"]["id"] for parcel in taken}
    assert told >= videos


def test_many_couriers_send_each_event_once(database: Database) -> None:
    """Eight at once find the same news and want the same parcels: one row, one taker."""
    now = now_ms()
    with database.begin() as db:
        db.add(
            WebhookEndpoint(
                id="we_1",
                owner_id="ada",
                name="mine",
                url="https://example.org",
                event_types="video.completed",
                sealed_secret="x",
                seen_until=0,
                created_at=0,
            )
        )

    def write(_: int) -> int:
        with database.begin() as db:
            return outbox.write_down(db, [("we_1", "job", "video.completed")], now)

    class Open(Seal):
        def __init__(self) -> None:
            pass

        def open(self, sealed: str) -> str | None:
            return sealed

    def take(_: int) -> bool:
        with database.read() as db:
            [delivery] = db.scalars(select(WebhookDelivery)).all()
        with database.begin() as db:
            return outbox.claim(db, delivery.id, Open(), now) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1
        assert sum(pool.map(take, range(8))) == 1


def test_slow_process_cannot_overwrite_what_the_next_one_found_out(
    house: House, dora: Person, ear: Ear
) -> None:
    endpoint = add(dora, ear.url)
    finish(house, dora)
    courier = Courier(house.parts.database, house.parts.settings)
    [slow] = courier.take(1, [], False)
    hurry(house)
    deliver(house)
    with house.parts.database.begin() as db:
        outbox.note(db, slow, None, now_ms())
    assert [row.state for row in deliveries(house, endpoint)] == ["delivered"]


def test_endpoint_is_its_testers_alone_and_its_secret_is_shown_once(
    house: House, dora: Person, ada: Person, ear: Ear
) -> None:
    endpoint = add(dora, ear.url)
    secret = endpoint.pop("signing_secret")
    assert secret.startswith("whsec_")
    listed = dora.browser.get(PATH)
    assert listed.json()["data"] == [endpoint]
    assert secret not in listed.text
    own = f"{PATH}/{endpoint['id']}"
    assert dora.browser.get(own).json() == endpoint
    with house.parts.database.read() as db:
        row = db.get_one(WebhookEndpoint, endpoint["id"])
    assert secret not in str(vars(row))
    missing = f"{PATH}/we_{'0' * 32}"
    for theirs, nothing in (
        (ada.browser.get(own), ada.browser.get(missing)),
        (ada.browser.delete(own), ada.browser.delete(missing)),
        (
            ada.browser.post(f"{own}/test", json={"event_type": "video.failed"}),
            ada.browser.post(f"{missing}/test", json={"event_type": "video.failed"}),
        ),
    ):
        assert (theirs.status_code, theirs.json()) == (404, nothing.json())
    assert ada.browser.get(PATH).json()["data"] == []
    finish(house, dora)
    assert dora.browser.delete(own).json()["deleted"] is True
    assert dora.browser.get(own).status_code == 404
    deliver(house)
    assert ear.heard == []


def test_test_is_sent_at_once_and_not_again_within_ten_seconds(dora: Person, ear: Ear) -> None:
    endpoint = add(dora, ear.url)
    ear.answers = [418]
    test = f"{PATH}/{endpoint['id']}/test"
    answer = dora.browser.post(test, json={"event_type": "video.failed"}).json()
    assert (answer["status_code"], answer["event_type"]) == (418, "video.failed")
    [(headers, body)] = ear.heard
    assert Webhook(endpoint["signing_secret"]).verify(body, headers)["type"] == "video.failed"
    again = dora.browser.post(test, json={"event_type": "video.failed"})
    assert (again.status_code, again.headers["retry-after"]) == (429, "10")
    assert len(ear.heard) == 1


def test_endpoints_are_few(dora: Person, ear: Ear) -> None:
    for _ in range(5):
        add(dora, ear.url)
    wish = {"url": ear.url, "event_types": ["video.failed"]}
    assert dora.browser.post(PATH, json=wish).status_code == 429
    assert len(dora.browser.get(PATH).json()["data"]) == 5


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": "https://user:pass@example.org/"}, "url"),
        ({"url": "https://example.org/#x"}, "url"),
        ({"url": "https://exa mple.org/"}, "url"),
        ({"url": "https://example.org/\r\nx-evil: 1"}, "url"),
        ({"url": "https://[::1/"}, "url"),
        ({"url": "https://example.org:99999/"}, "url"),
        ({"url": "https:///x"}, "url"),
        ({"url": "https://no-such-host.invalid/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": 5}, "url"),
        ({"url": "https://example.org/" + "x" * 2000}, "url"),
        ({"event_types": []}, "event_types"),
        ({"event_types": ["batch.completed"]}, "event_types"),
        ({"event_types": [["video.failed"]]}, "event_types"),
        ({"name": "a\x00b"}, "name"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_wrong_endpoint_names_its_field(
    ada: Person, ear: Ear, change: dict[str, Any], param: str
) -> None:
    wish = {"name": "mine", "url": ear.url, "event_types": ["video.failed"], **change}
    answer = ada.browser.post(PATH, json=wish)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, param)
    assert ada.browser.get(PATH).json()["data"] == []


def test_stock_client_manages_endpoints(house: House, dora: Person, ear: Ear) -> None:
    token = house.api_token(dora, bearer=True)
    client = openai.OpenAI(base_url=f"{house.url}/v1", api_key=token, max_retries=0)
    made = client.webhooks.create(name="mine", url=ear.url, event_types=["video.completed"])
    assert made.signing_secret.startswith("whsec_")
    assert [endpoint.id for endpoint in client.webhooks.list()] == [made.id]
    tested = client.webhooks.test(made.id, event_type="video.completed")
    assert tested.status_code == 204
    renamed = client.webhooks.update(made.id, name="ours")
    assert (renamed.name, renamed.url, renamed.event_types) == ("ours", ear.url, made.event_types)
    assert client.webhooks.delete(made.id).deleted
    assert httpx.get(f"{house.url}{PATH}").status_code == 401


def test_changed_endpoint_hears_at_its_new_address_by_its_old_secret(
    house: House, dora: Person, ear: Ear
) -> None:
    """What was on its way when it changed goes there too."""
    endpoint = add(dora, "http://127.0.0.1:9/nobody")
    finish(house, dora)
    deliver(house)
    wish = {"url": ear.url, "event_types": ["video.completed"]}
    changed = dora.browser.post(f"{PATH}/{endpoint['id']}", json=wish).json()
    assert (changed["name"], changed["url"], changed["event_types"]) == (
        "mine",
        ear.url,
        ["video.completed"],
    )
    assert changed["updated_at"] >= changed["created_at"]
    assert "signing_secret" not in changed
    hurry(house)
    deliver(house)
    [(headers, body)] = ear.heard
    Webhook(endpoint["signing_secret"]).verify(body, headers)
    with house.parts.database.read() as db:
        logged = select(AuditEntry.subject).where(AuditEntry.action == "webhook.change")
        assert f"webhook:{endpoint['id']}" in db.scalars(logged).all()


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"event_types": []}, "event_types"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_wrong_change_names_its_field_and_changes_nothing(
    ben: Person, ear: Ear, change: dict[str, Any], param: str
) -> None:
    """Five of them, each endpoint removed again: that is as many as one gets."""
    endpoint = add(ben, ear.url)
    path = f"{PATH}/{endpoint['id']}"
    answer = ben.browser.post(path, json=change)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, param)
    shown = ben.browser.get(path).json()
    assert shown == {name: endpoint[name] for name in shown}
    assert ben.browser.delete(path).status_code == 200


def test_endpoint_of_somebody_else_is_not_changed(ada: Person, dora: Person, ear: Ear) -> None:
    endpoint = add(dora, ear.url)
    path = f"{PATH}/{endpoint['id']}"
    assert ada.browser.post(path, json={"name": "taken"}).status_code == 404
    assert dora.browser.get(path).json()["name"] == "mine"


@pytest.mark.parametrize(("overlap", "verify"), [(True, 2), (False, 1)])
def test_new_secret_signs_and_the_old_one_beside_it_where_that_was_asked(
    house: House, ear: Ear, overlap: bool, verify: int
) -> None:
    dora = house.person(f"Dora of {verify}")
    endpoint = add(dora, ear.url)
    keep = {"keep_old_secret_active_for_24_hours": overlap}
    renewed = dora.browser.post(f"{PATH}/{endpoint['id']}/rotate_secret", json=keep).json()
    secrets = [renewed["signing_secret"], endpoint["signing_secret"]]
    assert len(set(secrets)) == 2
    finish(house, dora)
    deliver(house)
    [(headers, body)] = ear.heard
    assert len(headers["webhook-signature"].split()) == verify
    webhooks = openai.OpenAI(api_key="none").webhooks
    for secret in secrets[:verify]:
        Webhook(secret).verify(body, headers)
        webhooks.verify_signature(body, headers, secret=secret)
    for secret in secrets[verify:]:
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_old_secret_signs_no_more_once_its_day_is_over(
    house: House, dora: Person, ear: Ear
) -> None:
    endpoint = add(dora, ear.url)
    keep = {"keep_old_secret_active_for_24_hours": True}
    dora.browser.post(f"{PATH}/{endpoint['id']}/rotate_secret", json=keep)
    with house.parts.database.begin() as db:
        row = db.get_one(WebhookEndpoint, endpoint["id"])
        assert 0 <= now_ms() + 86_400_000 - (row.previous_until or 0) < 60_000
        row.previous_until = now_ms()
    finish(house, dora)
    deliver(house)
    [(headers, _)] = ear.heard
    assert len(headers["webhook-signature"].split()) == 1


def test_secret_is_rotated_by_its_owner_alone_and_with_a_plain_word(
    house: House, dora: Person, ear: Ear
) -> None:
    endpoint = add(dora, ear.url)
    path = f"{PATH}/{endpoint['id']}/rotate_secret"
    assert house.person("Rosa Rota").browser.post(path, json={}).status_code == 404
    for wrong in ({"keep_old_secret_active_for_24_hours": "yes"}, {"secret": "whsec_mine"}):
        assert dora.browser.post(path, json=wrong).status_code == 422
    with house.parts.database.read() as db:
        assert db.get_one(WebhookEndpoint, endpoint["id"]).previous_secret is None


def test_owner_reads_what_an_endpoint_was_told_last(house: House, dora: Person, ear: Ear) -> None:
    ear.answers = [503, 204]
    endpoint = add(dora, ear.url)
    path = f"{PATH}/{endpoint['id']}/deliveries"
    assert dora.browser.get(path).json()["data"] == []
    video_id = finish(house, dora)
    deliver(house)
    [told] = dora.browser.get(path).json()["data"]
    assert (told["video_id"], told["event_type"]) == (video_id, "video.completed")
    assert (told["state"], told["attempts"], told["status_code"]) == ("waiting", 1, 503)
    assert told["next_at"] >= now_ms() // 1000
    hurry(house)
    deliver(house)
    [told] = dora.browser.get(path).json()["data"]
    assert (told["state"], told["status_code"], told["next_at"]) == ("delivered", 204, None)
    assert house.person("Nosy Nora").browser.get(path).status_code == 404
