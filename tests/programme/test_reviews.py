"""Review: one reviewer decides, another one on the appeal, and nobody about their own clip."""

import json
import threading
from collections import Counter

import pytest

from auth import audit
from auth.audit import Search
from errors import (
    AlreadyDecided,
    BadSpec,
    ClipDeleted,
    Conflict,
    GreenroomError,
    NotFound,
    OwnWork,
    SameReviewer,
)
from programme import ledger, review_desk, reviews
from programme.reasons import REASONS
from programme.records_clips import Review
from tests.programme.conftest import HOUR_MS, NOW, Room


def submit(room: Room, clip_id: str, at: int = NOW) -> None:
    with room.database.begin() as db:
        reviews.submit(db, clip_id, room.ada, "", at)


def reject(room: Room, clip_id: str, by: str, round: int = reviews.REVIEW, at: int = NOW) -> Review:
    with room.database.begin() as db:
        return reviews.decide(
            db, clip_id, round, "rejected", by=by, reason="likeness", words="No.", now_ms=at
        )


def approve(room: Room, clip_id: str, by: str, round: int = reviews.REVIEW) -> Review:
    with room.database.begin() as db:
        return reviews.decide(db, clip_id, round, "approved", by=by, now_ms=NOW)


def test_rejection_is_appealed_to_a_second_reviewer_who_approves(room: Room) -> None:
    clip_id = room.clip(room.ada)
    submit(room, clip_id)
    rejected = reject(room, clip_id, room.cleo)
    assert (rejected.state, rejected.reason, rejected.words) == ("rejected", "likeness", "No.")
    with room.database.begin() as db:
        assert not reviews.is_approved(db, clip_id)
        reviews.appeal(db, clip_id, room.ada, "It is my own drawing.", NOW + 1)
    with pytest.raises(SameReviewer):
        approve(room, clip_id, room.cleo, reviews.APPEAL)
    approve(room, clip_id, room.dora, reviews.APPEAL)
    with room.database.read() as db:
        assert reviews.is_approved(db, clip_id)
        rounds = review_desk.reviews_of(db, [clip_id])[clip_id]
    assert [(r.round, r.state, r.reviewer_id) for r in rounds] == [
        (1, "rejected", room.cleo),
        (2, "approved", room.dora),
    ]


def test_reviewed_clip_is_credited_to_its_artist_once_whatever_the_verdict(room: Room) -> None:
    clip_id = room.clip(room.ada)
    submit(room, clip_id)
    reject(room, clip_id, room.cleo)
    with room.database.begin() as db:
        reviews.appeal(db, clip_id, room.ada, "Look again.", NOW)
    approve(room, clip_id, room.dora, reviews.APPEAL)
    with room.database.read() as db:
        credits = [(row.kind, row.about) for row in ledger.credits_of(db, room.ada)]
        assert ledger.credits_of(db, room.cleo) == []
    assert credits == [("review", f"clip:{clip_id}")]


def test_rejected_appeal_is_final(room: Room) -> None:
    clip_id = room.clip(room.ada)
    submit(room, clip_id)
    reject(room, clip_id, room.cleo)
    with room.database.begin() as db:
        reviews.appeal(db, clip_id, room.ada, "Look again.", NOW)
    reject(room, clip_id, room.dora, reviews.APPEAL)
    with room.database.begin() as db, pytest.raises(Conflict):
        reviews.appeal(db, clip_id, room.ada, "And again.", NOW)
    with room.database.begin() as db, pytest.raises(Conflict):
        reviews.submit(db, clip_id, room.ada, "", NOW)


def test_reviewer_cannot_decide_about_their_own_clip(room: Room) -> None:
    clip_id = room.clip(room.cleo)
    with room.database.begin() as db:
        reviews.submit(db, clip_id, room.cleo, "", NOW)
    with pytest.raises(OwnWork):
        approve(room, clip_id, room.cleo)
    approve(room, clip_id, room.dora)


def test_one_of_many_reviewers_at_once_decides(room: Room) -> None:
    clip_id = room.clip(room.ada)
    submit(room, clip_id)
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def decide(number: int) -> None:
        start.wait()
        by = (room.cleo, room.dora)[number % 2]
        try:
            review = (approve if number % 4 < 2 else reject)(room, clip_id, by)
            outcomes.append(review.state)
        except AlreadyDecided as error:
            outcomes.append(f"late: {error.state}")

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [outcome for outcome in outcomes if not outcome.startswith("late")]
    assert Counter(outcomes) == {winner: 1, f"late: {winner}": 7}
    with room.database.read() as db:
        rows = audit.entries(db, Search(action="review.decide"), 10)
    assert [json.loads(row.details)["verdict"] for row in rows] == [winner]


