"""A stricter policy asks its testers, a report is paid for, and data leaves with its tester."""

import csv
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from auth import records
from jobs.records import Clip, Job
from programme.records import Consent
from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom
from tests.journeys.test_joining import look_every_way


def test_report_is_accepted_credited_paid_and_on_the_statement(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    artist, admin = visit(), visit()
    admin.page.goto(greenroom.admin_link)
    admin.enter()
    artist.sign_in(greenroom.token_for("Ada"))
    artist.reaches(artist.ask("A red ball bouncing in a snowy forest"), "finished")
    set_rates(admin, greenroom)
    report(artist, greenroom)
    accept(admin, greenroom)
    read_the_answer_and_declare_a_day(artist, greenroom)
    pay(admin, greenroom)
    statement(artist, greenroom)


def test_stricter_policy_asks_and_everything_leaves_with_its_tester(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    artist, admin, stranger = visit(), visit(), visit()
    artist.sign_in(greenroom.token_for("Rosa"))
    admin.sign_in(admin_token(greenroom, "Eve"))
    artist.reaches(artist.ask("A yellow fish underwater"), "finished")
    announce(admin, greenroom)
    answer(artist, stranger, greenroom)
    consent(artist, greenroom)
    export(artist, greenroom)
    erase(artist, greenroom)


def admin_token(greenroom: Greenroom, name: str) -> str:
    greenroom.command("tester", "add", name, "--admin")
    printed = greenroom.command("token", "issue", name, "--expires", "30d", "--json")
    return str(json.loads(printed)["token"])


def set_rates(admin: Visitor, greenroom: Greenroom) -> None:
    page = admin.page
    page.goto(f"{greenroom.url}/backstage/ledger")
    for kind, amount in (("hours", "2400"), ("report", "1500")):
        page.get_by_role("button", name="Set a rate").click()
        page.get_by_label("For").select_option(kind)
        page.get_by_label("Amount").fill(amount)
        page.get_by_label("Currency").fill("eur")
        page.locator("dialog").get_by_role("button", name="Set").click()
        page.locator("dialog").wait_for(state="detached")
    page.get_by_text("24.00 EUR for an hour, 15.00 EUR for a report").wait_for()


def report(artist: Visitor, greenroom: Greenroom) -> None:
    page = artist.page
    page.goto(f"{greenroom.url}/feedback")
    page.get_by_label("About").select_option(index=1)
    page.get_by_label("In your words").fill("The ball flickers. And this is unpaid work.")
    page.get_by_label("Send this clip's settings along").check()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Nobody has answered yet").wait_for()
    look_every_way(artist, "feedback")


def accept(admin: Visitor, greenroom: Greenroom) -> None:
    page = admin.page
    page.goto(f"{greenroom.url}/backstage/feedback")
    page.get_by_text("The ball flickers.").first.wait_for()
    look_every_way(admin, "backstage-feedback")
    page.get_by_role("button", name="Accept").click()
    page.get_by_label("What you say to them").fill("We see it too.")
    page.locator("dialog").get_by_role("button", name="Accept").click()
    page.get_by_text("Nothing stands here.").wait_for()


def read_the_answer_and_declare_a_day(artist: Visitor, greenroom: Greenroom) -> None:
    page = artist.page
    page.reload()
    page.get_by_text("We see it too.").wait_for()
    page.goto(f"{greenroom.url}/ledger")
    page.get_by_label("Hours").fill("1")
    page.get_by_label("Minutes").fill("30")
    page.get_by_label("What you did").fill("=1+1 experiments")
    page.get_by_role("button", name="Declare").click()
    page.locator(".sum.owed b", has_text="51.00 EUR").wait_for()
    look_every_way(artist, "ledger")


def pay(admin: Visitor, greenroom: Greenroom) -> None:
    page = admin.page
    page.goto(f"{greenroom.url}/backstage/ledger")
    page.locator("tr", has_text="Ada").get_by_role("button", name="Open").click()
    page.locator(".sums-of .owed b", has_text="51.00 EUR").wait_for()
    look_every_way(admin, "backstage-ledger")
    page.get_by_role("button", name="Write down a payment").click()
    page.get_by_label("How it was paid").fill("transfer 7")
    page.get_by_role("button", name="It was paid").click()
    page.locator(".sums-of .paid b", has_text="51.00 EUR").wait_for()


def statement(artist: Visitor, greenroom: Greenroom) -> None:
    page = artist.page
    page.reload()
    page.locator(".sum.paid b", has_text="51.00 EUR").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert sum(int(row["amount_minor"]) for row in rows) == 5100
    assert {row["state"] for row in rows} == {"paid"}
    assert "'=1+1 experiments" in [row["words"] for row in rows]
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")


def announce(admin: Visitor, greenroom: Greenroom) -> None:
    page = admin.page
    page.goto(f"{greenroom.url}/backstage/policy")
    page.get_by_label("Clips are kept").fill("30")
    page.get_by_label("What changes, and why").fill("The disks are full.")
    page.get_by_text("Takes away, and so asks every tester:").wait_for()
    look_every_way(admin, "backstage-policy")
    page.get_by_role("button", name="Announce").click()
    page.get_by_text("Version 1 is announced.").wait_for()


def answer(artist: Visitor, stranger: Visitor, greenroom: Greenroom) -> None:
    page = artist.page
    page.reload()
    artist.enter()
    page.get_by_text("new clips wait for your answer").wait_for()
    artist.shoot("studio-policy-asks")
    page.get_by_label("Prompt").fill("A red ball")
    page.locator("#prompt").press("Control+Enter")
    page.get_by_text("The programme's policy has changed").wait_for()
    page.get_by_role("link", name="Read it").click()
    page.get_by_text("Clips are kept for less long: 30 days.").wait_for()
    look_every_way(artist, "policy")
    page.get_by_role("button", name="I agree").click()
    page.locator(".asks").wait_for(state="detached")
    stranger.page.goto(f"{greenroom.url}/policy")
    stranger.page.get_by_text("The disks are full.").wait_for()


def consent(artist: Visitor, greenroom: Greenroom) -> None:
    page = artist.page
    page.goto(f"{greenroom.url}/data")
    training = page.get_by_role("checkbox", name="Training")
    assert not training.is_checked()
    training.check()
    page.get_by_text("Yes to training.").wait_for(state="attached")
    page.reload()
    page.get_by_role("checkbox", name="Training").wait_for()
    assert page.get_by_role("checkbox", name="Training").is_checked()
    look_every_way(artist, "data")


def export(artist: Visitor, greenroom: Greenroom) -> None:
    """The archive is opened and held against the database: nothing of hers is missing in it."""
    page = artist.page
    with page.expect_download() as download:
        page.get_by_role("button", name="Export everything").click()
    archived = zipfile.ZipFile(download.value.path())

    def table(name: str) -> list[dict[str, Any]]:
        return list(json.loads(archived.read(f"{name}.json")))

    about = json.loads(archived.read("about.json"))
    for told in about["files"]:
        assert len(json.loads(archived.read(told["file"]))) == told["rows"], told
    me = about["tester"]
    with greenroom.reading() as db:
        [job] = db.scalars(select(Job).where(Job.owner_id == me))
        [clip] = db.scalars(select(Clip).where(Clip.owner_id == me))
        assert [(row["id"], row["spec"]) for row in table("wishes")] == [(job.id, job.spec)]
        assert [(row["id"], row["sha256"]) for row in table("clips")] == [(clip.id, clip.sha256)]
        [consented] = db.scalars(select(Consent).where(Consent.tester_id == me))
        assert (table("consents")[0]["purpose"], consented.given) == ("training", True)
        about_me = records.AuditEntry.actor.like(f"%{me}%") | records.AuditEntry.subject.like(
            f"%{me}%"
        )
        logged = set(db.scalars(select(records.AuditEntry.seq).where(about_me)))
        assert logged <= {row["seq"] for row in table("audit-log")}
    film = archived.read(f"clips/{clip.id}.mp4")
    assert (film[4:8], hashlib.sha256(film).hexdigest()) == (b"ftyp", clip.sha256)
    assert job.spec["prompt"] == "A yellow fish underwater"


def erase(artist: Visitor, greenroom: Greenroom) -> None:
    """And nothing is left of her in the database or on the disk but what the receipt names."""
    page = artist.page
    page.get_by_role("button", name="Erase me…").click()
    page.get_by_label("Write Rosa").fill("Rosa")
    artist.shoot("data-erase-question")
    page.get_by_role("button", name="Erase me", exact=True).click()
    page.get_by_role("heading", name="You were erased").wait_for()
    look_every_way(artist, "data-receipt")
    with greenroom.reading() as db:
        assert db.scalar(select(records.Tester.id).where(records.Tester.name == "Rosa")) is None
        prompts = [job.spec["prompt"] for job in db.scalars(select(Job))]
        assert "A yellow fish underwater" not in prompts
        kept = {f"{clip.id}.mp4" for clip in db.scalars(select(Clip))}
    films = {path.name for path in greenroom.data.glob("clips/**/*.mp4")}
    assert {name for name in films if len(name) == 36} <= kept
    page.get_by_role("link", name="Leave").click()
    page.get_by_label("Your token").wait_for()
