"""Refusals: each is written down and explained, and a person can let the text pass."""

import pytest
from sqlalchemy import func, select

from auth import audit
from auth.audit import Search
from errors import AlreadyDecided, BadSpec, Conflict, NotFound, OwnWork, PromptRefused
from programme.moderation import refusals
from programme.moderation.judge import Judge
from programme.moderation.records import Refusal
from tests.programme.conftest import NOW, Room

TEXT = "a deepfake of my neighbour"


def refuse(room: Room, tester_id: str, text: str = TEXT) -> str:
    """The id of the refusal of this text."""
    with pytest.raises(PromptRefused) as refused:
        refusals.require_allowed(room.database, Judge(), tester_id, text, NOW)
    assert refused.value.facts["rule"] == "impersonation"
    return str(refused.value.facts["refusal"])


def appeal(room: Room, refusal_id: str) -> None:
    with room.database.begin() as db:
        refusals.appeal(db, refusal_id, room.ada, "It is a cartoon of myself.", NOW + 1)


def decide(room: Room, refusal_id: str, verdict: str, by: str) -> None:
    with room.database.begin() as db:
        refusals.decide(db, refusal_id, verdict, "I looked.", by=by, now_ms=NOW + 2)


def test_refusal_says_which_rule_and_why_and_is_written_down(room: Room) -> None:
    refusal_id = refuse(room, room.ada)
    with room.database.read() as db:
        [row] = refusals.of_tester(db, room.ada)
        logged = audit.entries(db, Search(action="prompt.refuse"), 5)
    assert (row.id, row.state, row.text) == (refusal_id, "refused", TEXT)
    assert row.rules_sha256 == Judge().rules.sha256
    assert [entry.subject for entry in logged] == [f"refusal:{refusal_id}"]
    assert "neighbour" not in str([vars(entry) for entry in logged])


def test_harmless_text_passes_and_is_not_written_down(room: Room) -> None:
    refusals.require_allowed(room.database, Judge(), room.ada, "a red ball", NOW)
    with room.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Refusal)) == 0


def test_appeal_that_is_allowed_lets_the_same_text_of_the_same_artist_pass(room: Room) -> None:
    refusal_id = refuse(room, room.ada)
    appeal(room, refusal_id)
    decide(room, refusal_id, "allowed", room.cleo)
    refusals.require_allowed(room.database, Judge(), room.ada, TEXT, NOW)
    refuse(room, room.ben)
    refuse(room, room.ada, f"{TEXT}, at night")


def test_what_one_rule_let_pass_still_meets_another(room: Room) -> None:
    text = "a deepfake of a beheading"
    refusal_id = refuse(room, room.ada, text)
    appeal(room, refusal_id)
    decide(room, refusal_id, "allowed", room.cleo)
    with pytest.raises(PromptRefused) as refused:
        refusals.require_allowed(room.database, Judge(), room.ada, text, NOW)
    assert refused.value.facts["rule"] == "gore"


def test_upheld_refusal_stays(room: Room) -> None:
    refusal_id = refuse(room, room.ada)
    appeal(room, refusal_id)
    decide(room, refusal_id, "upheld", room.cleo)
    refuse(room, room.ada)
    with pytest.raises(AlreadyDecided):
        decide(room, refusal_id, "allowed", room.dora)


def test_refusal_is_appealed_once_with_words_and_by_its_artist_alone(room: Room) -> None:
    refusal_id = refuse(room, room.ada)
    with room.database.begin() as db, pytest.raises(BadSpec):
        refusals.appeal(db, refusal_id, room.ada, " ", NOW)
    with room.database.begin() as db, pytest.raises(NotFound):
        refusals.appeal(db, refusal_id, room.ben, "x", NOW)
    appeal(room, refusal_id)
    with room.database.begin() as db, pytest.raises(Conflict):
        refusals.appeal(db, refusal_id, room.ada, "Again.", NOW)


def test_what_was_not_appealed_is_not_decided(room: Room) -> None:
    with pytest.raises(AlreadyDecided):
        decide(room, refuse(room, room.ada), "allowed", room.cleo)


def test_admin_does_not_decide_about_their_own_prompt(room: Room) -> None:
    refusal_id = refuse(room, room.cleo)
    with room.database.begin() as db:
        refusals.appeal(db, refusal_id, room.cleo, "It is fine.", NOW)
    with pytest.raises(OwnWork):
        decide(room, refusal_id, "allowed", room.cleo)
    decide(room, refusal_id, "allowed", room.dora)


def test_counts_name_rules_and_states_and_no_text(room: Room) -> None:
    appeal(room, refuse(room, room.ada))
    refuse(room, room.ben)
    with room.database.read() as db:
        assert refusals.counts(db) == {"impersonation": {"appealed": 1, "refused": 1}}
        assert refusals.counts(db, NOW + 1) == {}
