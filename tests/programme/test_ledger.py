"""The ledger: what is owed at which rate, who disputes it, and that both sides read the same."""

from contextlib import suppress
from threading import Barrier, Thread
from typing import Any

import pytest

from errors import BadSpec, Conflict, NotFound, OwnWork
from jobs.records import Job
from programme import hours, ledger, money, payments
from programme.ledger import DISPUTED, FIX, HOURS, OWED, PAID, REPORT, VOID
from programme.records_contributions import Credit
from tests.programme.conftest import NOW, Room

TODAY = ledger.day_of(NOW)
MINUTE_MS = 60_000


def set_rate(room: Room, kind: str, amount: int, now_ms: int = NOW, currency: str = "EUR") -> None:
    with room.database.begin() as db:
        ledger.set_rate(db, kind, amount, currency, by=f"tester:{room.cleo}", now_ms=now_ms)


def add_hours(room: Room, minutes: int | None, day: str = TODAY, words: str = "") -> Credit:
    with room.database.begin() as db:
        return hours.add(db, room.ada, day, minutes, words, NOW)


def rows(room: Room) -> list[Credit]:
    with room.database.read() as db:
        return list(ledger.credits_of(db, room.ada))


def pay(room: Room, *ids: str, by: str | None = None) -> int:
    with room.database.begin() as db:
        return payments.pay(db, ids, "transfer 7", by=by or room.cleo, now_ms=NOW)


def test_hours_are_worth_their_rate_to_the_minute_and_the_nearest_minor_unit(room: Room) -> None:
    set_rate(room, HOURS, 2500)
    row = add_hours(room, 61)
    assert (row.minutes, row.rate_minor, row.amount_minor, row.currency) == (61, 2500, 2542, "EUR")
    assert money.said(row.amount_minor, row.currency) == "25.42 EUR"


def test_hours_said_again_replace_those_of_the_same_day(room: Room) -> None:
    set_rate(room, HOURS, 6000)
    add_hours(room, 60)
    add_hours(room, 30, words="It was less.")
    [row] = rows(room)
    assert (row.minutes, row.amount_minor, row.words) == (30, 3000, "It was less.")
    pay(room, row.id)
    with pytest.raises(Conflict):
        add_hours(room, 90)


def test_measured_hours_are_those_of_the_clips_without_the_pauses(room: Room) -> None:
    start = hours.day_start_ms(TODAY)
    for at_min, took_min in ((60, 2), (70, 3), (120, 1)):  # 60 to 73, then 120 to 121
        clip = room.clip(room.ada)
        with room.database.begin() as db:
            job = db.get_one(Job, clip)
            job.created_at = start + at_min * MINUTE_MS
            job.ended_at = job.created_at + took_min * MINUTE_MS
    room.clip(room.ben)
    row = add_hours(room, None)
    assert (row.minutes, row.measured) == (14, True)


def test_measured_hours_of_a_day_without_clips_are_refused(room: Room) -> None:
    with pytest.raises(BadSpec) as refused:
        add_hours(room, None)
    assert refused.value.field == "minutes"


@pytest.mark.parametrize("minutes", [0, -1, 1441, True, "60", 1.5])
def test_hours_that_no_day_has_are_refused(room: Room, minutes: Any) -> None:
    with pytest.raises(BadSpec):
        add_hours(room, minutes)


@pytest.mark.parametrize("day", ["2099-01-01", "2001-01-01", "today", "2026-13-01", "20260101"])
def test_hours_of_no_day_or_one_out_of_reach_are_refused(room: Room, day: str) -> None:
    with pytest.raises(BadSpec) as refused:
        add_hours(room, 60, day)
    assert refused.value.field == "day"


def test_new_rate_leaves_what_was_rated_and_reaches_what_had_none(room: Room) -> None:
    with room.database.begin() as db:
        ledger.credit(db, room.ada, REPORT, about="feedback:1", now_ms=NOW)
    assert [(row.amount_minor, row.currency) for row in rows(room)] == [(0, "XXX")]
    set_rate(room, REPORT, 500)
    set_rate(room, REPORT, 900, now_ms=NOW + 1)
    assert [(row.amount_minor, row.currency) for row in rows(room)] == [(500, "EUR")]
    with room.database.begin() as db:
        ledger.credit(db, room.ada, REPORT, about="feedback:2", now_ms=NOW + 2)
        assert ledger.totals(db, room.ada) == {"EUR": {OWED: 1400, PAID: 0, DISPUTED: 0}}


