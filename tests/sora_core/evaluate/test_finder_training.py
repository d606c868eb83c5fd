"""The finder's training: who is to be seen, where, and going on after a stop."""

from dataclasses import replace

import pytest
import torch

from sora_core.evaluate.finder import CELL
from sora_core.evaluate.train import UNTOLD
from sora_core.evaluate.train_finder import (
    Batch,
    attempt,
    batches,
    begin,
    cast,
    middles,
    placing_loss,
    train,
)
from sora_core.train.footage import shard_path
from sora_core.world.render import render
from sora_core.world.scene import Scene
from sora_core.world.stage import spots
from sora_core.world.vocabulary import COLOURS, SUBJECTS

PAIR = Scene(
    "boat", "red", "large", "still", "ocean", "clear", "static", "cartoon",
    seed=2, second="cat", second_colour="blue",
)  # fmt: skip
SIZE = (112, 64)
FOOTAGE = range(1)


def names(scene, second_s):
    told = cast(scene, *SIZE, second_s)
    colours = [None if c == UNTOLD else list(COLOURS)[c] for _, _, c in told]
    return [(list(SUBJECTS)[s], c) for (_, s, _), c in zip(told, colours, strict=True)]


def test_cast_names_both_from_back_to_front():
    assert names(PAIR, 0.0) == [("cat", "blue"), ("boat", "red")]


def test_cast_leaves_out_what_no_eye_can_tell():
    noir = replace(PAIR, style="noir")
    assert names(noir, 0.0) == [("cat", None), ("boat", None)]


def test_cast_leaves_out_who_stands_behind_or_has_left():
    """The first subject travels: now before the second, now beyond the edge."""
    passing = replace(PAIR, motion="right")
    moments = [k / 4 for k in range(80)]
    seen = [tuple(name for name, _ in names(passing, s)) for s in moments]
    assert set(seen) == {("cat", "boat"), ("boat",), ("cat",)}
    for second_s, who in zip(moments, seen, strict=True):
        cat, boat = spots(passing, *SIZE, torch.tensor([second_s]))[:, 0]
        if who == ("boat",):
            assert (cat[:2] - boat[:2]).norm() < boat[2]
        if who == ("cat",):
            assert not 0 <= boat[0] <= SIZE[0]


def test_middles_mark_the_cells_around_each_middle():
    where = torch.tensor([[20.0, 20.0, 12.0], [80.0, 40.0, 24.0], [84.0, 40.0, 8.0]])
    kinds = torch.tensor([0, 1, 2])
    batch = Batch(torch.zeros(2, 3, 64, 112), torch.tensor([0, 1, 1]), where, kinds, kinds)
    who = middles(batch, 8, 14)
    assert (who[0] >= 0).nonzero().tolist() == [[2, 2]]
    assert who[0, 2, 2] == 0
    assert {1, 2, -1} == set(who[1].flatten().tolist())
    assert who[1, 4, 10] == 2  # the one in front
    assert who[1, 5, 9] == 1


def test_placing_costs_nothing_when_every_cell_is_right():
    where = torch.tensor([[20.0, 20.0, float(CELL)]])
    kind = torch.tensor([0])
    batch = Batch(torch.zeros(1, 3, 64, 112), torch.tensor([0]), where, kind, kind)
    known = torch.zeros(1, 4, 8, 14)
    known[0, 0] = -20
    known[0, 0, 2, 2] = 20
    assert placing_loss(known, batch) == pytest.approx(0, abs=1e-6)
    known[0, 1, 2, 2] = 0.6
    assert placing_loss(known, batch) == pytest.approx(0.2, abs=1e-6)


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("footage")
    kinds = list(zip(SUBJECTS, reversed(SUBJECTS), strict=True))[:4]
    scenes = [replace(PAIR, subject=a, second=b, seed=i) for i, (a, b) in enumerate(kinds)]
    frames = render(scenes, *SIZE, 24).frames
    shard = {
        "frames": (frames * 255).round().to(torch.uint8), "starts": [0.0] * 4,
        "attributes": torch.tensor([s.indices() for s in scenes]),
        "seeds": [s.seed for s in scenes],
    }  # fmt: skip
    torch.save(shard, shard_path(folder, 0))
    return folder


def test_a_batch_shows_each_subject_where_it_says(footage):
    """Mirrored or not, the drawing is of the subject's own colour at its spot."""
    stream = batches(footage, FOOTAGE, torch.Generator().manual_seed(0))
    red, blue = list(COLOURS).index("red"), list(COLOURS).index("blue")
    right = []
    for batch in (next(stream) for _ in range(6)):
        assert batch.drawings.shape == (4, 3, 64, 112)
        for n, (x, y, _), colour in zip(
            batch.of.tolist(), batch.spots.tolist(), batch.colour.tolist(), strict=True
        ):
            around = batch.drawings[n, :, int(y) - 5 : int(y) + 6, int(x) - 5 : int(x) + 6]
            r, _, b = around.mean((1, 2)).tolist()
            right.append((r > b) == (colour == red))
            assert colour in (red, blue)
    assert len(right) >= 40
    assert sum(right) / len(right) >= 0.8  # eyes, windows and wheels are of their own


def test_training_lowers_the_loss_on_one_batch(footage):
    batch = next(batches(footage, FOOTAGE, torch.Generator().manual_seed(1)))
    torch.manual_seed(0)
    finder, rng = begin(), torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(finder.parameters(), 2e-3)
    losses = []
    for _ in range(12):
        loss, right = attempt(finder, batch, rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert right["subject"].float().mean() >= 0.7


def test_train_goes_on_from_its_checkpoint(footage, tmp_path):
    train(tmp_path, footage, FOOTAGE, steps=1)
    kept = torch.load(tmp_path / "finder.pt")
    assert kept["step"] == 1
    finder = train(tmp_path, footage, FOOTAGE, steps=2)
    assert torch.load(tmp_path / "finder.pt")["step"] == 2
    before, after = kept["model"], finder.state_dict()
    assert before.keys() == after.keys()
    assert not torch.equal(before["subject.weight"], after["subject.weight"])
    # The batch norms went on from the checker's and have counted one step each time.
    assert after["fine.0.1.num_batches_tracked"] == before["fine.0.1.num_batches_tracked"] + 1
