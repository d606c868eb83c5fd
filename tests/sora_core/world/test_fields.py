"""Distance fields against distances known in closed form."""

import math

import pytest
import torch

from sora_core.world import fields

POINTS = [(0.0, 0.0), (1.0, 0.0), (0.3, -0.8), (-2.0, 1.5)]


def _xy():
    return torch.tensor([p[0] for p in POINTS]), torch.tensor([p[1] for p in POINTS])


def test_circle_is_distance_to_centre_less_radius():
    x, y = _xy()
    expected = torch.tensor([math.hypot(a - 0.2, b) - 0.5 for a, b in POINTS])
    torch.testing.assert_close(fields.circle(x, y, 0.2, 0.0, 0.5), expected)


@pytest.mark.parametrize(("point", "distance"), [((2, 0), 1.0), ((0, 0), -1.0), ((4, 5), 5.0)])
def test_box_measures_faces_and_corners(point, distance):
    # Half sides 1 and 1: (4, 5) is 3 and 4 away from the corner.
    x, y = (torch.tensor([float(v)]) for v in point)
    assert fields.box(x, y, 0, 0, 1, 1).item() == pytest.approx(distance)


def test_capsule_ends_are_round():
    x, y = torch.tensor([0.0, 3.0]), torch.tensor([2.0, 0.0])
    got = fields.capsule(x, y, -1, 0, 1, 0, 0.5)
    torch.testing.assert_close(got, torch.tensor([1.5, 1.5]))


def test_polygon_agrees_with_box_on_a_square():
    x, y = _xy()
    square = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
    torch.testing.assert_close(fields.polygon(x, y, square), fields.box(x, y, 0, 0, 1, 1))


def test_ellipse_is_zero_on_its_outline():
    angle = torch.linspace(0, 6, 13)
    d = fields.ellipse(0.7 * angle.cos(), 0.3 * angle.sin(), 0, 0, 0.7, 0.3)
    torch.testing.assert_close(d, torch.zeros_like(d), atol=1e-5, rtol=0)


def test_coverage_is_half_on_the_edge():
    got = fields.coverage(torch.tensor([-1.0, 0.0, 1.0]), 0.5)
    torch.testing.assert_close(got, torch.tensor([1.0, 0.5, 0.0]))
