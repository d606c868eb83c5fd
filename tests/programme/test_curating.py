"""`python -m programme`: what reviewers and admins decide, from the command line."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from auth import reviewers, testers
from auth.records import AuditEntry
from database import Database
from errors import LinkEnded
from programme import (
    feedback,
    gallery,
    ledger,
    payments,
    policy,
    prompts,
    reviews,
    shares,
    showing,
)
from programme.__main__ import main, make_parser
from programme.feedback import Said
from programme.moderation import refusals
from programme.moderation.records import Refusal
from programme.records_clips import Publication, Share
from tests.programme.conftest import finished_clip

EARLIER = 1_700_000_000_000
PDF = b"%PDF-"


PAGE = (Path(__file__).parents[2] / "docs/programme.md").read_text()


@dataclass
class Hall:
    """A data folder with Ada and Ben, who make clips, Rhea, who reviews, and Cleo, an admin."""

    database: Database
    people: dict[str, str]
    run: Callable[..., Any]

    def clip(self, artist: str = "Ada") -> str:
        """A finished clip that waits for a review."""
        with self.database.begin() as db:
            clip_id = finished_clip(db, self.people[artist], "a red ball")
            reviews.submit(db, clip_id, self.people[artist], "Mine.", EARLIER)
        return clip_id


@pytest.fixture
def hall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Hall:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'greenroom.db'}")
    database.migrate()
    with database.begin() as db:
        made = {name: testers.add(db, name, now_ms=EARLIER) for name in ("Ada", "Ben", "Rhea")}
        made["Cleo"] = testers.add(db, "Cleo", role=testers.ADMIN, now_ms=EARLIER)
        reviewers.set_reviewer(db, made["Rhea"], True, by="operator", now_ms=EARLIER)
        people = {name: tester.id for name, tester in made.items()}

    def run(*words: str, fails: bool = False) -> Any:
        """What a command answers in JSON; what it complains about where it `fails`."""
        capsys.readouterr()
        assert main([*words, "--json"]) == int(fails)
        said = capsys.readouterr()
        return said.err if fails else json.loads(said.out)

    return Hall(database, people, run)


def test_review_goes_from_the_line_through_rejection_and_appeal(hall: Hall) -> None:
    clip_id = hall.clip()
    [waiting] = hall.run("review", "list")
    assert (waiting["clip"], waiting["round"], waiting["artist"]) == (clip_id, 1, "Ada")
    reject = ("review", "reject", clip_id, "--reason", "rules", "--words", "Not here.", "--yes")
    assert hall.run(*reject, "--by", "Rhea") == [
        {"clip": clip_id, "state": "rejected", "problem": ""}
    ]
    with hall.database.begin() as db:
        reviews.appeal(db, clip_id, hall.people["Ada"], "It is.", EARLIER)
    [appeal] = hall.run("review", "list", "--appeals", "--artist", "Ada")
    assert appeal["round"] == 2
    [told] = hall.run("review", "approve", clip_id, "--by", "Rhea")
    assert told["state"] is None
    assert "A second reviewer has to decide" in told["problem"]
    [told] = hall.run("review", "approve", clip_id, "--by", "Cleo")
    assert told["state"] == "approved"
    assert hall.run("review", "list") == []
    assert len(hall.run("review", "list", "--state", "approved")) == 1


def test_each_clip_of_many_says_what_became_of_it(hall: Hall) -> None:
    fine, gone = hall.clip(), "0" * 32
    told = hall.run("review", "approve", fine, gone, fine, "--by", "Cleo")
    assert [row["state"] for row in told] == ["approved", None, None]
    assert "nothing here" in told[1]["problem"]
    assert "decided meanwhile" in told[2]["problem"]


def test_decision_is_a_persons_who_may_and_the_log_says_it_came_from_here(hall: Hall) -> None:
    clip_id = hall.clip()
    assert "decides nothing here" in hall.run(
        "review", "approve", clip_id, "--by", "Ben", fails=True
    )
    assert "no tester named Eve" in hall.run(
        "review", "approve", clip_id, "--by", "Eve", fails=True
    )
    down = ("shown", "take-down", clip_id, "--reason", "rules", "--words", "No.", "--yes")
    assert "Rhea is not an admin" in hall.run(*down, "--by", "Rhea", fails=True)
    hall.run("review", "approve", clip_id, "--by", "Rhea")
    with hall.database.read() as db:
        rows = db.execute(select(AuditEntry.actor, AuditEntry.action).order_by(AuditEntry.seq))
        rhea = f"tester:{hall.people['Rhea']}"
        assert [tuple(row) for row in rows][-2:] == [
            ("operator", "command.act"),
            (rhea, "review.decide"),
        ]


def test_what_takes_something_away_asks_first_at_a_terminal(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip_id = hall.clip()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin.readline", lambda: "n\n", raising=False)
    said = hall.run(
        *("review", "reject", clip_id, "--reason", "rules", "--words", "No.", "--by", "Cleo"),
        fails=True,
    )
    assert said.endswith("Nothing was decided.\n")
    assert len(hall.run("review", "list")) == 1


def test_clip_is_taken_down_by_a_link_and_given_back(hall: Hall) -> None:
    clip_id, ada = hall.clip(), hall.people["Ada"]
    hall.run("review", "approve", clip_id, "--by", "Cleo")
    with hall.database.begin() as db:
        wish = {"mode": "review", "credit": "Ada", "now_ms": EARLIER}
        link = shares.make(db, clip_id, ada, days=None, **wish)  # type: ignore[arg-type]
        gallery.publish(db, clip_id, ada, title="Ball", prompt_shown=False, **wish)  # type: ignore[arg-type]
    listed = hall.run("shown", "list")
    assert {(row["what"], row["state"]) for row in listed} == {
        ("gallery", "shown"),
        ("link", "shown"),
    }
    assert link.secret not in json.dumps(listed)
    address = f"http://localhost/shared/{link.secret}"
    down = ("shown", "take-down", address, "--reason", "likeness", "--words", "A singer.", "--yes")
    assert hall.run(*down, "--by", "Cleo") == {"clip": clip_id}
    assert {row["state"] for row in hall.run("shown", "list")} == {"taken down: likeness"}
    hall.run("shown", "restore", clip_id, "--by", "Cleo")
    with hall.database.read() as db:
        assert showing.taken_down_for(db, clip_id) is None
        assert db.get_one(Publication, clip_id).ended_at is not None


def test_appealed_prompt_is_let_pass(hall: Hall) -> None:
    row = {"rule_id": "impersonation", "reason": "No.", "text": "a deepfake", "words": ""}
    sums = {"text_sha256": "0" * 64, "rules_sha256": "0" * 64}
    with hall.database.begin() as db:
        made = {"id": "f" * 32, "tester_id": hall.people["Ada"], "state": refusals.REFUSED}
        db.add(Refusal(**made, **row, **sums, plea="", created_at=EARLIER))
        db.flush()
        refusals.appeal(db, "f" * 32, hall.people["Ada"], "It is me.", EARLIER)
    [waiting] = hall.run("refusal", "list")
    assert (waiting["rule"], waiting["plea"]) == ("impersonation", "It is me.")
    told = hall.run("refusal", "allow", "f" * 32, "--words", "Yours.", "--by", "Cleo")
    assert told["state"] == "allowed"
    assert hall.run("refusal", "list") == []


def test_report_is_accepted_paid_disputed_and_settled(hall: Hall, tmp_path: Path) -> None:
    hall.run("rate", "report", "1500", "eur")
    with hall.database.begin() as db:
        feedback.send(db, hall.people["Ada"], Said("bug", "=It flickers."), EARLIER)
    [sent] = hall.run("feedback", "list", "--kind", "bug")
    assert (sent["from"], sent["words"]) == ("Ada", "=It flickers.")
    hall.run("feedback", "accept", sent["id"], "--answer", "So it does.", "--by", "Cleo")
    [row] = hall.run("ledger", "show", "Ada")
    assert (row["kind"], row["amount_minor"], row["state"]) == ("report", 1500, "owed")
    pay = ("ledger", "pay", row["id"], "--reference", "=transfer 7", "--yes")
    assert hall.run(*pay, "--by", "Cleo") == {"paid": 1}
    assert "nothing was written down" in hall.run(*pay, "--by", "Cleo", fails=True)
    [total] = hall.run("ledger", "list")
    assert (total["name"], total["paid"], total["owed"]) == ("Ada", 1500, 0)

    assert main(["ledger", "statement", "Ada"]) == 0
    paper = tmp_path / "ada.pdf"
    assert main(["ledger", "statement", "Ada", "--pdf", str(paper)]) == 0
    assert paper.read_bytes().startswith(PDF)
    with hall.database.begin() as db:
        payments.dispute(
            db, row["id"], "It never came.", by=hall.people["Ada"], is_admin=False, now_ms=EARLIER
        )
    settle = ("ledger", "settle", row["id"], ledger.OWED, "--words", "We send it again.")
    assert hall.run(*settle, "--by", "Cleo")["state"] == "owed"


def test_statement_on_stdout_holds_no_cell_that_a_spreadsheet_calculates(
    hall: Hall, capsys: pytest.CaptureFixture[str]
) -> None:
    with hall.database.begin() as db:
        ledger.credit(
            db, hall.people["Ada"], ledger.REPORT, about="x", words="=1+1", now_ms=EARLIER
        )
    assert main(["ledger", "statement", "Ada"]) == 0
    said = capsys.readouterr().out
    assert ",'=1+1," in said
    assert ",=1+1" not in said


def test_call_is_published_and_every_entry_listed(hall: Hall) -> None:
    said = [
        word
        for name in ("title", "brief", "rules", "prize", "jury")
        for word in (f"--{name}", "Rain")
    ]
    dates = ("--opens", "2026-01-01", "--closes", "2099-01-01T12:00", "--decides", "2099-02-01")
    made = hall.run("call", "publish", *said, *dates, "--entries-each", "2")
    assert (made["closes_at"], made["state"]) == ("2099-01-01T12:00:00Z", "open")
    [listed] = hall.run("call", "list")
    assert (listed["id"], listed["entries"]) == (made["id"], 0)
    assert hall.run("call", "entries", made["id"]) == []
    decide = ("call", "decide", made["id"], "--words", "None.", "--by", "Cleo", "--yes")
    assert "between its closing and its decision" in hall.run(*decide, fails=True)


def test_incident_is_written_and_withdrawn(hall: Hall) -> None:
    made = hall.run("incident", "write", "--title", "A leak", "--words", "One token.")
    assert [row["title"] for row in hall.run("incident", "list")] == ["A leak"]
    hall.run("incident", "withdraw", made["id"], "--yes")
    assert hall.run("incident", "list") == []


def test_words_not_understood_end_with_2_and_a_sentence(
    hall: Hall, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["review", "reject", "x", "--reason", "ugly", "--words", "No.", "--by", "Cleo"])
    assert refused.value.code == 2
    assert "invalid choice" in capsys.readouterr().err.lower()


@pytest.mark.parametrize(
    "line", re.findall(r"^python -m programme (.+?)(?: +#.*)?$", PAGE, flags=re.M)
)
def test_programme_page_shows_only_commands_that_exist(line: str) -> None:
    assert callable(make_parser().parse_args(shlex.split(line)).command)


def test_one_link_is_ended_and_the_others_of_its_clip_stay(hall: Hall) -> None:
    clip_id, ada = hall.clip(), hall.people["Ada"]
    wish = {"mode": "free", "credit": "", "days": None, "now_ms": EARLIER}
    with hall.database.begin() as db:
        first, other = (shares.make(db, clip_id, ada, **wish) for _ in range(2))  # type: ignore[arg-type]
        secret = first.secret
    end = ("shown", "end", f"https://g.example/shared/{secret}", "--words", "You asked.", "--yes")
    assert "Rhea is not an admin" in hall.run(*end, "--by", "Rhea", fails=True)
    assert hall.run(*end, "--by", "Cleo") == {"link": first.id, "clip": clip_id}
    assert "ended already" in hall.run(*end, "--by", "Cleo", fails=True)
    assert [row["link"] for row in hall.run("shown", "list")] == [other.id]
    with hall.database.begin() as db:
        with pytest.raises(LinkEnded):
            shares.follow(db, secret, EARLIER + 1)
        shares.follow(db, other.secret, EARLIER + 1)
        shares.make(db, clip_id, ada, **wish)  # type: ignore[arg-type]
        ended = db.get_one(Share, first.id)
        assert (ended.ended_by, ended.words) == ("admin", "You asked.")
        logged = db.scalars(select(AuditEntry).where(AuditEntry.action == "share.end")).one()
    assert (logged.actor, logged.subject) == (f"tester:{hall.people['Cleo']}", f"share:{first.id}")
    hall.run("shown", "end", other.id, "--words", "This one too.", "--by", "Cleo", "--yes")
    assert "nothing here" in hall.run(
        "shown", "end", "x", "--words", "What?", "--by", "Cleo", "--yes", fails=True
    )


def test_prompts_are_read_where_the_policy_lets_admins_with_a_reason(hall: Hall) -> None:
    hall.clip()
    look = ("prompts", "read", "Ada", "--why", "A leak.", "--by", "Cleo")
    assert "does not let admins read" in hall.run(*look, fails=True)
    hall.run("policy", "announce", "--prompts", "admins", "--words", "A leak.", "--yes")
    assert hall.run("prompts", "list") == [
        {"id": hall.people["Ada"], "name": "Ada", "may": False},
    ]
    with hall.database.begin() as db:
        policy.accept(db, hall.people["Ada"], 1, EARLIER)
    assert "not an admin" in hall.run(*look[:-1], "Rhea", fails=True)
    [row] = hall.run(*look)
    assert (row["state"], row["prompts"]) == ("finished", ["a red ball"])
    with hall.database.read() as db:
        asked = select(AuditEntry).where(AuditEntry.action == prompts.ACTION)
        [entry] = db.scalars(asked)
    assert (entry.actor, entry.reason) == (f"tester:{hall.people['Cleo']}", "A leak.")
