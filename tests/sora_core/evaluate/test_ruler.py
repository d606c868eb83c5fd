"""What rulers share: clips of one length, and weights that are refused when they are not whole."""

import shutil

import numpy as np
import pytest

from errors import WeightsCorrupt
from sora_core.evaluate.checker import Checker
from sora_core.evaluate.finder import Finder
from sora_core.evaluate.real import draw_takes, shoot
from sora_core.evaluate.ruler import WEIGHTS
from sora_core.sprout.weights import MANIFEST, write_manifest

LARGEST = {Checker: 3e6, Finder: 1.5e6}


@pytest.fixture(params=LARGEST, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(WEIGHTS, tmp_path / "w")
    return tmp_path / "w"


def test_read_refuses_clips_of_another_length(kind):
    with pytest.raises(ValueError, match="24 drawings"):
        kind.load().read(np.zeros((1, 23, 64, 112, 3), np.uint8))


def test_load_gives_back_what_was_saved(kind, tmp_path):
    ruler = kind.load()
    ruler.save(tmp_path)
    clips = shoot(draw_takes(2, seed=3, pairs=1.0))
    assert kind.load(tmp_path).read(clips) == ruler.read(clips)
    assert all(ruler.read(clips))


def test_save_leaves_other_rulers_as_they_are(kind, copied):
    """Each file stays bit for bit, and the manifest lists them all."""
    before = {path.name: path.read_bytes() for path in copied.iterdir()}
    kind.load().save(copied)
    others = before.keys() - {kind.FILE, MANIFEST}
    assert others
    assert all((copied / name).read_bytes() == before[name] for name in others)
    assert all(other.load(copied) is not None for other in LARGEST)


def test_load_refuses_weights_with_one_bit_flipped(kind, copied):
    content = bytearray((copied / kind.FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / kind.FILE).write_bytes(content)
    with pytest.raises(WeightsCorrupt, match="damaged"):
        kind.load(copied)


@pytest.mark.parametrize("manifest", [False, True])
def test_load_refuses_when_a_file_is_missing(kind, copied, manifest):
    (copied / (MANIFEST if manifest else kind.FILE)).unlink()
    with pytest.raises(WeightsCorrupt, match=f"{kind.FILE} is missing"):
        kind.load(copied)


def test_load_refuses_weights_of_another_shape(kind, copied):
    (copied / kind.FILE).write_bytes((8).to_bytes(8, "little") + b"{}      ")
    write_manifest(copied)
    with pytest.raises(WeightsCorrupt, match="vocabulary"):
        kind.load(copied)


def test_committed_weights_stay_small(kind):
    assert (WEIGHTS / kind.FILE).stat().st_size <= LARGEST[kind]
