"""Malformed requests at everything under /v1: `python -m tests.studio.videos.fuzz 10000 [SEED]`.

None may break the server or leave a hold behind. Prints how many of each status there were.
"""

import json
import random
import sys
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from auth.budget import release
from auth.records import Reservation
from database import Database
from jobs.records import LIVE, Job
from studio.clock import now_ms
from studio.openapi import describe
from tests.studio.conftest import GENEROUS, House, Person, serving, wire
from tests.studio.test_uploads import png

KNOWN = """prompt model seconds size input_reference storyboard style seed negative_prompt turbo
variations strength video name url event_types event_type operation sources id file_id image_url
prompt[] video[id] input_reference[image_url] a[b][c] [] __proto__"""
NAMES = (*KNOWN.split(), "", "\x00", "é", "x" * 300)
WORDS = (
    "a red ball",
    "",
    " ",
    "\x00",
    "\ud800",
    "\u202e",
    "x" * 3000,
    "'; DROP TABLE jobs; --",
    "../../etc/passwd",
    "1e309",
    "-1",
    "0",
    "4",
    "true",
    "NaN",
    "256x256",
    "9" * 400,
    "picture_" + "0" * 32,
    "0" * 32,
    "data:image/png;base64,AAAA",
    "data:image/png;base64," + b64encode(png()[:60]).decode(),
    "https://127.0.0.1/",
    "https://[::1]/",
    "{{7*7}}",
    "%s%n",
)
KINDS = (
    "application/json",
    "application/json; charset=utf-7",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=x; charset=zlib",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=é".encode("latin-1").decode("latin-1"),
    "application/x-www-form-urlencoded",
    "text/plain",
    "",
    "a/b;;;=",
)
#: Of what the parser cannot read as a request, such as a method nobody knows.
UNREAD = "Invalid HTTP request received."
METHODS = ("GET", "POST", "DELETE", "HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "FOO")


class Fuzzer:
    """Requests of one seed, the same each time."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.paths = sorted(
            (method.upper(), path)
            for path, methods in describe()["paths"].items()
            for method in methods
            if path.startswith("/v1/") and method != "parameters"
        )
        self.ids = ["0" * 32]

    def value(self, depth: int = 0) -> Any:
        plain: list[Callable[[], Any]] = [
            lambda: self.dice.choice(WORDS),
            lambda: self.dice.choice([None, True, False, 0, -1, 1.5, 2**64, -(2**70), 1e308]),
            lambda: self.dice.choice([float("nan"), float("inf"), self.dice.choice(self.ids)]),
            lambda: "".join(chr(self.dice.randrange(0x2FFF)) for _ in range(8)),
        ]
        nested: list[Callable[[], Any]] = [
            lambda: [self.value(depth + 1) for _ in range(self.dice.randrange(4))],
            lambda: self.fields(depth + 1),
        ]
        return self.dice.choice(plain + (nested if depth < 3 else []))()

    def fields(self, depth: int = 0) -> dict[str, Any]:
        names = self.dice.sample(NAMES, self.dice.randrange(5))
        fields = {name: self.value(depth) for name in names}
        if depth == 0 and self.dice.random() < 0.7:
            fields["prompt"] = "a red ball"
        return fields

    def body(self) -> bytes:
        """JSON, a form, or either of them damaged."""
        body = self.dice.choice((self.json, self.form, self.noise))()
        if body and self.dice.random() < 0.4:
            at = self.dice.randrange(len(body))
            body = self.dice.choice((body[:at], body[at:], body[:at] + self.noise() + body[at:]))
        return body

    def json(self) -> bytes:
        return json.dumps(self.fields()).encode("utf-8", "surrogatepass")

    def noise(self) -> bytes:
        return self.dice.choice((b"", b"[" * 900, b"null", b"\xff\xfe", self.dice.randbytes(60)))

    def form(self) -> bytes:
        lines = []
        for name, value in self.fields().items():
            file = self.dice.choice(("", '; filename="a.png"', "; filename*=x''%00", "; name=b"))
            head = f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
            content = png() if self.dice.random() < 0.1 else str(value).encode("utf-8", "replace")
            lines.append(head.encode("utf-8", "replace") + content + b"\r\n")
        return b"".join(lines) + self.dice.choice((b"--x--\r\n", b"--x--", b"--x", b""))

    def request(self) -> tuple[str, str, dict[str, bytes], bytes]:
        method, path = self.dice.choice(self.paths)
        if self.dice.random() < 0.1:
            method = self.dice.choice(METHODS)
        for name in ("video_id", "endpoint_id", "character_id", "name"):
            start = "we_" if name == "endpoint_id" else ""
            path = path.replace(f"{{{name}}}", start + self.dice.choice(self.ids))
        if self.dice.random() < 0.3:
            names = ("limit", "order", "after", "variant", "x")
            query = {self.dice.choice(names): self.dice.choice(WORDS) for _ in range(2)}
            pairs = {k: v.encode("utf-8", "replace")[:200] for k, v in query.items()}
            path = f"{path}?{httpx.QueryParams({k: v.decode() for k, v in pairs.items()})}"
        headers = {"content-type": self.dice.choice(KINDS).encode("latin-1")}
        for name in ("range", "idempotency-key", "if-range", "accept", "x-request-id"):
            if self.dice.random() < 0.1:
                headers[name] = self.dice.choice(
                    (b"bytes=0-", b"bytes=9-1,a-b", b"k", b"\xff", b"x" * 300, b"*/*", b"text/html")
                )
        return method, path, headers, self.body()


def fuzz(house: House, person: Person, count: int, seed: int) -> Counter[int]:
    """Send `count` requests; afterwards nothing is held but by jobs that live, then nothing."""
    fuzzer, seen = Fuzzer(seed), Counter[int]()
    token = house.api_token(person, bearer=True)
    with httpx.Client(base_url=house.url, timeout=60) as client:
        for number in range(count):
            method, path, headers, body = fuzzer.request()
            signed = {**headers, "authorization": f"Bearer {token}".encode()}
            content = None if method in ("GET", "HEAD", "TRACE") else body
            answer = client.request(method, path, headers=signed, content=content)
            told = f"request {number} of seed {seed}: {method} {path} {headers} {body[:500]!r}"
            assert answer.status_code < 500, f"{answer.status_code} {answer.text[:300]} {told}"
            assert "Traceback" not in answer.text, told
            read = answer.text != UNREAD or answer.status_code != 400
            if (
                answer.status_code >= 400
                and method != "HEAD"
                and answer.status_code != 416
                and read
            ):
                assert set(answer.json()) == {"error"}, f"{answer.text[:300]} {told}"
            seen[answer.status_code] += 1
            if number % 1000 == 999:
                print(f"{number + 1:,}", end=" ", flush=True)
            if answer.status_code == 200 and "seconds" in answer.text and method == "POST":
                fuzzer.ids = [*fuzzer.ids[-5:], answer.json()["id"]]
    assert_nothing_held(house)
    return seen


def assert_nothing_held(house: House) -> None:
    """Each hold belongs to a job that lives; once those are cancelled, none is left."""
    with house.parts.database.begin() as db:
        held = set(db.scalars(select(Reservation.job_id).where(Reservation.state == "held")))
        live = db.scalars(select(Job).where(Job.state.in_(LIVE))).all()
        assert held == {job.id for job in live}
        for job in live:
            house.parts.queue.cancel(db, job.id, job.owner_id, now_ms(), release)
        left = db.scalar(select(func.count()).where(Reservation.state == "held"))
    assert left == 0


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'greenroom.db'}")
        database.migrate()
        parts = wire(database, folder, **UNLIMITED)
        with serving(parts) as house:
            seen = fuzz(house, house.person("Ada"), count, seed)
        database.close()
    print(f"{count:,} requests of seed {seed}:", dict(sorted(seen.items())))


UNLIMITED = GENEROUS | {
    "GREENROOM_RATE_PER_MINUTE": "60000",
    "GREENROOM_CONCURRENT": "1000",
    "GREENROOM_CLIPS_PER_DAY": "1000000",
    "GREENROOM_GPU_SECONDS_PER_DAY": "10000000",
}

if __name__ == "__main__":
    main()
