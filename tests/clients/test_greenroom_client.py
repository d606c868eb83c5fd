"""The client file: a key that only its owner reads, and requests that count once."""

import asyncio
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest
from joserfc.jwk import ECKey

from clients import greenroom_client
from clients.greenroom_client import (
    Greenroom,
    GreenroomAuth,
    Refused,
    prove,
    public_jwk,
    read_key,
    read_webhook,
)
from studio.webhooks.signing import event, new_secret, signed
from tests.studio.conftest import WISH, House, Person
from tests.studio.test_uploads import png


def test_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with ThreadPoolExecutor(8) as pool:
        thumbprints = set(pool.map(lambda _: GreenroomAuth(path).thumbprint, range(8)))
    assert len(thumbprints) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["key.pem"]
    path.chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        GreenroomAuth(path)


def test_thumbprint_is_the_one_everybody_computes(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    jwk = ECKey.import_key(public_jwk(read_key(path)))
    program = [sys.executable, greenroom_client.__file__, str(path)]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert said.strip() == GreenroomAuth(path).thumbprint == jwk.thumbprint()


def test_script_signs_and_is_served_and_its_token_alone_makes_nothing(
    house: House, ada: Person, tmp_path: Path
) -> None:
    token = house.api_token(ada)
    script = httpx.Client(base_url=house.url, auth=GreenroomAuth(tmp_path / "key.pem", token))
    assert script.get("/me").json()["name"] == "Ada"
    assert script.post("/jobs", json=WISH).status_code == 202
    before = house.count_jobs()
    finder = GreenroomAuth(tmp_path / "finder.pem", token)
    with_bearer = {"authorization": f"Bearer {token}"}
    with_dpop = {"authorization": f"DPoP {token}"}
    answers = [
        httpx.post(f"{house.url}/jobs", json=WISH, auth=finder),
        httpx.post(f"{house.url}/jobs", json=WISH, headers=with_bearer),
        httpx.post(f"{house.url}/jobs", json=WISH, headers=with_dpop),
    ]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert house.count_jobs() == before


def test_one_proof_sent_twenty_times_at_once_makes_one_clip(
    house: House, ada: Person, tmp_path: Path
) -> None:
    token, address = house.api_token(ada), f"{house.url}/jobs"
    signer = GreenroomAuth(tmp_path / "key.pem", token)
    nonce = httpx.get(f"{house.url}/me", auth=signer).headers.get("dpop-nonce")
    proof = prove(signer.key, "POST", address, nonce, token)
    headers = {"authorization": f"DPoP {token}", "dpop": proof}
    before = house.count_jobs()
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda _: httpx.post(address, json=WISH, headers=headers), range(20))
        )
    assert sorted(answer.status_code for answer in answers) == [202] + [401] * 19
    assert house.count_jobs() == before + 1


def test_two_proofs_in_one_request_are_refused(house: House, ada: Person, tmp_path: Path) -> None:
    token = house.api_token(ada)
    signer = GreenroomAuth(tmp_path / "key.pem", token)
    nonce = httpx.get(f"{house.url}/me", auth=signer).headers.get("dpop-nonce")
    proofs = [("dpop", prove(signer.key, "GET", f"{house.url}/me", nonce, token)) for _ in "ab"]
    answer = httpx.get(f"{house.url}/me", headers=[("authorization", f"DPoP {token}"), *proofs])
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_stock_openai_client_signs(house: House, ada: Person, tmp_path: Path) -> None:
    token, signer = house.api_token(ada), GreenroomAuth(tmp_path / "key.pem")
    client = openai.OpenAI(
        base_url=house.url, api_key=token, http_client=httpx2.Client(auth=signer), max_retries=0
    )
    job: Any = client.post("/jobs", body=WISH, cast_to=object)
    jobs: Any = client.get("/jobs", cast_to=object)
    assert jobs["jobs"][0]["id"] == job["id"]
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=house.url, api_key=token, max_retries=0).get("/me", cast_to=object)


def test_stock_openai_client_signs_asynchronously(
    house: House, ada: Person, tmp_path: Path
) -> None:
    token, signer = house.api_token(ada), GreenroomAuth(tmp_path / "key.pem")

    async def ask() -> Any:
        async with openai.AsyncOpenAI(
            base_url=house.url, api_key=token, http_client=httpx2.AsyncClient(auth=signer)
        ) as client:
            return await client.post("/jobs", body=WISH, cast_to=object)

    assert asyncio.run(ask())["state"] == "queued"


def test_script_makes_lists_and_deletes_videos(house: House, ada: Person, tmp_path: Path) -> None:
    room = Greenroom(house.url, house.api_token(ada), tmp_path / "key.pem")
    wish: Any = {"seconds": 1, "size": "256x256", "turbo": True, "seed": 7}
    videos = [
        room.create("a red ball", idempotency_key="once", input_reference=png(), **wish)
        for _ in "ab"
    ]
    assert videos[0]["id"] == videos[1]["id"]
    first = videos[0]["id"]
    assert (videos[0]["operation"], videos[0]["seed"], videos[0]["turbo"]) == ("image", 7, True)
    with pytest.raises(Refused) as early:
        room.download(first)
    assert (early.value.status, early.value.code) == (400, "video_not_ready")
    house.finish(first, b"a film")
    assert room.wait(first)["status"] == "completed"
    assert room.download(first) == b"a film"
    remix, longer = room.remix(first, "a cat"), room.extend(first, "it rolls on", 2)
    assert (remix["remixed_from_video_id"], longer["seconds"]) == (first, "3")
    ids = [video["id"] for video in room.videos()]
    assert ids[:3] == [longer["id"], remix["id"], first]
    room.delete(first)
    with pytest.raises(Refused) as gone:
        room.retrieve(first)
    assert (gone.value.code, bool(gone.value.request_id)) == ("not_found", True)
    with pytest.raises(Refused, match=r"whole number") as wrong:
        room.create("a red ball", seconds=99)
    assert wrong.value.param == "seconds"


def test_webhook_is_read_and_a_forged_or_old_one_is_not() -> None:
    secret, now = new_secret(), time.time_ns() // 1_000_000
    body = event("evt_1", "video.completed", "0" * 32, now)
    headers = signed("evt_1", body, [secret], now)
    assert read_webhook(body, headers, secret)["data"] == {"id": "0" * 32}
    with pytest.raises(ValueError, match="not signed"):
        read_webhook(body, headers, new_secret())
    with pytest.raises(ValueError, match="not signed"):
        read_webhook(body, headers | {"webhook-id": "evt_2"}, secret)
    with pytest.raises(ValueError, match="too old"):
        read_webhook(body, signed("evt_1", body, [secret], now - 301_000), secret)