def test_clip_that_was_deleted_meanwhile_is_not_decided_about(room: Room) -> None:
    clip_id = room.clip(room.ada)
    submit(room, clip_id)
    room.delete(clip_id)
    with pytest.raises(ClipDeleted):
        approve(room, clip_id, room.cleo)
    with room.database.read() as db:
        assert review_desk.cases(db) == []
        assert review_desk.present_wait(db, HOUR_MS, NOW).waiting == 0
        assert not reviews.is_approved(db, clip_id)


@pytest.mark.parametrize(
    ("reason", "words"), [(None, "No."), ("ugly", "No."), ("likeness", ""), ("likeness", "a\x00")]
)
def test_rejection_needs_a_reason_of_the_list_and_words(
    room: Room, reason: str | None, words: str
) -> None:
    clip_id = room.clip(room.ada)
    submit(room, clip_id)
    with room.database.begin() as db, pytest.raises(BadSpec):
        reviews.decide(
            db, clip_id, 1, "rejected", by=room.cleo, reason=reason, words=words, now_ms=NOW
        )
    with room.database.read() as db:
        assert [case.review.state for case in review_desk.cases(db)] == ["waiting"]


def test_every_reason_is_a_sentence_and_fits_its_column() -> None:
    for code, sentence in REASONS.items():
        assert len(code) <= 32
        assert sentence.endswith(".")


def test_clip_is_submitted_once_and_again_after_it_was_withdrawn(room: Room) -> None:
    clip_id = room.clip(room.ada)
    submit(room, clip_id)
    with pytest.raises(Conflict):
        submit(room, clip_id)
    with room.database.begin() as db:
        reviews.withdraw(db, clip_id, room.ada, NOW)
    with room.database.read() as db, pytest.raises(NotFound):
        reviews.require_seen_by_reviewers(db, clip_id)
    with pytest.raises(AlreadyDecided):
        approve(room, clip_id, room.cleo)
    submit(room, clip_id)
    approve(room, clip_id, room.cleo)


def test_nobody_submits_withdraws_or_appeals_for_somebody_else(room: Room) -> None:
    clip_id = room.clip(room.ada)
    acts = (
        lambda db: reviews.submit(db, clip_id, room.ben, "", NOW),
        lambda db: reviews.withdraw(db, clip_id, room.ben, NOW),
        lambda db: reviews.appeal(db, clip_id, room.ben, "x", NOW),
    )
    submit(room, clip_id)
    for act in acts:
        with room.database.begin() as db, pytest.raises(GreenroomError):
            act(db)
    with room.database.read() as db:
        [case] = review_desk.cases(db)
    assert (case.review.owner_id, case.artist) == (room.ada, "Ada")


def test_clip_that_nobody_submitted_is_not_seen_by_reviewers(room: Room) -> None:
    clip_id = room.clip(room.ada)
    with room.database.read() as db, pytest.raises(NotFound):
        reviews.require_seen_by_reviewers(db, clip_id)
    submit(room, clip_id)
    with room.database.read() as db:
        assert reviews.require_seen_by_reviewers(db, clip_id).id == clip_id


def test_line_says_who_is_next_and_how_long_it_takes(room: Room) -> None:
    decided, first, second = (room.clip(room.ada) for _ in range(3))
    submit(room, decided, NOW)
    reject(room, decided, room.cleo, at=NOW + 2 * HOUR_MS)
    submit(room, first, NOW + HOUR_MS)
    submit(room, second, NOW + 2 * HOUR_MS)
    with room.database.read() as db:
        wait = review_desk.present_wait(db, 48 * HOUR_MS, NOW + 3 * HOUR_MS)
        rounds = review_desk.reviews_of(db, [decided, first, second])
        places = [review_desk.place(db, rounds[clip_id][0]) for clip_id in (decided, first, second)]
    assert (wait.waiting, wait.oldest_ms, wait.median_ms) == (2, 2 * HOUR_MS, 2 * HOUR_MS)
    assert places == [0, 1, 2]


def test_desk_is_filtered_by_state_appeal_and_artist(room: Room) -> None:
    of_ada, of_ben = room.clip(room.ada), room.clip(room.ben)
    submit(room, of_ada)
    with room.database.begin() as db:
        reviews.submit(db, of_ben, room.ben, "", NOW)
    reject(room, of_ada, room.cleo)
    with room.database.begin() as db:
        reviews.appeal(db, of_ada, room.ada, "Look again.", NOW + 5)
    with room.database.read() as db:
        found = {
            "waiting": [(c.review.clip_id, c.review.round) for c in review_desk.cases(db)],
            "appeals": [c.review.clip_id for c in review_desk.cases(db, appeals_only=True)],
            "of Ben": [c.review.clip_id for c in review_desk.cases(db, artist_id=room.ben)],
            "rejected": [c.review.clip_id for c in review_desk.cases(db, state="rejected")],
        }
    assert found == {
        "waiting": [(of_ben, 1), (of_ada, 2)],
        "appeals": [of_ada],
        "of Ben": [of_ben],
        "rejected": [of_ada],
    }
