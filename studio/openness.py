"""The transparency page: what is kept, what is limited, what is drawn with, in numbers; incidents.

Public where the policy says so; testers see it always. A plain page without scripts.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.answers import minute
from auth.words import lasting
from programme import incidents, money, numbers, policy, prompts
from programme.holdings import HOLDINGS, Holding
from programme.numbers import Numbers
from programme.reasons import REASONS
from programme.records_incidents import Incident
from settings import Settings
from sora_core.catalog import MODELS
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts
from studio.requests import actor_of, read_form, read_text
from studio.showing.public import nothing_here
from studio.transactions import write_json

CLOSED = "This programme shows its numbers to its testers. Sign in to read them."
HOUR_MS = 3_600_000
Row = tuple[str, ...]


async def show_public(parts: Parts, _request: Request) -> Response:
    """The page for everybody; 404 and a sentence where the policy keeps it inside."""
    slots = await run_in_threadpool(read_page, parts)
    return await send_page("transparency", slots) if slots else await nothing_here(CLOSED)


async def show_inside(parts: Parts, request: Request) -> Response:
    """The page for testers, whatever the policy, with who read their prompts."""
    tester_id = request.state.principal.tester_id
    return await send_page("transparency", await run_in_threadpool(read_page, parts, tester_id))


def read_page(parts: Parts, tester_id: str | None = None) -> Mapping[str, str] | None:
    """The slots of the page, of a tester or of anybody; None where it is not for who asks."""
    with parts.database.read() as db:
        rule = policy.current(db).policy
        if tester_id is None and not rule.open_numbers:
            return None
        looks = "" if tester_id is None else looks_html(db, tester_id)
        found = numbers.read(db, rule.review_hours * HOUR_MS)
        told = [incident_html(incident) for incident in incidents.published(db)]
    return {
        "<!-- rule -->": "".join(f"<li>{escape(text)}</li>" for text in policy.sentences(rule)),
        "<!-- looks -->": looks,
        "<!-- kept -->": rows(kept()),
        "<!-- limits -->": rows(limits(parts.settings)),
        "<!-- models -->": rows([(model.title, model.licence) for model in MODELS.values()]),
        "<!-- rules -->": rows(
            [(named(rule.id), rule.reason) for rule in parts.judge.rules.rules]
            + [(named(row.rule_id), row.reason) for row in parts.judge.classifiers]
            + [(named(row.rule_id), row.reason) for row in parts.judge.picture_classifiers]
        ),
        "<!-- numbers -->": rows(number_rows(found)),
        "<!-- incidents -->": "".join(told) or "<p>None so far.</p>",
    }


def kept() -> Sequence[Row]:
    """What is kept of a tester, what for, and what becomes of it when they leave."""
    return [
        (holding.name.replace("-", " ").capitalize(), holding.purpose, when_they_leave(holding))
        for holding in HOLDINGS
    ]


def when_they_leave(holding: Holding) -> str:
    outcome = f"{holding.outcome.capitalize()} when you leave"
    return f"{outcome}: {holding.kept}." if holding.kept else f"{outcome}."


def limits(settings: Settings) -> Sequence[Row]:
    return [
        ("Clips a minute", f"{settings.rate_per_minute:,}"),
        ("Clips at once", f"{settings.concurrent:,}"),
        ("Clips a day", f"{settings.clips_per_day:,}"),
        ("Drawing time a day", lasting(settings.gpu_ms_per_day // 1000)),
    ]


def number_rows(found: Numbers) -> Sequence[Row]:
    """Each number with what it counts."""
    finished, asked = found.clips.get("finished", 0), sum(found.clips.values())
    wait = "–" if found.median_ms is None else lasting(max(1, found.median_ms // 1000))
    return [
        ("Testers", f"{found.testers:,}"),
        ("People who decide on others' clips", f"{found.reviewers:,}"),
        ("Clips finished, of those asked for", f"{finished:,} of {asked:,}"),
        ("Times an admin read a tester's prompts", f"{found.looks:,}"),
        ("Prompts and pictures refused", total(found.refused)),
        *((f"by the rule {named(rule)}", f"{number:,}") for rule, number in found.refused.items()),
        ("Of those, let pass on appeal", f"{found.let_pass:,}"),
        ("Reviews decided", f"{found.decided:,}"),
        ("Reviews: half of them took less than", wait),
        ("Reviews later than promised", f"{found.late:,}"),
        ("Clips approved", f"{found.approved:,}"),
        ("Clips rejected", total(found.rejected)),
        *((f"because: {REASONS[code]}", f"{n:,}") for code, n in found.rejected.items()),
        ("Appeals won, of those decided", f"{found.overturned:,} of {found.appeals:,}"),
        ("Clips in the gallery", f"{found.hanging:,}"),
        ("Links made", f"{found.links:,}"),
        ("Clips taken down by an admin", total(found.taken_down)),
        *((f"because: {REASONS[code]}", f"{n:,}") for code, n in found.taken_down.items()),
        ("Feedback received", total(found.feedback)),
        *((state, f"{number:,}") for state, number in found.feedback.items()),
        *((f"Compensation {what}", sums(found.money, what)) for what in ("paid", "owed")),
    ]


def sums(totals: Mapping[str, Mapping[str, int]], what: str) -> str:
    said = [money.said(amounts.get(what, 0), currency) for currency, amounts in totals.items()]
    return ", ".join(said) or "none so far"


def total(counts: Mapping[str, int]) -> str:
    return f"{sum(counts.values()):,}"


def named(rule_id: str) -> str:
    return rule_id.replace("_", " ")


def rows(table: Sequence[Row]) -> str:
    """Rows of a table, the first cell its heading."""
    return "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in table
    )


def looks_html(db: Session, tester_id: str) -> str:
    """For one tester: who may read their prompts, and each time that an admin did."""
    said = policy.PROMPTS_WORDS[policy.standing(db, tester_id).holds.policy.prompts]
    found = [(minute(row.at_ms), f"An admin: {row.reason}") for row in prompts.looks(db, tester_id)]
    table = f"<table>{rows(found)}</table>" if found else "<p>No admin read any so far.</p>"
    return f'<h2 id="looks">Who read your prompts</h2><p class="made">{escape(said)}</p>{table}'


def incident_html(incident: Incident) -> str:
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in incident.words.split("\n") if part)
    return (
        f'<article><h3>{escape(incident.title)}</h3><p class="when">'
        f'<time datetime="{incident.day}">{incident.day}</time></p>{paragraphs}</article>'
    )


def incident_facts(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "day": incident.day,
        "title": incident.title,
        "words": incident.words,
    }


async def list_incidents(parts: Parts, _request: Request) -> Response:
    """What is published, the newest first."""

    def read() -> list[dict[str, Any]]:
        with parts.database.read() as db:
            return [incident_facts(incident) for incident in incidents.published(db)]

    return JSONResponse({"incidents": await run_in_threadpool(read)})


async def write_incident(parts: Parts, request: Request) -> Response:
    """Publish one: `day`, `title`, `words`. Raises BadSpec."""
    form = await read_form(request)
    day, title, words = (read_text(form, name) for name in ("day", "title", "words"))

    def write(db: Session) -> dict[str, Any]:
        by = actor_of(request)
        return incident_facts(incidents.write(db, day, title, words, by=by, now_ms=now_ms()))

    return await write_json(parts, write, 201)


async def withdraw_incident(parts: Parts, request: Request, incident_id: str) -> Response:
    """Raises NotFound."""

    def withdraw(db: Session) -> dict[str, Any]:
        incidents.withdraw(db, incident_id, by=actor_of(request), now_ms=now_ms())
        return {"id": incident_id}

    return await write_json(parts, withdraw)


ROUTES: tuple[tuple[str, Callable[..., Awaitable[Response]], str], ...] = (
    ("/transparency", show_public, "GET"),
    ("/transparency/inside", show_inside, "GET"),
    ("/backstage/incidents", list_incidents, "GET"),
    ("/backstage/incidents", write_incident, "POST"),
    ("/backstage/incidents/{incident_id}/withdraw", withdraw_incident, "POST"),
)
