"""Eight things artists have held against such programmes: each has a page that answers it.

`GREENROOM_SCREENSHOT=1` keeps the pictures of docs/programme.md.
"""

import os
from collections.abc import Callable

import pytest
from PIL import Image
from sqlalchemy import select

from auth.records import Tester as Person
from database import Database
from jobs.records import Job
from programme import calls, consent, feedback, gallery, incidents, ledger, payments, reviews
from programme.feedback import Said
from programme.hours import add as add_hours
from studio.clock import now_ms
from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import ROOT, Greenroom

PICTURES, PICTURE_MAX_BYTES = ROOT / "docs/programme", 150 * 1024
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
PROMPTS = (
    "A blue boat on the ocean",
    "A yellow fish underwater",
    "A red balloon rising over green hills",
)
CALL = {
    "title": "Weather",
    "brief": "Short films in which the weather does the acting.",
    "rules": "Made here, by you. Two clips each.",
    "prize": "A screening in October, and 500 EUR each",
    "jury": "Two film makers from outside, and an admin",
    "entries_each": 2,
}


@pytest.mark.timeout(600)  # three clips are drawn
def test_each_grievance_has_a_page_that_answers_it(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    artist = visit()
    artist.sign_in(greenroom.token_for("Ada"))
    for prompt in PROMPTS:
        artist.reaches(artist.ask(prompt, size="256p"), "finished")
    for name in ("Cleo", "Dora"):
        greenroom.command("tester", "add", name, "--admin")
    live_through_a_week(Database(f"sqlite:///{greenroom.data / 'greenroom.db'}"))

    # 1, unpaid testing: hours, reports and fixes at their rates, owed and paid
    page = opened(artist, "/ledger")
    page.locator(".sum.owed b", has_text="60.00 EUR").wait_for()
    page.locator(".sum.paid b", has_text="15.00 EUR").wait_for()
    keep(artist, "unpaid-testing")

    # 2, everything held for approval: the rule, the wait, the reason, who decided, an appeal
    page = opened(artist, "/showing")
    page.get_by_text("Promised within 48 h").wait_for()
    page.get_by_text("Rejected by a reviewer").first.wait_for()
    page.get_by_text("Approved by a second reviewer").wait_for()
    keep(artist, "held-for-approval")

    # 3, used for publicity: shown is what its artist hung up, with the credit they chose
    page = opened(artist, "/gallery")
    page.get_by_text("Ada L.").wait_for()
    keep(artist, "used-for-publicity")

    # 4, used as training data: no, until she says yes; of one clip or of all
    page = opened(artist, "/data")
    page.get_by_role("checkbox", name="Training").wait_for()
    assert not page.get_by_role("checkbox", name="Training").is_checked()
    keep(artist, "training-data")

    # 5, a few winners only: the rules, the prize, and every entry accounted for
    page = opened(artist, "/calls")
    call = page.get_by_role("article", name="Weather")
    call.get_by_text("2 by 1 artist").wait_for()
    keep(artist, "few-winners")

    # 6, no openness: what is kept, limits, refusals, waits, money, in numbers
    page = opened(artist, "/transparency")
    page.get_by_role("row", name="Reviews later than promised").wait_for()
    keep(artist, "no-openness")

    # 7, everyone punished for a few: one token contained, and the others told
    page = opened(artist, "/transparency#incidents")
    page.get_by_text("Nobody else was touched.").wait_for()
    page.get_by_role("heading", name="Incidents").scroll_into_view_if_needed()
    keep(artist, "punished-for-a-few")

    # 8, criticism costs access: what was said, what became of it, and that nothing reads it
    page = opened(artist, "/feedback")
    page.get_by_text("Nothing here touches your access").wait_for()
    page.get_by_text("You are right, and hours are paid from now on.").wait_for()
    page.locator(".sent").scroll_into_view_if_needed()
    keep(artist, "criticism")


def opened(visitor: Visitor, path: str):  # type: ignore[no-untyped-def]
    visitor.page.goto(f"{visitor.url}{path}")
    return visitor.page


def keep(visitor: Visitor, name: str) -> None:
    visitor.page.wait_for_timeout(400)  # stills of films, and what fades in
    picture = visitor.shoot(f"grievance-{name}")
    assert visitor.overflow() == 0
    if os.environ.get("GREENROOM_SCREENSHOT") == "1":
        PICTURES.mkdir(exist_ok=True)
        kept = PICTURES / f"{name}.png"
        Image.open(picture).convert("RGB").quantize(128).save(kept, optimize=True)
        assert kept.stat().st_size <= PICTURE_MAX_BYTES


def live_through_a_week(database: Database) -> None:
    """What artists, reviewers and admins did in the last days, by the programme's own hand."""
    now = now_ms()
    with database.begin() as db:
        ids = dict(db.execute(select(Person.name, Person.id)).tuples().all())
        ada, cleo, dora = (ids[name] for name in ("Ada", "Cleo", "Dora"))
        jobs = db.execute(select(Job.id).where(Job.owner_id == ada).order_by(Job.id))
        boat, fish, balloon = jobs.scalars().all()
        for kind, amount in (("hours", 2400), ("report", 1500), ("fix", 500), ("review", 500)):
            ledger.set_rate(db, kind, amount, "EUR", by=f"tester:{cleo}", now_ms=now - 6 * DAY_MS)

        for clip, what in ((boat, "boat of a known film"), (fish, "fish of a known book")):
            reviews.submit(db, clip, ada, "Drawn in one take.", now - 30 * HOUR_MS)
            reviews.decide(
                db,
                clip,
                reviews.REVIEW,
                reviews.REJECTED,
                by=cleo,
                reason="protected_work",
                words=f"It looks like the {what}.",
                now_ms=now - 25 * HOUR_MS,
            )
        reviews.appeal(db, boat, ada, "It is a boat as children draw it.", now - 20 * HOUR_MS)
        approved = {"by": dora, "words": "So it is.", "now_ms": now - 16 * HOUR_MS}
        reviews.decide(db, boat, reviews.APPEAL, reviews.APPROVED, **approved)  # type: ignore[arg-type]
        reviews.submit(db, balloon, ada, "", now - 2 * HOUR_MS)
        consent.say(db, ada, consent.PUBLICITY, True, clip_id=boat, now_ms=now)
        gallery.publish(
            db,
            boat,
            ada,
            mode="review",
            title="Out to sea",
            credit="Ada L.",
            prompt_shown=True,
            now_ms=now - 15 * HOUR_MS,
        )

        said = feedback.send(db, ada, Said("bug", "Boats flicker at the horizon."), now - DAY_MS)
        feedback.decide(db, said.id, "accepted", "We see it too.", by=cleo, now_ms=now - HOUR_MS)
        [paid] = [row.id for row in ledger.credits_of(db, ada) if row.kind == "report"]
        payments.pay(db, [paid], "transfer 7", by=cleo, now_ms=now)
        note = "Artists test this for nothing, and you are rich."
        said = feedback.send(db, ada, Said("note", note), now - 5 * HOUR_MS)
        answer = "You are right, and hours are paid from now on."
        feedback.decide(db, said.id, "fixed", answer, by=dora, now_ms=now - HOUR_MS)
        day = ledger.day_of(now - DAY_MS)
        add_hours(db, ada, day, 75, "Boats at every size.", now)

        begun = now - 5 * DAY_MS
        dates = {"opens_at": begun, "closes_at": now - DAY_MS, "decides_at": now + DAY_MS}
        call = calls.publish(db, CALL | dates, by=f"tester:{cleo}", now_ms=begun)
        for clip in (boat, fish):
            calls.enter(db, call.id, clip, ada, "", begun + HOUR_MS)
        calls.shortlist(db, call.id, boat, True, by=dora, now_ms=now - HOUR_MS)
        calls.decide(db, call.id, [boat], "It made us seasick.", by=dora, now_ms=now)

        words = (
            "A tester's token was found on a public page at 10:02. It was revoked at 10:05, and "
            "two clips under way were stopped.\nNobody else was touched. The tester has a new one."
        )
        incidents.write(
            db,
            ledger.day_of(now - 2 * DAY_MS),
            "One token on a public page",
            words,
            by=f"tester:{cleo}",
            now_ms=now - DAY_MS,
        )
    database.close()
