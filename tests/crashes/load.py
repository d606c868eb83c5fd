"""Testers who go on asking for clips, whatever answers: each wish until it has been taken."""

import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
from sqlalchemy.exc import OperationalError

from auth import audit, scopes, switch, testers, tokens
from auth.gate import Gate
from database import Database
from errors import GreenroomError
from settings import Settings

WISH = {"prompt": "a red ball", "size": "256x256", "seconds": 2}
LIFETIME_MS = 3_600_000


def enrol(settings: Settings, *names: str) -> list[tokens.Minted]:
    """A key for each of these new testers, which works without a proof."""
    database, gate = Database(settings.database_url), Gate.from_settings(settings)
    keys: list[tokens.Minted] = []
    now_ms = time.time_ns() // 1_000_000
    for name in names:
        with database.begin() as db:
            tester = testers.add(db, name, now_ms=now_ms)
            keys.append(
                tokens.mint(
                    db,
                    gate.keys,
                    tester.id,
                    kind=tokens.API,
                    given=scopes.API,
                    bearer=True,
                    lifetime_ms=LIFETIME_MS,
                    now_ms=now_ms,
                )
            )
    database.close()
    return keys


@dataclass
class Asker:
    """One tester's script: a wish every now and then, now and then one taken back.

    taken    the ids of the jobs that were promised
    answers  status → how often it was the answer; 0: none came
    """

    key: str
    ports: list[int]
    pause_s: float
    dice: random.Random
    over: threading.Event
    taken: list[str] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)

    def run(self) -> None:
        with httpx.Client(timeout=20) as client:
            while not self.over.wait(self.dice.uniform(0, 2 * self.pause_s)):
                job_id = self.wish(client)
                if job_id is not None and self.dice.random() < 0.15:
                    self.send(client, f"/jobs/{job_id}/cancel")

    def wish(self, client: httpx.Client) -> str | None:
        """The id of the job that a wish became; sent again, under one key, until it is known."""
        mark = {"idempotency-key": uuid4().hex}
        wish = {**WISH, "seed": self.dice.randrange(10**6)}
        while True:
            answer = self.send(client, "/jobs", wish, mark)
            if answer is not None and answer.status_code == 202:
                self.taken.append(answer.json()["id"])
                return self.taken[-1]
            time.sleep(0.3)

    def send(
        self,
        client: httpx.Client,
        path: str,
        body: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response | None:
        port, signed = self.dice.choice(self.ports), {"authorization": f"Bearer {self.key}"}
        try:
            url = f"http://127.0.0.1:{port}{path}"
            answer = client.post(url, json=body or {}, headers={**signed, **(headers or {})})
        except httpx.HTTPError:
            self.answers[0] = self.answers.get(0, 0) + 1
            return None
        self.answers[answer.status_code] = self.answers.get(answer.status_code, 0) + 1
        return answer


def turn_switches(settings: Settings, subject: str, over: threading.Event) -> None:
    """An admin who stops somebody and lets them go on, so that the audit log grows meanwhile."""
    database = Database(settings.database_url)
    audit.sign_with(database, settings.secret)
    while not over.wait(0.5):
        now_ms = time.time_ns() // 1_000_000
        for action in ("stop", "resume"):
            with suppress(OperationalError, GreenroomError), database.begin() as db:
                if action == "stop":
                    switch.stop(db, subject, "A rehearsal", now_ms)
                else:
                    switch.resume(db, subject)
                audit.record(
                    db, actor="cli", action=f"switch.{action}", subject=subject, now_ms=now_ms
                )
    database.close()
