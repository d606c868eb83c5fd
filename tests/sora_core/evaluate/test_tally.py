"""Counting, in closed form on answers written by hand."""

from sora_core.evaluate.tally import Count, confusion, confusion_lines, markdown, tally, tally_pairs
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


PAIR = {"subject": "boat", "colour": "red", "second": "cat", "second_colour": "blue"}
NOIR_PAIR = {"subject": "boat", "second": "cat"}


def test_tally_of_pairs_counts_each_role_and_both():
    seen = [
        {"cat": "blue", "boat": "red"},
        {"boat": "blue", "cat": "red"},  # colours taken for each other's
        {"boat": "red"},
        {"cat": "blue", "car": "red"},
        {},
        {"boat": "white", "cat": "white"},
    ]
    counts = tally_pairs([PAIR] * 5 + [NOIR_PAIR], seen)
    assert counts["first subject"] == Count(4, 6)
    assert counts["second subject"] == Count(4, 6)
    assert counts["both subjects"] == Count(3, 6)
    assert counts["two subjects, whichever"] == Count(4, 6)
    assert counts["nothing else"] == Count(5, 6)
    assert counts["first colour"] == Count(2, 3)
    assert counts["second colour"] == Count(2, 3)
    assert counts["both in their colours"] == Count(1, 5)


def test_tally_of_pairs_scores_no_second_where_none_is_named():
    counts = tally_pairs(
        [{"subject": "boat", "colour": "red"}] * 2, [{"boat": "red"}, {"cat": "red", "boat": "red"}]
    )
    assert counts["first subject"] == Count(2, 2)
    assert counts["nothing else"] == Count(1, 2)
    assert counts["second subject"] == counts["both subjects"] == Count(0, 0)
    assert list(markdown({"real": counts}).splitlines())[2] == "| first subject | 2 / 2 (100.0 %) |"


NAMED_AS_SEEN = [dict(SEEN[i]) | named for i, named in enumerate(NAMED)]
