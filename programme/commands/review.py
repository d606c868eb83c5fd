"""`python -m programme review …`: the line of clips that wait, and what is decided about them."""

from argparse import ArgumentParser, Namespace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.answers import Answer, add_row, iso, make_table, minute
from auth.commands.desk import Desk, ask, find_tester
from errors import GreenroomError, NotFound
from programme import policy, review_desk, reviews
from programme.commands.acting import actor, declare_by
from programme.reasons import REASONS
from programme.records_clips import Review
from programme.review_desk import Case


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("review", help="clips that wait").add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="what waits, or was decided")
    show.add_argument("--state", choices=review_desk.STATES, default=reviews.WAITING)
    show.add_argument("--appeals", action="store_true", help="appeals alone")
    show.add_argument("--artist", metavar="NAME")
    show.set_defaults(command=list_cases)
    approve = verbs.add_parser("approve", parents=[output], help="let others see clips")
    approve.add_argument("clips", nargs="+", metavar="CLIP")
    approve.add_argument("--words", default="", help="the artist reads them")
    declare_by(approve)
    approve.set_defaults(command=decide, verdict=reviews.APPROVED, reason=None)
    reject = verbs.add_parser("reject", parents=[output], help="with a reason and words")
    reject.add_argument("clips", nargs="+", metavar="CLIP")
    reject.add_argument("--reason", required=True, choices=REASONS)
    reject.add_argument("--words", required=True, help="the artist reads them")
    declare_by(reject, asks=True)
    reject.set_defaults(command=decide, verdict=reviews.REJECTED)


def list_cases(desk: Desk, arguments: Namespace) -> Answer:
    table = make_table("Clip", "Round", "Artist", "Submitted", "State", "Prompt")
    with desk.database.read() as db:
        artist = find_tester(db, arguments.artist).id if arguments.artist else None
        found = review_desk.cases(
            db, state=arguments.state, appeals_only=arguments.appeals, artist_id=artist
        )
        facts = [case_facts(db, case) for case in found]
    for row, case in zip(facts, found, strict=True):
        cells = (row["clip"], str(row["round"]), row["artist"], minute(case.review.submitted_at))
        add_row(table, *cells, row["state"], (row["prompt"] or "kept to its artist")[:60])
    return Answer(facts, table)


def case_facts(db: Session, case: Case) -> dict[str, Any]:
    """`prompt` is None where the policy its artist has lets no reviewer read it."""
    review = case.review
    hidden = policy.standing(db, review.owner_id).holds.policy.prompts == "artist"
    return {
        "clip": review.clip_id,
        "round": review.round,
        "artist": case.artist,
        "prompt": None if hidden else case.job.spec["prompt"],
        "plea": review.plea,
        "state": review.state,
        "reason": review.reason,
        "words": review.words,
        "submitted_at": iso(review.submitted_at),
        "decided_at": iso(review.decided_at),
    }


def decide(desk: Desk, arguments: Namespace) -> Answer:
    """Each clip by itself, in the round that waits; the answer says of each what became of it."""
    if arguments.verdict == reviews.REJECTED:
        many = f"{len(arguments.clips)} clips" if len(arguments.clips) > 1 else "this clip"
        ask(arguments, f"Reject {many}?", "Nothing was decided.")
    table, facts = make_table("Clip", "State", "Problem"), []
    for clip_id in arguments.clips:
        problem = ""
        try:
            with desk.database.begin() as db:
                by = actor(desk, db, arguments, reviews=True)
                reviews.decide(
                    db,
                    clip_id,
                    waiting_round(db, clip_id),
                    arguments.verdict,
                    by=by,
                    reason=arguments.reason,
                    words=arguments.words,
                    now_ms=desk.now_ms,
                )
        except GreenroomError as error:
            problem = str(error)
        state = "not decided" if problem else arguments.verdict
        facts.append({"clip": clip_id, "state": None if problem else state, "problem": problem})
        add_row(table, clip_id, state, problem)
    return Answer(facts, table)


def waiting_round(db: Session, clip_id: str) -> int:
    """The newest round of a clip, which waits if any does. Raises NotFound."""
    newest = select(Review.round).where(Review.clip_id == clip_id).order_by(Review.round.desc())
    found = db.scalar(newest.limit(1))
    if found is None:
        raise NotFound
    return found
