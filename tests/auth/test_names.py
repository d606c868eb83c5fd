"""Names stand in lists and cannot pass for somebody else's."""

import pytest

from auth import names, testers
from database import Database
from errors import BadSpec, Conflict
from tests.auth.conftest import NOON


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ame\u0301lie", "Amélie"),
        ("Дмитрий", "Дмитрий"),
        ("王小明", "王小明"),
        ("Ελένη van Dijk", "Ελένη van Dijk"),
    ],
)
def test_plain_name_keeps_peoples_names(given: str, plain: str) -> None:
    assert names.plain_name(given) == plain


@pytest.mark.parametrize(
    "given",
    ["", "   ", "a\nb", "a\u200bb", "\u202eadA", "a\x07", "x" * 81, "x" * 10**6, "Аdmin", "Αda"],
)
def test_plain_name_refuses_what_misleads(given: str) -> None:
    with pytest.raises(BadSpec):
        names.plain_name(given)


@pytest.mark.parametrize("twin", ["ada", "ADA", "Ａda", "A da", "Аԁа"])
def test_add_refuses_a_name_that_looks_like_another(database: Database, twin: str) -> None:
    with database.begin() as db:
        testers.add(db, "Ada", now_ms=NOON)
    with database.begin() as db, pytest.raises(Conflict, match="tester named Ada"):
        testers.add(db, twin, now_ms=NOON)


@pytest.mark.parametrize("given", ["Ada@Example.org", " a.b+c@sub.example.org "])
def test_plain_email_is_lower_case_without_space(given: str) -> None:
    assert names.plain_email(given) == given.strip().lower()


@pytest.mark.parametrize("given", ["ada", "ada@example", "@example.org", "a" * 65 + "@example.org"])
def test_plain_email_refuses_with_an_example_and_names_the_field(given: str) -> None:
    with pytest.raises(BadSpec) as refusal:
        names.plain_email(given)
    assert str(refusal.value) == "Give an e-mail address like ada@example.org."
    assert refusal.value.field == "email"
