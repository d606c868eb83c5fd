"""The reviewers' desk: what waits, decided one by one or many at once; taking down, for admins."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import BadSpec, GreenroomError
from jobs.records import Clip
from programme import gallery, policy, review_desk, reviews, showing
from programme.reasons import REASONS
from programme.records_clips import Publication
from programme.review_desk import Case
from studio.clock import now_ms
from studio.markup import send_page
from studio.media import send_to_others
from studio.parts import Parts
from studio.requests import read_form, read_text
from studio.showing import facts

BULK_MAX = 100


async def show_desk(_parts: Parts, _request: Request) -> Response:
    return await send_page("reviews")


async def list_cases(parts: Parts, request: Request) -> Response:
    """What is in `state` (`waiting` unless asked otherwise), with `appeals` only appeals, with
    `artist` of one artist alone; the present wait; the reasons; for admins also what is shown.

    Raises BadSpec for the state.
    """
    asked, principal = request.query_params, request.state.principal
    state = asked.get("state") or reviews.WAITING
    if state not in review_desk.STATES:
        raise BadSpec(f"The state is one of {', '.join(review_desk.STATES)}.", field="state")

    def read() -> dict[str, Any]:
        now = now_ms()
        with parts.database.read() as db:
            promised_ms = policy.current(db).policy.review_hours * facts.HOUR_MS
            found = review_desk.cases(
                db,
                state=state,
                appeals_only="appeals" in asked,
                artist_id=asked.get("artist") or None,
            )
            return {
                "now": now,
                "reasons": REASONS,
                "wait": facts.wait_facts(review_desk.present_wait(db, promised_ms, now)),
                "artists": dict(review_desk.artists(db)),
                "cases": [case_facts(db, case, principal.tester_id, promised_ms) for case in found],
                "shown": shown_facts(db) if principal.is_admin else [],
            }

    return JSONResponse(await run_in_threadpool(read))


def case_facts(db: Session, case: Case, me: str, promised_ms: int) -> dict[str, Any]:
    """One row of the desk. `barred`: why this reviewer cannot decide it, or null.

    `prompt` is null where the policy its artist has lets nobody read it.
    """
    clip_id = case.review.clip_id
    try:
        reviews.require_impartial(db, case.review, me)
        barred = None
    except GreenroomError as error:
        barred = str(error)
    first = reviews.find(db, clip_id, reviews.REVIEW)
    earlier = first if case.review.round == reviews.APPEAL else None
    return {
        "clip": clip_id,
        "artist": case.artist,
        "prompt": case.job.spec["prompt"] if prompts_read(db, case) else None,
        "settings": facts.settings_of(case.job),
        "url": f"/backstage/reviews/{clip_id}.mp4",
        "poster": f"/backstage/reviews/{clip_id}.jpg",
        "barred": barred,
        "earlier": earlier and facts.review_facts(db, earlier, promised_ms),
        **facts.review_facts(db, case.review, promised_ms),
    }


def prompts_read(db: Session, case: Case) -> bool:
    return policy.standing(db, case.review.owner_id).holds.policy.prompts != "artist"


def shown_facts(db: Session) -> list[dict[str, Any]]:
    """What hangs in the gallery, and what was taken down; links are named to nobody."""
    down = select(Publication).where(Publication.ended_by == showing.ADMIN)
    hanging = [exhibit.publication for exhibit in gallery.exhibits(db)]
    return [
        {"clip": row.clip_id, "owner": row.owner_id, **facts.publication_facts(row)}
        for row in [*hanging, *db.scalars(down.order_by(Publication.ended_at.desc()).limit(20))]
    ]


async def send_case(parts: Parts, _request: Request, clip_id: str, kind: str) -> Response:
    """The film or the still of a clip that its artist submitted. Raises NotFound for every other.

    To submit a clip is to let reviewers see it; nothing else is.
    """

    def find() -> Clip:
        with parts.database.read() as db:
            return reviews.require_seen_by_reviewers(db, clip_id)

    return await send_to_others(parts, await run_in_threadpool(find), kind)


async def decide(parts: Parts, request: Request) -> Response:
    """One verdict on many: `cases` of clip and round, `verdict`, and to reject `reason`, `words`.

    Each is decided by itself; the answer says of each what became of it, `problem` where it was
    not decided. Raises BadSpec where the verdict itself is wrong.
    """
    form = await read_form(request)
    wanted, verdict = read_cases(form), read_text(form, "verdict")
    reason = read_text(form, "reason") if form.get("reason") is not None else None
    words = read_text(form, "words") if form.get("words") is not None else ""
    by = request.state.principal.tester_id

    def one(clip_id: str, round: int) -> dict[str, Any]:
        named = {"clip": clip_id, "round": round}
        try:
            with parts.database.begin() as db:
                review = reviews.decide(
                    db, clip_id, round, verdict, by=by, reason=reason, words=words, now_ms=now_ms()
                )
                return {**named, "state": review.state, "problem": None}
        except BadSpec:
            raise
        except GreenroomError as error:
            return {**named, "state": None, "problem": error.as_problem()}

    def all_of_them() -> list[dict[str, Any]]:
        return [one(clip_id, round) for clip_id, round in wanted]

    return JSONResponse({"cases": await run_in_threadpool(all_of_them)})


def read_cases(form: dict[str, Any]) -> list[tuple[str, int]]:
    rows = form.get("cases")
    if not isinstance(rows, list) or not 0 < len(rows) <= BULK_MAX:
        raise BadSpec(f"Give 1 to {BULK_MAX} cases.", field="cases")
    found: list[tuple[str, int]] = []
    for row in rows:
        named = (row.get("clip"), row.get("round")) if isinstance(row, dict) else (None, None)
        if not isinstance(named[0], str) or named[1] not in (reviews.REVIEW, reviews.APPEAL):
            raise BadSpec("A case has a clip and a round, 1 or 2.", field="cases")
        found.append((named[0], int(named[1])))
    return found


async def take_down(parts: Parts, request: Request) -> Response:
    """End whatever is shown of a clip. `what`: a link to it, its page in the gallery, or its id.

    Raises BadSpec without a reason and words, NotFound where nothing of it is shown.
    """
    form = await read_form(request)
    what, reason, words = (read_text(form, name) for name in ("what", "reason", "words"))
    by = request.state.principal.tester_id

    def act() -> str:
        with parts.database.begin() as db:
            clip_id = showing.clip_named(db, what)
            showing.take_down(db, clip_id, reason, words, by=by, now_ms=now_ms())
            return clip_id

    return JSONResponse({"clip": await run_in_threadpool(act), "hangs": False})


async def restore(parts: Parts, request: Request, clip_id: str) -> Response:
    """Let the artist show the clip again. Raises NotFound where it was not taken down."""
    by = request.state.principal.tester_id

    def act() -> None:
        with parts.database.begin() as db:
            showing.restore(db, clip_id, by=by, now_ms=now_ms())

    await run_in_threadpool(act)
    return JSONResponse({"clip": clip_id})
