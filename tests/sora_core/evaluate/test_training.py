"""The checker's training: what it is told, what it is not, and going on after a stop."""

from dataclasses import replace

import pytest
import torch

from sora_core.evaluate.train import UNTOLD, alone, mirror, targets, told, train
from sora_core.train.footage import shard_path
from sora_core.world.scene import Scene
from sora_core.world.vocabulary import ATTRIBUTES

PLAIN = Scene("boat", "red", "small", "right", "ocean", "rain", "pan left", "cartoon")
NOIR = Scene("boat", "red", "small", "right", "ocean", "rain", "zoom in", "noir")
PAIR = replace(PLAIN, second="cat", second_colour="blue")


def rows(*scenes):
    return torch.tensor([scene.indices() for scene in scenes])


def value(truth, name, i):
    return ATTRIBUTES[name][int(truth[name][i])]


def test_targets_leave_out_what_no_eye_can_tell():
    truth = targets(rows(PLAIN, NOIR, NOIR), [5.0, 0.0, 5.0])
    assert value(truth, "colour", 0) == "red"
    assert truth["colour"][1:].tolist() == [UNTOLD, UNTOLD]
    assert value(truth, "camera", 0) == "pan left"
    assert value(truth, "camera", 1) == "zoom in"
    assert truth["camera"][2] == UNTOLD


def test_mirror_swaps_left_and_right_and_nothing_else():
    truth = targets(rows(PLAIN, NOIR), [0.0, 0.0])
    seen = mirror(truth)
    assert value(seen, "motion", 0) == "left"
    assert value(seen, "camera", 0) == "pan right"
    assert value(seen, "camera", 1) == "zoom in"
    assert seen["colour"][1] == UNTOLD
    assert all(torch.equal(seen[n], truth[n]) for n in ("subject", "size", "place", "style"))
    assert all(torch.equal(mirror(seen)[name], truth[name]) for name in truth)


def test_alone_leaves_out_scenes_with_two_subjects():
    assert alone(rows(PAIR, PLAIN, PAIR, NOIR)).tolist() == [1, 3]
    assert alone(rows(PLAIN, NOIR)[:, :8]).tolist() == [0, 1]


def test_the_subject_is_pointed_out_at_first_and_not_in_the_end():
    assert told(0, 100) > 0.5
    assert told(50, 100) == told(99, 100) == 0


@pytest.fixture
def footage(tmp_path):
    generator = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 256, (16, 24, 32, 48, 3), generator=generator, dtype=torch.uint8)
    cover = torch.randint(0, 256, (16, 8, 4, 6), generator=generator, dtype=torch.uint8)
    scenes = {"attributes": rows(*[PLAIN, NOIR] * 8), "starts": [0.0] * 16}
    torch.save({"frames": frames, "cover": cover} | scenes, shard_path(tmp_path, 0))
    return tmp_path


def test_train_goes_on_from_its_checkpoint(footage):
    train(footage, footage, shards=1, steps=1)
    kept = torch.load(footage / "checker.pt")
    assert kept["step"] == 1
    checker = train(footage, footage, shards=1, steps=2)
    assert torch.load(footage / "checker.pt")["step"] == 2
    before, after = kept["model"], checker.state_dict()
    assert before.keys() == after.keys()
    assert not torch.equal(before["where.weight"], after["where.weight"])
    # The batch norms have counted both steps: the second began where the first ended.
    assert after["fine.0.1.num_batches_tracked"] == 2
