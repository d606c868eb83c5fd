"""Weights: saved and loaded alike; whatever is wrong with them is a sentence."""

import shutil

import pytest
import torch

from errors import WeightsCorrupt
from sora_core.sprout import WEIGHTS, SproutPipeline, load
from tests.sora_core.sprout.parts import tiny_pipeline

WEIGHT_FILE = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture
def saved(tmp_path):
    pipeline = tiny_pipeline()
    pipeline.save_pretrained(tmp_path / "w")
    return pipeline, tmp_path / "w"


def test_load_gives_back_what_was_saved(saved):
    pipeline, folder = saved
    again = SproutPipeline.from_pretrained(folder)
    for name in ("transformer", "autoencoder", "text_encoder"):
        mine, theirs = (getattr(p, name).state_dict() for p in (pipeline, again))
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert again.read("a red cat") == pipeline.read("a red cat")


def test_load_refuses_weights_with_one_bit_flipped(saved):
    file = saved[1] / WEIGHT_FILE
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(WeightsCorrupt, match="damaged") as caught:
        load(saved[1])
    assert caught.value.facts["path"] == WEIGHT_FILE


def test_load_refuses_truncated_weights(saved):
    file = saved[1] / WEIGHT_FILE
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(WeightsCorrupt):
        load(saved[1])


@pytest.mark.parametrize("name", [WEIGHT_FILE, "SHA256SUMS", "text_encoder/config.json"])
def test_load_refuses_when_a_file_is_missing(saved, name):
    (saved[1] / name).unlink()
    with pytest.raises(WeightsCorrupt) as caught:
        load(saved[1])
    assert caught.value.facts["path"] == name


def test_load_refuses_an_empty_folder(tmp_path):
    with pytest.raises(WeightsCorrupt):
        load(tmp_path)


def test_load_refuses_weights_that_are_not_what_their_config_says(saved):
    from sora_core.sprout.weights import write_manifest

    shutil.copy(saved[1] / "autoencoder/config.json", saved[1] / "transformer/config.json")
    write_manifest(saved[1])
    with pytest.raises(WeightsCorrupt):
        load(saved[1])


def test_committed_weights_load_and_stay_small():
    files = [p for p in WEIGHTS.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= 20e6
    assert max(p.stat().st_size for p in files) <= 16e6
    assert load().transformer.dtype == torch.float32
