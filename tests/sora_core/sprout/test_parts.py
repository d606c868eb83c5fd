"""The networks: shapes, parity between precisions, and what may see what."""

import pytest
import torch

from sora_core.sprout import load
from sora_core.sprout.autoencoder import from_cells, to_cells
from sora_core.sprout.transformer import grid_positions, rotary_angles, rotate
from tests.sora_core.sprout.parts import tiny_autoencoder, tiny_transformer


def test_cells_are_put_back_exactly():
    frames = torch.randn(2, 6, 16, 32, 3)
    assert torch.equal(from_cells(to_cells(frames), 2), frames)


def test_autoencoder_keeps_shapes():
    model, frames = tiny_autoencoder(), torch.randn(2, 6, 64, 112, 3)
    latents = model.encode(frames)
    assert latents.shape == (2, 2, 4, 8, 14)
    assert model.decode(latents).shape == frames.shape


def test_autoencoder_decodes_a_chunk_without_looking_ahead():
    model, latents = tiny_autoencoder(), torch.randn(1, 4, 4, 4, 4)
    before = model.decode(latents)
    latents[:, 3] += 1
    assert torch.equal(model.decode(latents)[:, :9], before[:, :9])


def test_normalise_is_undone_by_restore():
    model = tiny_autoencoder()
    model.mean.copy_(torch.randn(4))
    model.std.copy_(torch.rand(4) + 0.5)
    latents = torch.randn(1, 2, 4, 4, 4)
    torch.testing.assert_close(model.restore(model.normalise(latents)), latents)


@pytest.mark.parametrize("shape", [(1, 8, 14), (8, 14, 8), (3, 10, 10)])
def test_transformer_keeps_shapes_for_every_aspect(shape):
    n, h, w = shape
    model, x = tiny_transformer(), torch.randn(2, n, 4, h, w)
    assert model(x, torch.rand(2, n), torch.randn(2, model.config.slots, 64)).shape == x.shape


@pytest.mark.parametrize("kept", [False, True], ids=["tiny", "committed"])
def test_autoencoder_agrees_in_bfloat16_and_float32(kept):
    """Convolutions with kernel = stride gave wrong numbers in bfloat16 on some CPUs: none here."""
    model = load().autoencoder if kept else tiny_autoencoder()
    smooth = torch.nn.functional.interpolate(torch.rand(1, 3, 2, 3, 4), (6, 32, 48))
    frames = smooth.permute(0, 2, 3, 4, 1) * 2 - 1
    with torch.no_grad():
        _assert_near(lambda: model.encode(frames))
        latents = model.encode(frames)
        _assert_near(lambda: model.decode(latents))


@pytest.mark.parametrize("kept", [False, True], ids=["tiny", "committed"])
def test_transformer_agrees_in_bfloat16_and_float32(kept):
    net = load().transformer if kept else tiny_transformer()
    x = torch.randn(1, 3, net.config.latent_channels, 8, 14)
    ask = (torch.rand(1, 3), torch.randn(1, net.config.slots, 64))
    with torch.no_grad():
        _assert_near(lambda: net(x, *ask))


def _assert_near(compute):
    full = compute()
    with torch.autocast("cpu", torch.bfloat16):
        half = compute().float()
    assert (full - half).abs().mean() < 0.03 * full.std()


def test_rotary_scores_depend_on_distance_alone():
    near, far = grid_positions(3, 2, 2, torch.device("cpu")), None
    far = near + torch.tensor([5.0, 2.0, -3.0])
    q, k = torch.randn(1, 12, 32), torch.randn(1, 12, 32)
    scores = []
    for positions in (near, far):
        angles = rotary_angles(positions, 32)
        turn = (angles.cos(), angles.sin())
        scores.append(rotate(q, *turn) @ rotate(k, *turn).transpose(-1, -2))
    torch.testing.assert_close(*scores, atol=1e-3, rtol=1e-3)
