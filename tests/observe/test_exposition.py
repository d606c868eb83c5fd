"""Metrics are for whoever holds their token, from workers as from web processes."""

from collections.abc import Iterator

import httpx
import pytest

from errors import BootRefused
from observe import exposition, metrics
from tests.services import free_port

TOKEN = "thirty-two characters or more, all mine"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    port = free_port()
    server = exposition.serve("127.0.0.1", port, TOKEN)
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}"])
def test_worker_tells_nobody_without_the_token(url: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = httpx.get(f"{url}/metrics", headers=headers)
    assert answer.status_code == 401
    assert answer.content == b""


def test_worker_tells_what_it_counted_to_whoever_has_the_token(url: str) -> None:
    metrics.GPU_SECONDS.labels("turbo").inc(2.5)
    answer = httpx.get(f"{url}/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert 'greenroom_gpu_seconds_total{variant="turbo"}' in answer.text


def test_worker_answers_nothing_else(url: str) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"{url}/", headers=headers).status_code == 404
    assert httpx.post(f"{url}/metrics", headers=headers).status_code == 404


def test_nobody_may_read_where_no_token_is_set() -> None:
    assert not exposition.may_read("Bearer ", None)
    assert not exposition.may_read("Bearer None", None)


def test_serve_refuses_to_boot_on_an_address_that_is_taken(url: str) -> None:
    with pytest.raises(BootRefused, match="GREENROOM_WORKER_METRICS"):
        exposition.serve("127.0.0.1", int(url.rpartition(":")[2]), TOKEN)
