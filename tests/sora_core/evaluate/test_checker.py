"""The ruler: right on real clips that training never saw, and refused when it is not whole."""

import shutil

import numpy as np
import pytest

from errors import WeightsCorrupt
from sora_core.evaluate.checker import FILE, WEIGHTS, Checker
from sora_core.evaluate.real import draw_takes, read_all, shoot
from sora_core.evaluate.tally import tally
from sora_core.sprout.weights import MANIFEST, write_manifest
from sora_core.world.vocabulary import ATTRIBUTES

CLIPS = 96


@pytest.fixture(scope="module")
def checker():
    return Checker.load()


@pytest.fixture(scope="module")
def counts(checker):
    takes = draw_takes(CLIPS, seed=20)
    return tally([take.visible() for take in takes], read_all(checker, shoot(takes)))


# The gate is 95 % (motion 90 %) over hundreds of clips; a sample of 96 is allowed the two standard
# errors by which it may fall below that.
@pytest.mark.parametrize(
    ("attribute", "least"),
    [("subject", 0.91), ("colour", 0.91), ("place", 0.91), ("style", 0.91), ("motion", 0.84)],
)
def test_checker_reads_real_held_out_clips(counts, attribute, least):
    right, scored = counts[attribute]
    assert scored >= 0.8 * CLIPS
    assert right / scored >= least


def test_read_answers_each_clip_by_itself(checker):
    """A clip's reading does not depend on which clips are read beside it."""
    clips = [clip for clip in shoot(draw_takes(8, seed=21)) if clip.shape[1:3] == (64, 112)]
    together = checker.read(clips)
    assert together == [checker.read([clip])[0] for clip in clips]
    assert all(seen.keys() == ATTRIBUTES.keys() for seen in together)


def test_read_refuses_clips_of_another_length(checker):
    with pytest.raises(ValueError, match="24 drawings"):
        checker.read(np.zeros((1, 23, 64, 112, 3), np.uint8))


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(WEIGHTS, tmp_path / "w")
    return tmp_path / "w"


def test_load_gives_back_what_was_saved(checker, tmp_path):
    checker.save(tmp_path)
    clip = np.random.default_rng(0).integers(0, 256, (2, 24, 64, 112, 3), np.uint8)
    assert Checker.load(tmp_path).read(clip) == checker.read(clip)


def test_load_refuses_weights_with_one_bit_flipped(copied):
    content = bytearray((copied / FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / FILE).write_bytes(content)
    with pytest.raises(WeightsCorrupt, match="damaged"):
        Checker.load(copied)


@pytest.mark.parametrize("name", [FILE, MANIFEST])
def test_load_refuses_when_a_file_is_missing(copied, name):
    (copied / name).unlink()
    with pytest.raises(WeightsCorrupt, match="missing"):
        Checker.load(copied)


def test_load_refuses_weights_of_another_shape(copied):
    (copied / FILE).write_bytes((8).to_bytes(8, "little") + b"{}      ")
    write_manifest(copied)
    with pytest.raises(WeightsCorrupt, match="vocabulary"):
        Checker.load(copied)


def test_committed_weights_stay_small():
    assert (WEIGHTS / FILE).stat().st_size <= 3e6
