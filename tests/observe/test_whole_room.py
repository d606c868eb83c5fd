"""One clip through a whole Greenroom, watched from outside: log, metrics, trace."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from clients.greenroom_client import GreenroomAuth
from tests.journeys.greenroom import Greenroom, wait_for
from tests.observe.collector import Collector, collecting
from tests.services import free_port

METRICS_TOKEN = "thirty-two characters or more, all mine"
WORDS = ("zebrafinch", "marmalade")
WISH = {
    "prompt": f"a {WORDS[0]} in the snow",
    "negative_prompt": WORDS[1],
    "seconds": 1,
    "size": "256x256",
    "variant": "turbo",
}


@dataclass
class Story:
    """What one tester did, and everything that was told of it."""

    request_id: str
    job_id: str
    token: str
    secrets: set[str]
    said: str
    web: str
    worker: str
    collector: Collector

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.said.splitlines() if line.startswith("{")]


class Remembering(GreenroomAuth):
    """Signs, and remembers every proof that it sent."""

    def sign(self, request: Any, nonce: str | None) -> None:
        super().sign(request, nonce)
        self.proofs = {*getattr(self, "proofs", set()), request.headers["dpop"]}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    data, metrics_port = tmp_path_factory.mktemp("room"), free_port()
    with collecting() as collector:
        room = Greenroom(
            data,
            GREENROOM_LOG="json",
            GREENROOM_METRICS_TOKEN=METRICS_TOKEN,
            GREENROOM_WORKER_METRICS=f"127.0.0.1:{metrics_port}",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        )
        room.start()
        try:
            yield live(room, metrics_port, collector)
        finally:
            if room.process is not None and room.process.poll() is None:
                room.end()


def live(room: Greenroom, metrics_port: int, collector: Collector) -> Story:
    token, signer = room.token_for("Ada"), Remembering(room.data / "key.pem")
    browser = httpx.Client(base_url=room.url, headers={"origin": room.url}, timeout=30)
    signed = browser.post("/sign-in", json={"token": token}, auth=signer)
    assert signed.status_code == 200
    wait_for(lambda: browser.get("/readyz").status_code == 200, 120, room.said)
    made = browser.post("/jobs", json=WISH, auth=signer)
    assert made.status_code == 202, made.text
    job_id = made.json()["id"]
    bad = {**WISH, "seconds": -1}
    assert browser.post("/jobs", json=bad, auth=signer).status_code == 422
    wait_for(lambda: browser.get(f"/jobs/{job_id}").json()["state"] == "finished", 120, room.said)
    browser.get(f"/clips/{job_id}.mp4?secret=in-the-query")
    admit = {"authorization": f"Bearer {METRICS_TOKEN}"}
    web = httpx.get(f"{room.url}/metrics", headers=admit).text
    worker = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", headers=admit).text
    room.end()  # which sends the last spans
    secrets = {token.split("_")[3], browser.cookies["greenroom"], *signer.proofs, METRICS_TOKEN}
    secrets |= {*WORDS, "in-the-query"}
    request_id = made.headers["x-request-id"]
    return Story(request_id, job_id, token, secrets, room.said(), web, worker, collector)


def test_log_holds_no_prompt_token_cookie_or_proof(story: Story) -> None:
    assert len(story.secrets) >= 7
    told = re.sub(r"One-time admin link.*", "", story.said)  # meant for whoever starts it
    assert {secret for secret in story.secrets if secret in told} == set()


def test_metrics_and_spans_hold_no_prompt_token_cookie_or_proof(story: Story) -> None:
    told = story.web + story.worker + repr(story.collector.spans)
    assert {secret for secret in story.secrets if secret in told} == set()
    assert story.job_id not in story.web + story.worker


def test_log_is_lines_of_json_but_for_the_greeting(story: Story) -> None:
    others = [line for line in story.said.splitlines() if not line.startswith("{")]
    assert [line.split(" ")[0] for line in others] == ["One-time", "Greenroom"]
    assert all({"time", "level", "logger", "process"} <= line.keys() for line in story.lines)


def test_one_request_id_leads_from_the_answer_to_the_worker(story: Story) -> None:
    lines = [line for line in story.lines if line.get("request_id") == story.request_id]
    told = [(line["process"], line["message"]) for line in lines]
    # A clip so short and small may leave the mark a little weak, which the worker tells as well.
    usual = [one for one in told if "the mark in" not in one[1]]
    assert sorted(usual) == [("web", "request"), ("worker", "claimed"), ("worker", "ended")]
    assert {line["job_id"] for line in lines} == {story.job_id}
    ended = next(line for line in lines if line["message"] == "ended")
    assert ended["state"] == "finished"
    assert ended["gpu_ms"] > 0


def test_request_is_told_in_one_line_with_what_became_of_it(story: Story) -> None:
    [line] = [line for line in story.lines if line.get("code") == "bad_spec"]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/jobs", 422)
    assert line["token_id"] == story.token.split("_")[2]
    assert line["ms"] >= 0


def test_worker_counts_the_wait_the_stages_and_the_drawing_time(story: Story) -> None:
    def sample(name: str) -> float:
        [value] = re.findall(rf"^{re.escape(name)} (\S+)$", story.worker, re.M)
        return float(value)

    assert sample("greenroom_job_wait_seconds_count") == 1
    assert sample('greenroom_jobs_ended_total{code="",state="finished"}') == 1
    stages = ("sources", "drawing", "filming", "keep", "publish")
    name = 'greenroom_render_stage_seconds_%s{stage="%s",variant="turbo"}'
    assert [sample(name % ("count", stage)) for stage in stages] == [1.0] * 5
    drawn_s = sum(sample(name % ("sum", stage)) for stage in stages[:3])
    spent_s = sample('greenroom_gpu_seconds_total{variant="turbo"}')
    assert drawn_s == pytest.approx(spent_s, abs=0.5)


def test_trace_leads_from_the_request_to_the_worker(story: Story) -> None:
    requests = [
        span
        for span in story.collector.named("POST /jobs")
        if span.attributes["greenroom.request_id"] == story.request_id
    ]
    assert [span.service for span in requests] == ["greenroom-web"]
    [carry] = story.collector.named("carry")
    assert carry.service == "greenroom-worker"
    assert (carry.trace_id, carry.parent_id) == (requests[0].trace_id, requests[0].span_id)
    assert carry.attributes["greenroom.job_id"] == story.job_id
    below = {span.name for span in story.collector.spans if span.parent_id == carry.span_id}
    assert below == {"draw", "keep", "publish"}


def test_nobody_but_us_writes_spans(story: Story) -> None:
    """FastAPI does where it may, with every address and query in them."""
    ours = r"(GET|POST) (-|/\S*)|carry|draw|keep|publish"
    assert {s.name for s in story.collector.spans if not re.fullmatch(ours, s.name)} == set()
    web = [span for span in story.collector.spans if span.service == "greenroom-web"]
    assert all("greenroom.request_id" in span.attributes for span in web)


def test_path_of_a_clip_is_told_as_its_template(story: Story) -> None:
    routes = {line["route"] for line in story.lines if line["message"] == "request"}
    assert "/clips/{clip_id}.{kind}" in routes
    assert not any(re.search("[0-9a-f]{32}", route) for route in routes)
