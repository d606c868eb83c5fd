"""Counting, in closed form on answers written by hand."""

from sora_core.evaluate.tally import Count, confusion, confusion_lines, markdown, tally
from sora_core.world.vocabulary import ATTRIBUTES

NAMED = [
    {"subject": "boat", "colour": "red"},
    {"subject": "boat", "colour": "blue", "motion": "spin"},
    {"subject": "cat"},
]
SEEN = [
    {"subject": "boat", "colour": "red", "motion": "still"},
    {"subject": "car", "colour": "blue", "motion": "sway"},
    {"subject": "cat", "colour": "green", "motion": "still"},
]


def test_tally_counts_only_what_is_named():
    counts = tally(NAMED, SEEN)
    assert counts["subject"] == Count(2, 3)
    assert counts["colour"] == Count(2, 2)
    assert counts["motion"] == Count(0, 1)
    assert counts["place"] == Count(0, 0)
    assert counts.keys() == ATTRIBUTES.keys()


def test_confusion_tells_what_was_seen_instead():
    table = confusion("subject", NAMED, SEEN)
    assert table["boat"] == {"boat": 1, "car": 1}
    assert table["cat"] == {"cat": 1}
    assert table["ball"] == {}
    lines = list(confusion_lines(table))
    assert "boat 1 of 2, else car 1" in lines
    assert "cat 1 of 1" in lines


def test_markdown_shows_raw_counts_with_denominators_side_by_side():
    rows = markdown({"quality": tally(NAMED, SEEN), "turbo": tally(NAMED, NAMED_AS_SEEN)})
    assert rows.splitlines()[0] == "|  | quality | turbo |"
    assert "| subject | 2 / 3 (66.7 %) | 3 / 3 (100.0 %) |" in rows
    assert "| place | — | — |" in rows
    assert len(rows.splitlines()) == 2 + len(ATTRIBUTES)


NAMED_AS_SEEN = [dict(SEEN[i]) | named for i, named in enumerate(NAMED)]
