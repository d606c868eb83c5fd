"""Learning: targets in closed form, orthogonal steps, and runs that go on where they were."""

import random
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from sora_core.sprout import load
from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.sprout.flow import Schedule
from sora_core.sprout.turbo import with_low_rank
from sora_core.sprout.words import MAX_WORDS, UNKNOWN, Words, vocabulary
from sora_core.train.autoencoder import principal_components, psnr_db, start_from_components
from sora_core.train.crew import Crew
from sora_core.train.flow import (
    GIVEN_NOISE,
    GIVEN_SHARE,
    SHIFT,
    blemish,
    draw_levels,
    flow_loss,
    level,
    mix,
)
from sora_core.train.footage import aspect_of, pool_cover
from sora_core.train.grow import grow_autoencoder, grow_transformer
from sora_core.train.latents import OFTEN, LatentCache, how_often, in_slots, latent_path, say
from sora_core.train.muon import Muon, orthogonalise
from sora_core.train.transformer import Flow, Plan, train_transformer
from sora_core.train.turbo import (
    GUIDANCE,
    STEPS,
    TAUGHT,
    Lesson,
    advance,
    begin,
    learn,
    teach,
    train_turbo,
)
from sora_core.world.scene import draw_scene
from tests.sora_core.sprout.crew_member import take_parts
from tests.sora_core.sprout.parts import tiny_autoencoder, tiny_text_encoder, tiny_transformer


def test_mix_runs_from_clean_to_noise():
    clean, noise = torch.randn(2, 3, 4, 2, 2), torch.randn(2, 3, 4, 2, 2)
    assert torch.equal(mix(clean, noise, torch.zeros(2, 3)), clean)
    assert torch.equal(mix(clean, noise, torch.ones(2, 3)), noise)


def test_flow_loss_is_zero_for_the_true_velocity_and_blind_to_given_frames():
    clean, noise = torch.randn(2, 3, 4, 2, 2), torch.randn(2, 3, 4, 2, 2)
    sigma = torch.tensor([[0.0, 0.5, 0.5], [0.5, 0.5, 0.5]])
    velocity = noise - clean
    velocity[0, 0] += 100.0
    cover, channels = torch.rand(2, 3, 2, 2), torch.ones(4)
    assert flow_loss(velocity, noise - clean, sigma, cover, channels) == 0


def test_flow_loss_counts_an_error_that_changes_more_than_one_that_stays():
    """An error of 1 everywhere costs 1; with its sign turned on every other frame, 2² more."""
    clean, noise = torch.randn(2, 3, 4, 2, 2), torch.randn(2, 3, 4, 2, 2)
    sigma, cover, channels = torch.full((2, 3), 0.5), torch.rand(2, 3, 2, 2), torch.ones(4)
    turns = torch.tensor([1.0, -1.0, 1.0])[None, :, None, None, None]
    stays = flow_loss(noise - clean + 1, noise - clean, sigma, cover, channels)
    changes = flow_loss(noise - clean + turns, noise - clean, sigma, cover, channels)
    assert float(stays) == pytest.approx(1.0, abs=1e-5)
    assert float(changes) == pytest.approx(5.0, abs=1e-5)


def test_draw_levels_gives_one_level_a_clip_and_frames_at_every_end():
    levels = draw_levels(400, 8, random.Random(0))
    given = levels == 0
    assert GIVEN_SHARE - 0.1 < given.any(1).float().mean() < GIVEN_SHARE + 0.1
    assert not given.all(1).any()
    assert all(len(set(row[row > 0].tolist())) == 1 for row in levels)
    ends = {(bool(row[0]), bool(row[-1])) for row in given}
    assert ends == {(False, False), (True, False), (False, True), (True, True)}


def test_blemish_touches_given_frames_only_and_lightly():
    clean, sigma = torch.zeros(64, 3, 4, 2, 2), torch.tensor([0.0, 0.7, 0.7]).repeat(64, 1)
    marked = blemish(clean, sigma)
    assert not marked[:, 1:].any()
    assert 0 < marked[:, 0].std() < GIVEN_NOISE


def test_growing_an_autoencoder_keeps_its_latents_and_rebuilds_more():
    torch.manual_seed(0)
    frames = torch.rand(4, 6, 16, 16, 3) * 2 - 1
    old = tiny_autoencoder()
    start_from_components(old, frames)
    before = old.config.latent_channels
    grown = grow_autoencoder(old, before + 6, frames)
    assert torch.allclose(grown.encode(frames)[:, :, :before], old.encode(frames), atol=1e-5)
    errors = [(m.decode(m.encode(frames)) - frames).square().mean() for m in (old, grown)]
    assert errors[1] < errors[0]


