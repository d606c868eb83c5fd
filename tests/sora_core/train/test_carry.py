"""Light checkpoints: what is taken along, what stays, and trainings that go on from them."""

import os
import random
import subprocess
import sys

import pytest
import torch

from sora_core.sprout import WEIGHTS
from sora_core.sprout.weights import MANIFEST
from sora_core.sprout.words import Words, vocabulary
from sora_core.train import carry as carrying
from sora_core.train.carry import pack, take_up, unpack
from sora_core.train.checkpoint import read, write
from sora_core.train.crew import Crew
from sora_core.train.latents import LatentCache, in_slots, latent_path, say
from sora_core.train.text import new_text_encoder
from sora_core.train.transformer import Flow, Plan, train_transformer
from sora_core.train.workshop import Workshop, publish_parts
from tests.sora_core.sprout.parts import tiny_text_encoder, tiny_transformer

FULL = {
    "model": {"weight": torch.full((3,), 0.5)}, "average": {"weight": torch.full((3,), 0.25)},
    "optimizers": [{"state": {0: torch.ones(3)}}], "step": 7, "spent_s": 12.5, "samples": 90,
}  # fmt: skip


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "work").mkdir()
    return Workshop(tmp_path / "work", 1)


def write_latents(folder, channels):
    folder.mkdir(parents=True, exist_ok=True)
    scenes = in_slots(torch.zeros(4, 8, dtype=torch.int64))
    clips = {
        "latents": torch.randn(4, 8, channels, 8, 14).half(),
        "cover": torch.zeros(4, 8, 8, 14, dtype=torch.uint8), "attributes": scenes,
        "words": say(scenes, Words(vocabulary()), random.Random(0)),
    }  # fmt: skip
    write(clips, latent_path(folder, 0))


def test_pack_takes_the_average_and_how_far_it_is_and_leaves_the_rest(shop, tmp_path):
    write(FULL, shop.transformer)
    assert pack(shop, tmp_path / "carry") == [tmp_path / "carry" / "transformer.pt"]
    light = read(tmp_path / "carry" / "transformer.pt")
    assert light.keys() == {"average", "step", "spent_s", "samples"}
    assert light["average"]["weight"].dtype == torch.float16
    assert light["average"]["weight"].tolist() == [0.25] * 3
    assert (light["step"], light["spent_s"], light["samples"]) == (7, 12.5, 90)


def test_pack_writes_again_only_what_has_changed(shop, tmp_path):
    write(FULL, shop.transformer)
    pack(shop, tmp_path / "carry")
    assert pack(shop, tmp_path / "carry") == []
    write(FULL | {"step": 8}, shop.transformer)
    later = shop.transformer.stat().st_mtime + 5
    os.utime(shop.transformer, (later, later))
    pack(shop, tmp_path / "carry")
    assert read(tmp_path / "carry" / "transformer.pt")["step"] == 8


def test_pack_refuses_a_file_over_the_limit_and_leaves_none(shop, tmp_path, monkeypatch):
    write(FULL, shop.transformer)
    monkeypatch.setattr(carrying, "LIMIT_BYTES", 100)
    with pytest.raises(ValueError, match=r"transformer\.pt takes \d+ bytes, over 100"):
        pack(shop, tmp_path / "carry")
    assert list((tmp_path / "carry").iterdir()) == []


def test_unpack_leaves_a_fuller_checkpoint_alone(shop, tmp_path):
    write(FULL, shop.transformer)
    pack(shop, tmp_path / "carry")
    unpack(tmp_path / "carry", shop)
    assert "optimizers" in read(shop.transformer)
    bare = Workshop(tmp_path / "bare", 1)
    unpack(tmp_path / "carry", bare)
    assert read(bare.transformer)["step"] == 7


def test_training_goes_on_from_what_was_carried_with_a_fresh_warm_up(shop, tmp_path):
    write_latents(shop.latents, 4)
    flow = Flow(LatentCache(shop.latents), tiny_text_encoder(), torch.ones(4), 8)
    plan = Plan(seconds=0.3, batch=8, parts=1, warmup=5)

    def train(where, plan):
        return train_transformer(plan, flow, tiny_transformer(), where, Crew())

    first = train(shop.transformer, plan)
    bare = Workshop(tmp_path / "bare", 1)
    pack(shop, tmp_path / "carry")
    unpack(tmp_path / "carry", bare)
    further = Plan(seconds=first.spent_s + 0.2, batch=8, parts=1, warmup=5)
    again = train(bare.transformer, further)
    assert again.step > first.step
    assert again.samples > first.samples
    assert again.warm == again.step - first.step


def test_training_stops_when_its_time_is_up_and_keeps_what_it_learnt(shop):
    write_latents(shop.latents, 4)
    flow = Flow(LatentCache(shop.latents), tiny_text_encoder(), torch.ones(4), 8)
    plan = Plan(seconds=1e6, batch=8, parts=1)
    run = train_transformer(plan, flow, tiny_transformer(), shop.transformer, Crew(), 0.0)
    assert run.step == 1
    assert read(shop.transformer)["step"] == 1


def test_take_up_and_publish_give_back_the_committed_weights(shop, tmp_path):
    take_up(WEIGHTS, shop)
    publish_parts(0, shop, tmp_path / "weights")
    for part in ("transformer", "autoencoder", "text_encoder", "turbo"):
        name = f"{part}/diffusion_pytorch_model.safetensors"
        assert (tmp_path / "weights" / name).read_bytes() == (WEIGHTS / name).read_bytes()
    assert (tmp_path / "weights" / MANIFEST).exists()


def test_command_stops_within_its_budget_and_goes_on_elsewhere(tmp_path, unused_tcp_port):
    """Twice `python -m sora_core.train`: the second folder knows what was carried, no more."""
    model, _ = new_text_encoder()
    carry, steps = tmp_path / "carry", []
    for name, minutes in (("one", 0.001), ("two", 0.2)):
        work = tmp_path / name
        write_latents(work / "latents", 48)
        if name == "one":
            write(model.state_dict(), work / "text.pt")
            known = {"model": _autoencoder(), "mean": [0.0] * 48, "std": [1.0] * 48}
            write(known, work / "frozen.pt")
        command = (
            f"-m sora_core.train --folder {work} --carry {carry} --port {unused_tcp_port} "
            f"--device cpu --workers 1 --batch 8 --parts 1 --minutes {minutes} --budget 0.15 "
            f"--phases transformer turbo --turbo-minutes 0.001 --weights {tmp_path / 'weights'}"
        )
        done = subprocess.run(
            [sys.executable, *command.split()], check=True, timeout=300, capture_output=True
        )
        steps.append(read(carry / "transformer.pt")["step"])
        if name == "two":
            assert b"The budget is spent. The same command goes on." in done.stdout
    assert 0 < steps[0] < steps[1]


def _autoencoder():
    from sora_core.sprout.autoencoder import SproutAutoencoder

    return SproutAutoencoder().state_dict()
