"""Weights: saved and loaded alike; whatever is wrong with them is a sentence."""

import shutil

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline
from diffusers.utils import dynamic_modules_utils

from errors import WeightsCorrupt
from sora_core.sprout import WEIGHTS, SproutPipeline, load
from sora_core.sprout.turbo import SproutTurbo
from sora_core.sprout.weights import write_manifest
from sora_core.train.publish import publish
from tests.sora_core.sprout.parts import tiny_pipeline

WEIGHT_FILE = "transformer/diffusion_pytorch_model.safetensors"
TURBO_FILE = "turbo/diffusion_pytorch_model.safetensors"


PARTS = ("transformer", "autoencoder", "text_encoder", "turbo")


@pytest.fixture
def saved(tmp_path):
    pipeline = tiny_pipeline(turbo=True)
    pipeline.save_pretrained(tmp_path / "w")
    return pipeline, tmp_path / "w"


def _same(mine, theirs):
    mine, theirs = mine.state_dict(), theirs.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[k], theirs[k]) for k in mine)


def _clip(pipeline, **ask):
    return pipeline("a cat", drawings=6, num_inference_steps=2, output_type="uint8", **ask).frames


def test_load_gives_back_what_was_saved_bit_for_bit(saved):
    pipeline, folder = saved
    again = SproutPipeline.from_pretrained(folder)
    assert all(_same(getattr(pipeline, name), getattr(again, name)) for name in PARTS)
    assert again.read("a red cat") == pipeline.read("a red cat")
    for variant in ("quality", "turbo"):
        assert np.array_equal(_clip(pipeline, variant=variant), _clip(again, variant=variant))


def test_turbo_draws_with_its_difference_and_without_one_as_quality_does(saved, tmp_path):
    """Both at the same steps and without guidance, so that nothing but the weights differs."""
    ask = {"guidance_scale": 1.0}
    drawn = {v: _clip(saved[0], variant=v, **ask) for v in ("quality", "turbo")}
    assert not np.array_equal(drawn["quality"], drawn["turbo"])
    tiny_pipeline().save_pretrained(tmp_path / "plain")
    plain = load(tmp_path / "plain")
    assert plain.turbo is None
    drawn = {v: _clip(plain, variant=v, **ask) for v in ("quality", "turbo")}
    assert np.array_equal(drawn["quality"], drawn["turbo"])


def test_publish_writes_halves_that_load_as_they_were_rounded(tmp_path):
    pipeline = tiny_pipeline(turbo=True)
    parts = (pipeline.transformer, pipeline.autoencoder, pipeline.text_encoder)
    publish(tmp_path, *parts, turbo=pipeline.turbo.state_dict())
    again = load(tmp_path)
    for name in PARTS:
        mine, theirs = (getattr(p, name).state_dict() for p in (pipeline, again))
        assert all(torch.equal(mine[k].half().float(), theirs[k]) for k in mine)


def test_diffusers_loads_the_pipeline_from_a_folder_of_weights(saved, tmp_path, monkeypatch):
    """As the model card says; offline, into a cache of its own."""
    pipeline, folder = saved
    monkeypatch.setattr(dynamic_modules_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    again = DiffusionPipeline.from_pretrained(
        folder, custom_pipeline=str(WEIGHTS.parent), trust_remote_code=True, local_files_only=True
    )
    assert type(again).__name__ == "SproutPipeline"
    assert all(_same(getattr(pipeline, name), getattr(again, name)) for name in PARTS)
    assert np.array_equal(_clip(pipeline, variant="turbo"), _clip(again, variant="turbo"))


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


@pytest.mark.parametrize(
    "name", [WEIGHT_FILE, "SHA256SUMS", "text_encoder/config.json", TURBO_FILE]
)
def test_load_refuses_when_a_file_is_missing(saved, name):
    (saved[1] / name).unlink()
    with pytest.raises(WeightsCorrupt) as caught:
        load(saved[1])
    assert caught.value.facts["path"] == name


def test_load_refuses_a_difference_that_does_not_fit_the_transformer(saved):
    pair = {"blocks.0.qkv.down": torch.ones(1, 8), "blocks.0.qkv.up": torch.ones(8, 1)}
    SproutTurbo.from_state(pair).save_pretrained(saved[1] / "turbo")
    write_manifest(saved[1])
    with pytest.raises(WeightsCorrupt, match="does not fit") as caught:
        load(saved[1])
    assert caught.value.facts["path"] == "turbo"


def test_load_leaves_out_a_difference_that_the_manifest_does_not_list(saved):
    manifest = saved[1] / "SHA256SUMS"
    lines = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join(line for line in lines if "turbo/" not in line))
    assert load(saved[1]).turbo is None


def test_load_refuses_an_empty_folder(tmp_path):
    with pytest.raises(WeightsCorrupt):
        load(tmp_path)


def test_load_refuses_weights_that_are_not_what_their_config_says(saved):
    shutil.copy(saved[1] / "autoencoder/config.json", saved[1] / "transformer/config.json")
    write_manifest(saved[1])
    with pytest.raises(WeightsCorrupt):
        load(saved[1])


def test_committed_weights_load_and_stay_small():
    files = [p for p in WEIGHTS.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= 20e6
    assert max(p.stat().st_size for p in files) <= 16e6
    assert load().transformer.dtype == torch.float32