def test_credit_for_the_same_thing_is_written_once_by_many_at_once(room: Room) -> None:
    barrier, new = Barrier(8), list[bool]()

    def go() -> None:
        barrier.wait()
        with room.database.begin() as db:
            new.append(ledger.credit(db, room.ada, FIX, about="feedback:1", now_ms=NOW))

    run([Thread(target=go) for _ in range(8)])
    assert sorted(new) == [False] * 7 + [True]
    assert len(rows(room)) == 1


def test_pay_writes_all_or_nothing_and_once(room: Room) -> None:
    set_rate(room, HOURS, 6000)
    row = add_hours(room, 60)
    with pytest.raises(Conflict):
        pay(room, row.id, "0" * 32)
    assert [row.state for row in rows(room)] == [OWED]
    barrier, paid = Barrier(5), list[int]()

    def go() -> None:
        barrier.wait()
        with suppress(Conflict):
            paid.append(pay(room, row.id))

    run([Thread(target=go) for _ in range(5)])
    assert paid == [1]
    assert [(row.state, row.paid_ref) for row in rows(room)] == [(PAID, "transfer 7")]


def test_pay_refuses_what_has_no_rate_and_what_is_owed_to_the_payer(room: Room) -> None:
    row = add_hours(room, 60)
    with pytest.raises(Conflict):
        pay(room, row.id)
    with pytest.raises(OwnWork):
        pay(room, row.id, by=room.ada)


def test_dispute_ends_by_an_admins_word_and_both_sides_read_the_same(room: Room) -> None:
    set_rate(room, HOURS, 6000)
    row = add_hours(room, 60)
    pay(room, row.id)
    with room.database.begin() as db:
        payments.dispute(db, row.id, "It never came.", by=room.ada, is_admin=False, now_ms=NOW)
        assert ledger.totals(db, room.ada) == ledger.totals(db)
        assert ledger.totals(db)["EUR"] == {OWED: 0, PAID: 0, DISPUTED: 6000}
    with room.database.begin() as db:
        payments.settle(db, row.id, OWED, "It went astray.", by=room.cleo, now_ms=NOW)
    [now] = rows(room)
    assert (now.state, now.dispute) == (OWED, "It went astray.")


def test_dispute_refuses_strangers_and_what_is_disputed_or_void(room: Room) -> None:
    row = add_hours(room, 60)
    with room.database.begin() as db, pytest.raises(NotFound):
        payments.dispute(db, row.id, "Mine!", by=room.ben, is_admin=False, now_ms=NOW)
    with room.database.begin() as db:
        payments.dispute(db, row.id, "So long?", by=room.cleo, is_admin=True, now_ms=NOW)
    with room.database.begin() as db, pytest.raises(Conflict):
        payments.dispute(db, row.id, "Yes.", by=room.ada, is_admin=False, now_ms=NOW)
    with room.database.begin() as db:
        payments.settle(db, row.id, VOID, "Said twice.", by=room.cleo, now_ms=NOW)
    with room.database.begin() as db, pytest.raises(Conflict):
        payments.settle(db, row.id, OWED, "Or not.", by=room.cleo, now_ms=NOW)


def test_settle_calls_nothing_paid_that_was_not_and_judges_no_own_case(room: Room) -> None:
    row = add_hours(room, 60)
    with room.database.begin() as db:
        payments.dispute(db, row.id, "So long?", by=room.cleo, is_admin=True, now_ms=NOW)
    with room.database.begin() as db, pytest.raises(BadSpec):
        payments.settle(db, row.id, PAID, "It was.", by=room.cleo, now_ms=NOW)
    with room.database.begin() as db, pytest.raises(OwnWork):
        payments.settle(db, row.id, OWED, "It is.", by=room.ada, now_ms=NOW)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1250, "EUR", "12.50 EUR"),
        (5, "USD", "0.05 USD"),
        (1250, "JPY", "1250 JPY"),
        (1250, "KWD", "1.250 KWD"),
        (0, "XXX", "no rate yet"),
    ],
)
def test_said_shows_an_amount_as_its_currency_is_counted(
    amount: int, currency: str, text: str
) -> None:
    assert money.said(amount, currency) == text


@pytest.mark.parametrize(
    ("amount", "currency"), [(-1, "EUR"), (1.5, "EUR"), (True, "EUR"), (1, "eur"), (1, "XXX")]
)
def test_rate_that_is_no_amount_of_a_currency_is_refused(
    room: Room, amount: Any, currency: str
) -> None:
    with pytest.raises(BadSpec):
        set_rate(room, HOURS, amount, currency=currency)


def run(threads: list[Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
