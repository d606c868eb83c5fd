"""An artist's own clips: their reviews, the links to them, and the gallery."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import BadSpec
from jobs.records import Clip, Job
from programme import gallery, policy, review_desk, reviews, shares, showing
from programme.policy import Policy
from programme.records_clips import Publication, Review, Share
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts
from studio.requests import read_form, read_text
from studio.showing import facts
from studio.transactions import write_json

LATEST = 60


async def show_mine(_parts: Parts, _request: Request) -> Response:
    return await send_page("showing")


async def list_mine(parts: Parts, request: Request) -> Response:
    """The policy that holds, the present wait, and the newest LATEST clips with what is shown."""
    return JSONResponse(
        await run_in_threadpool(read_mine, parts, request.state.principal.tester_id, now_ms())
    )


def read_mine(parts: Parts, owner_id: str, now: int) -> dict[str, Any]:
    with parts.database.read() as db:
        holds = policy.standing(db, owner_id).holds.policy
        promised_ms = holds.review_hours * facts.HOUR_MS
        rows = db.execute(
            select(Clip, Job)
            .join(Job, Job.id == Clip.id)
            .where(Clip.owner_id == owner_id)
            .order_by(Clip.id.desc())
            .limit(LATEST)
        ).all()
        ids = [clip.id for clip, _ in rows]
        looked_at, links = review_desk.reviews_of(db, ids), shares.links_of(db, ids)
        hung = gallery.publications_of(db, ids)
        return {
            "now": now,
            "sharing": holds.sharing,
            "sentences": policy.sentences(holds),
            "wait": facts.wait_facts(review_desk.present_wait(db, promised_ms, now)),
            "credit": last_credit(db, owner_id),
            "clips": [
                {
                    "id": clip.id,
                    "prompt": job.spec["prompt"],
                    "created_at": clip.created_at,
                    "url": f"/clips/{clip.id}.mp4",
                    "poster": f"/clips/{clip.id}.jpg",
                    "reviews": [
                        facts.review_facts(db, review, promised_ms)
                        for review in looked_at.get(clip.id, [])
                    ],
                    "links": [
                        facts.share_facts(share, parts.settings.public_url, now)
                        for share in links.get(clip.id, [])
                    ],
                    "gallery": facts.publication_facts(hung[clip.id]) if clip.id in hung else None,
                    "taken_down": showing.taken_down_for(db, clip.id),
                }
                for clip, job in rows
            ],
        }


def last_credit(db: Session, owner_id: str) -> str | None:
    """How this artist was named the last time; None: never yet."""
    newest: list[tuple[int, str]] = []
    for record, at in ((Share, Share.created_at), (Publication, Publication.published_at)):
        row = db.execute(
            select(at, record.credit)
            .where(record.owner_id == owner_id)
            .order_by(at.desc())
            .limit(1)
        ).first()
        if row is not None:
            newest.append((row[0], row[1]))
    return max(newest)[1] if newest else None


async def submit(parts: Parts, request: Request, clip_id: str) -> Response:
    """Ask for a review; `plea` may be left out. Raises what `reviews.submit` raises."""
    plea = read_plea(await read_form(request))

    def act(db: Session, owner_id: str, now: int) -> dict[str, Any]:
        holds = rule(db, owner_id)
        return one(db, reviews.submit(db, clip_id, owner_id, plea, now), holds)

    return await done(parts, request, act, 201)


async def appeal(parts: Parts, request: Request, clip_id: str) -> Response:
    """Ask a second reviewer. Raises what `reviews.appeal` raises."""
    plea = read_plea(await read_form(request))

    def act(db: Session, owner_id: str, now: int) -> dict[str, Any]:
        return one(db, reviews.appeal(db, clip_id, owner_id, plea, now), rule(db, owner_id))

    return await done(parts, request, act, 201)


async def withdraw(parts: Parts, request: Request, clip_id: str) -> Response:
    """Take a clip out of the line. Raises Conflict where it does not wait."""

    def act(db: Session, owner_id: str, now: int) -> dict[str, Any]:
        reviews.withdraw(db, clip_id, owner_id, now)
        return {"id": clip_id, "state": reviews.WITHDRAWN}

    return await done(parts, request, act)


async def make_link(parts: Parts, request: Request, clip_id: str) -> Response:
    """A link for `days`, or null for until it is ended; `credit` as the page shall name the artist.

    Raises what `shares.make` raises.
    """
    form = await read_form(request)
    credit, days = read_text(form, "credit"), form.get("days")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int)):
        raise BadSpec("The days are a whole number, or null.", field="days")

    def act(db: Session, owner_id: str, now: int) -> dict[str, Any]:
        made = shares.make(
            db,
            clip_id,
            owner_id,
            mode=rule(db, owner_id).sharing,
            credit=credit,
            days=days,
            now_ms=now,
        )
        return facts.share_facts(made, parts.settings.public_url, now)

    return await done(parts, request, act, 201)


async def end_link(parts: Parts, request: Request, share_id: str) -> Response:
    """Raises NotFound, for somebody else's link too."""

    def act(db: Session, owner_id: str, now: int) -> dict[str, Any]:
        shares.end(db, share_id, owner_id, now)
        return {"id": share_id, "state": "ended"}

    return await done(parts, request, act)


async def publish(parts: Parts, request: Request, clip_id: str) -> Response:
    """Hang a clip in the gallery: `title`, `credit`, `prompt_shown`.

    Raises what `gallery.publish` raises.
    """
    form = await read_form(request)
    title, credit = read_text(form, "title"), read_text(form, "credit")
    prompt_shown = form.get("prompt_shown", False)
    if not isinstance(prompt_shown, bool):
        raise BadSpec("prompt_shown is true or false.", field="prompt_shown")

    def act(db: Session, owner_id: str, now: int) -> dict[str, Any]:
        hung = gallery.publish(
            db,
            clip_id,
            owner_id,
            mode=rule(db, owner_id).sharing,
            title=title,
            credit=credit,
            prompt_shown=prompt_shown,
            now_ms=now,
        )
        return facts.publication_facts(hung)

    return await done(parts, request, act, 201)


async def unpublish(parts: Parts, request: Request, clip_id: str) -> Response:
    """Raises NotFound where it does not hang in the gallery."""

    def act(db: Session, owner_id: str, now: int) -> dict[str, Any]:
        gallery.take_out(db, clip_id, owner_id, now)
        return {"id": clip_id, "hangs": False}

    return await done(parts, request, act)


def rule(db: Session, owner_id: str) -> Policy:
    """What holds for this artist's clips."""
    return policy.standing(db, owner_id).holds.policy


def one(db: Session, review: Review, holds: Policy) -> dict[str, Any]:
    return facts.review_facts(db, review, holds.review_hours * facts.HOUR_MS)


def read_plea(form: dict[str, Any]) -> str:
    return read_text(form, "plea") if form.get("plea") is not None else ""


async def done(
    parts: Parts,
    request: Request,
    act: Callable[[Session, str, int], dict[str, Any]],
    status: int = 200,
) -> Response:
    """What `act(db, owner_id, now_ms)` gives once its transaction is committed."""
    owner_id = request.state.principal.tester_id
    return await write_json(parts, lambda db: act(db, owner_id, now_ms()), status)
