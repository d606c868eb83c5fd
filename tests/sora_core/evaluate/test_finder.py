"""The finder: right on real pairs that training never saw, and silent where nobody is."""

import math

import numpy as np
import pytest
import torch

from sora_core.evaluate.finder import CROPS, Finder, Sights, name, peaks
from sora_core.evaluate.real import draw_takes, read_all, shoot
from sora_core.evaluate.tally import tally_pairs
from sora_core.world.vocabulary import COLOURS, SUBJECTS

CLIPS = 48


@pytest.fixture(scope="module")
def finder():
    return Finder.load()


def counts(finder, *, pairs):
    takes = draw_takes(CLIPS, seed=20, pairs=pairs)
    return tally_pairs([take.visible() for take in takes], read_all(finder, shoot(takes)))


# The figures over hundreds of clips stand in docs/sprout/README.md; a sample of 48 is allowed the
# two standard errors by which it may fall below them.
def test_finder_reads_both_subjects_of_real_held_out_pairs(finder):
    found = counts(finder, pairs=1.0)
    least = {
        "first subject": 0.88, "second subject": 0.88, "both subjects": 0.8,
        "first colour": 0.92, "second colour": 0.92, "both in their colours": 0.75,
        "nothing else": 0.88,
    }  # fmt: skip
    for row, share in least.items():
        right, scored = found[row]
        assert scored >= 0.7 * CLIPS, row
        assert right / scored >= share, row


def test_finder_sees_no_second_subject_where_there_is_one(finder):
    found = counts(finder, pairs=0.0)
    assert found["first subject"].right >= 0.88 * CLIPS
    assert found["nothing else"].right >= 0.88 * CLIPS
    assert found["second subject"].scored == 0


@pytest.mark.parametrize("height", [64, 112])
def test_finder_names_nobody_in_a_picture_of_nothing(finder, height):
    flat = np.full((1, 24, height, 176 - height, 3), 140, np.uint8)
    assert finder.read(flat) == [{}]


def test_read_answers_each_clip_by_itself(finder):
    """A clip's reading does not depend on which clips are read beside it."""
    takes = draw_takes(5, seed=21, pairs=1.0)
    clips = [clip for clip in shoot(takes) if clip.shape[1:3] == (64, 112)]
    together = finder.read(clips)
    assert together == [finder.read([clip])[0] for clip in clips]


def sights(*drawings):
    """Of each drawing up to three places: (x, {subject: how sure}, colour), 8 pixels in reach."""
    spots, subject = torch.zeros(len(drawings), CROPS, 3), torch.zeros(len(drawings), CROPS, 12)
    colour = torch.zeros(len(drawings), CROPS, 8)
    for i, drawing in enumerate(drawings):
        for k, (x, sure, tint) in enumerate(drawing):
            spots[i, k] = torch.tensor([x, 20.0, 8.0])
            colour[i, k, list(COLOURS).index(tint)] = 1.0
            for who, share in sure.items():
                subject[i, k, list(SUBJECTS).index(who)] = share
    return Sights(spots, subject, colour)


BOAT, CAT = (20.0, {"boat": 0.9}, "red"), (80.0, {"cat": 0.8}, "blue")


def test_name_says_two_subjects_each_in_its_own_colour_the_surest_first():
    assert list(name(sights([CAT, BOAT], [BOAT, CAT])).items()) == [
        ("boat", "red"),
        ("cat", "blue"),
    ]


def test_name_says_who_is_to_be_seen_in_half_of_the_drawings():
    assert name(sights([BOAT], [], [BOAT], [])) == {"boat": "red"}
    assert name(sights([BOAT], [], [], [])) == {"boat": "red"}  # 0.45 in the better two
    assert name(sights([BOAT], [], [], [], [], [])) == {}  # 0.3 in the better three
    assert name(sights([BOAT, CAT], [BOAT], [BOAT, CAT], [BOAT])) == {"boat": "red", "cat": "blue"}


def test_name_takes_what_is_half_this_and_half_that_for_one():
    """In one drawing, over the drawings, and where one subject was found at two places."""
    torn = (20.0, {"cat": 0.5, "robot": 0.45}, "red")
    assert name(sights([torn], [torn])) == {"cat": "red"}
    one, other = (
        (20.0, {"cat": 0.7, "robot": 0.2}, "red"),
        (20.0, {"cat": 0.2, "robot": 0.6}, "red"),
    )
    assert name(sights([one], [other], [one], [other])) == {"cat": "red"}
    beside = (23.0, {"robot": 0.8}, "red")
    assert name(sights([BOAT, beside], [BOAT, beside])) == {"boat": "red"}
    apart = (25.0, {"robot": 0.8}, "pink")
    assert name(sights([BOAT, apart], [BOAT, apart])) == {"boat": "red", "robot": "pink"}


def test_name_says_at_most_two():
    third = (50.0, {"fish": 0.7}, "white")
    assert set(name(sights([BOAT, CAT, third]))) == {"boat", "cat"}


def test_peaks_are_the_surest_cells_and_point_from_them_in_pixels():
    known = torch.full((1, 4, 8, 14), -9.0)
    known[0, :, 2, 3] = torch.tensor([4.0, 0.25, -0.5, math.log(2)])
    known[0, :, 2, 4] = torch.tensor([3.0, 0.0, 0.0, 0.0])  # beside a surer one
    known[0, :, 6, 12] = torch.tensor([2.0, 0.0, 0.5, 0.0])
    there, spots = peaks(known)
    assert there.shape == (1, CROPS)
    assert there[0, :2].tolist() == pytest.approx([1 / (1 + math.exp(-s)) for s in (4, 2)])
    assert there[0, 2] < 0.01
    torch.testing.assert_close(spots[0, 0], torch.tensor([30.0, 16.0, 16.0]))
    torch.testing.assert_close(spots[0, 1], torch.tensor([100.0, 56.0, 8.0]))