def test_growing_a_transformer_keeps_what_it_says_of_the_old_channels():
    old = tiny_transformer()
    for weight in old.parameters():
        torch.nn.init.normal_(weight, std=0.05)
    c, slots = old.config.latent_channels, old.config.slots
    grown = grow_transformer(old, c + 3)
    x, sigma = torch.randn(2, 3, c + 3, 4, 4), torch.rand(2, 3)
    text = torch.randn(2, slots, old.config.slot_width)
    assert torch.allclose(grown(x, sigma, text)[:, :, :c], old(x[:, :, :c], sigma, text), atol=1e-4)


def test_orthogonalise_brings_singular_values_near_one():
    values = torch.linalg.svdvals(orthogonalise(torch.randn(24, 48)))
    assert 0.5 < values.min()  # noqa: SIM300
    assert values.max() < 1.4


def test_muon_walks_down_a_quadratic():
    weight = torch.nn.Parameter(torch.eye(6, 4) * 2)
    optimizer = Muon([weight], 0.1)
    before = weight.detach().norm()
    for _ in range(60):
        optimizer.zero_grad()
        weight.square().sum().backward()
        optimizer.step()
    assert weight.norm() < 0.5 * before


def test_principal_components_rebuild_what_lies_in_their_plane():
    plane = torch.randn(100, 2) @ torch.randn(2, 5) + 3.0
    mean, directions = principal_components(plane, 2)
    torch.testing.assert_close((plane - mean) @ directions.T @ directions + mean, plane)


def test_autoencoder_started_from_components_beats_grey():
    model, frames = tiny_autoencoder(), torch.rand(2, 3, 16, 16, 1).expand(-1, -1, -1, -1, 3)
    for weight in (model.to_latent, model.fine_out):
        torch.nn.init.zeros_(weight.weight)
        torch.nn.init.zeros_(weight.bias)
    start_from_components(model, frames)
    rebuilt = model.decode(model.encode(frames)).detach()
    assert psnr_db(rebuilt, frames) > psnr_db(torch.full_like(frames, frames.mean()), frames)


def test_pool_cover_keeps_the_share():
    cover = torch.zeros(1, 3, 16, 16)
    cover[:, :, :8, :4] = 1
    assert pool_cover(cover).tolist() == [[[[0.5, 0.0], [0.0, 0.0]]]]


@pytest.fixture
def cache(tmp_path):
    shapes = {"16:9": (8, 14), "9:16": (14, 8), "1:1": (10, 10)}
    scenes = in_slots(torch.zeros(4, 8, dtype=torch.int64))
    for shard in (0, 4, 8):
        h, w = shapes[aspect_of(shard)]
        torch.save(
            {
                "latents": torch.randn(4, 8, 4, h, w).half(),
                "cover": torch.zeros(4, 8, h, w, dtype=torch.uint8),
                "attributes": scenes,
                "words": say(scenes, Words(vocabulary()), random.Random(shard)),
            },
            latent_path(tmp_path, shard),
        )
    return LatentCache(tmp_path)


def test_latent_cache_draws_windows_of_one_aspect(cache):
    got = cache.draw(5, 3, random.Random(0))
    assert got.latents.shape[:3] == (5, 3, 4)
    assert got.words.shape == (5, MAX_WORDS)
    assert got.words[:, 0].all()
    assert (got.words != UNKNOWN).all()


def test_latent_cache_sees_hard_clips_more_often():
    """A spinning thing in pixel art counts as often as both together, a plain one once."""
    plain = draw_scene(random.Random(0))
    hard = replace(plain, motion="spin", style="pixel art")
    usual = replace(plain, motion="left", style="neon")
    shares = how_often(torch.tensor([hard.indices(), usual.indices()]))
    expected = [OFTEN["motion"]["spin"] * OFTEN["style"]["pixel art"], OFTEN["motion"]["left"]]
    assert shares == pytest.approx(expected)


def test_training_goes_on_from_its_checkpoint(cache, tmp_path):
    flow = Flow(cache, tiny_text_encoder(), torch.ones(4), 8)
    ask = (flow, tiny_transformer(), tmp_path / "run.pt", Crew())
    first = train_transformer(Plan(seconds=0.3, batch=8, parts=2, warmup=1), *ask)
    again = train_transformer(Plan(seconds=first.spent_s + 0.3, batch=8, parts=2, warmup=1), *ask)
    assert again.step > first.step > 0
    assert again.samples > first.samples
    assert again.progress == 1
    assert all(value.isfinite().all() for value in again.average.values())


def test_crew_takes_every_part_once_and_sums_gradients(tmp_path, unused_tcp_port):
    torch.multiprocessing.spawn(take_parts, (unused_tcp_port, str(tmp_path)), nprocs=2)
    (mine, grad, extra), (others, same, _) = (torch.load(tmp_path / f"{i}.pt") for i in (0, 1))
    assert sorted(mine + others) == [(step, part) for step in range(5) for part in range(7)]
    assert torch.equal(grad, same)
    assert extra.tolist() == [3.0]


