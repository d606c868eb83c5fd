"""The addresses of what testers are asked, told and owed; doors.py says for whom."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from studio.people import data_desk, feedback_desk, ledger_desk, policy_desk

Row = tuple[str, Callable[..., Awaitable[Response]], str]

ROUTES: tuple[Row, ...] = (
    ("/policy", policy_desk.show_policy, "GET"),
    ("/policy/versions", policy_desk.list_versions, "GET"),
    ("/policy/mine", policy_desk.show_mine, "GET"),
    ("/policy/accept", policy_desk.accept, "POST"),
    ("/backstage/policy", policy_desk.show_announcing, "GET"),
    ("/backstage/policy", policy_desk.announce, "POST"),
    ("/data", data_desk.show_data, "GET"),
    ("/data/list", data_desk.list_data, "GET"),
    ("/data/consent", data_desk.say_consent, "POST"),
    ("/data/archive", data_desk.send_archive, "POST"),
    ("/data/erase", data_desk.erase, "POST"),
    ("/feedback", feedback_desk.show_feedback, "GET"),
    ("/feedback/list", feedback_desk.list_sent, "GET"),
    ("/feedback", feedback_desk.send, "POST"),
    ("/backstage/feedback", feedback_desk.show_triage, "GET"),
    ("/backstage/feedback/list", feedback_desk.list_triage, "GET"),
    ("/backstage/feedback/{feedback_id}/decide", feedback_desk.decide, "POST"),
    ("/ledger", ledger_desk.show_ledger, "GET"),
    ("/ledger/list", ledger_desk.list_own, "GET"),
    ("/ledger/hours", ledger_desk.add_hours, "POST"),
    ("/ledger/statement.{kind}", ledger_desk.send_own_statement, "GET"),
    ("/ledger/{credit_id}/dispute", ledger_desk.dispute, "POST"),
    ("/backstage/ledger", ledger_desk.show_ledgers, "GET"),
    ("/backstage/ledger/list", ledger_desk.list_all, "GET"),
    ("/backstage/ledger/pay", ledger_desk.pay, "POST"),
    ("/backstage/ledger/rates", ledger_desk.set_rate, "POST"),
    ("/backstage/ledger/{credit_id}/settle", ledger_desk.settle, "POST"),
    ("/backstage/ledger/{tester_id}/list", ledger_desk.list_of, "GET"),
    ("/backstage/ledger/{tester_id}/statement.{kind}", ledger_desk.send_statement, "GET"),
)