def test_training_command_ends_with_weights_that_draw(tmp_path, unused_tcp_port):
    """`python -m sora_core.train` itself, workers and all, on footage that is already encoded."""
    work, weights = tmp_path / "work", tmp_path / "weights"
    (work / "latents").mkdir(parents=True)
    scenes = in_slots(torch.zeros(2, 8, dtype=torch.int64))
    clips = {
        "latents": torch.randn(2, 8, 48, 8, 14).half(),
        "cover": torch.zeros(2, 8, 8, 14, dtype=torch.uint8),
        "attributes": scenes,
        "words": say(scenes, Words(vocabulary()), random.Random(0)),
    }
    torch.save(clips, latent_path(work / "latents", 0))
    known = {"model": SproutAutoencoder().state_dict(), "mean": [0.0] * 48, "std": [1.0] * 48}
    torch.save(known, work / "frozen.pt")
    command = (
        f"-m sora_core.train --folder {work} --weights {weights} --port {unused_tcp_port} "
        "--text-steps 1 --minutes 0.001 --workers 2 --phases text transformer publish"
    )
    subprocess.run([sys.executable, *command.split()], check=True, timeout=300)
    frames = load(weights)("a red ball", drawings=3, num_inference_steps=1).frames
    assert frames.shape == (1, 3, 64, 112, 3)


def test_turbo_learns_nothing_but_the_difference_and_writes_it(cache, tmp_path):
    teacher, text = tiny_transformer(), tiny_text_encoder()
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    train_turbo(1.0, cache, text, teacher, torch.ones(4), tmp_path / "turbo.pt", Crew())
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    state = torch.load(tmp_path / "turbo.pt")["pairs"]
    assert any(value.abs().max() > 0 for name, value in state.items() if name.endswith(".up"))
    assert with_low_rank(teacher, state).state_dict().keys() == before.keys()


def test_turbo_is_taught_at_the_levels_that_drawing_goes_through():
    scheduler = FlowMatchEulerDiscreteScheduler(shift=SHIFT)
    for steps in (8, 24):
        drawn = Schedule(scheduler.config, steps).start()[1]
        assert drawn == pytest.approx([level(k / steps) for k in range(steps)], abs=1e-6)
    assert level(1) == 0


def test_turbo_lesson_stands_still_where_the_flow_does(cache):
    text = tiny_text_encoder()
    rng = random.Random(0)
    batch = cache.draw(2, 4, rng)
    with torch.no_grad():
        slots = text(batch.words)
        lesson = begin(batch, slots, slots[:1], rng)
        still = teach(lambda x, *_: torch.zeros_like(x), lesson, 0.75)
        loss, own = learn(lambda x, *_: torch.zeros_like(x), lesson, 0.75, still, torch.ones(4))
    assert not still.any()
    assert torch.equal(advance(lesson, own, 3).x, lesson.x)
    assert float(loss) == 0


def test_turbo_counts_an_error_that_changes_more_than_one_that_stays():
    """As in `flow_loss`: an error of 1 costs 1; with its sign turned on every other frame, 2² more.

    Where two of three frames are given, no change is seen.
    """
    turns = torch.tensor([1.0, -1.0, 1.0])[None, :, None, None, None]
    still, slots = torch.zeros(2, 3, 4, 8, 14), torch.ones(2, 10, 64)

    def loss(error, drawn):
        lesson = Lesson(still, drawn.expand(2, 3, 1, 1, 1), slots, slots[:1])
        return float(learn(lambda *_: still + error, lesson, 0.5, still, torch.ones(4))[0])

    everywhere = torch.ones(1, 3, 1, 1, 1)
    assert loss(1.0, everywhere) == pytest.approx(1.0)
    assert loss(turns, everywhere) == pytest.approx(5.0)
    assert loss(turns, torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1, 1)) == pytest.approx(1.0)


def test_turbo_is_taught_the_guided_velocity_and_steps_along_it(cache):
    """A flow that is 1 with the prompt and 0 without it: guided it is `GUIDANCE`."""
    lesson = Lesson(torch.zeros(1, 2, 4, 8, 14), torch.ones(1, 2, 1, 1, 1), torch.ones(1, 10, 64),
                    torch.zeros(1, 10, 64))  # fmt: skip
    wanted = teach(lambda x, _, slots: slots[:, :1, :1, None, None] + 0 * x, lesson, 1.0)
    assert wanted.unique().tolist() == [GUIDANCE]
    ahead = advance(lesson, wanted / GUIDANCE, 0)
    assert ahead.x.unique().item() == pytest.approx(level(1 / STEPS) - 1)
    assert [level(step / STEPS) >= 0.5 for step in range(STEPS)] == [
        step in TAUGHT for step in range(STEPS)
    ]
