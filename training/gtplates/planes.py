"""Flat things seen in perspective, in batches: maps between a plane and the picture, and how much of a quad is seen."""

from __future__ import annotations

import torch
from torch import Tensor

from .dice import Dice
from .geometry import homography

UNIT = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
# Where a quad is asked whether it is still seen: 5 × 3 points spread over it.
PROBES = tuple((0.1 + 0.2 * i, 1 / 6 + j / 3) for j in range(3) for i in range(5))


def inverse(matrix: Tensor) -> Tensor:
    """(…, 3, 3) in closed form, with the sign that keeps a point's depth positive."""
    a, b, c = matrix.unbind(-1)
    adjugate = torch.stack([torch.linalg.cross(b, c), torch.linalg.cross(c, a), torch.linalg.cross(a, b)], -2)
    scale = (a * adjugate[..., 0, :]).sum(-1)
    return adjugate / torch.where(scale.abs() < 1e-12, torch.full_like(scale, 1e-12), scale)[..., None, None]


def mapped(matrix: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 3, 3) applied to (n, …, 2) → points, and whether each lies before the eye."""
    shape = (-1,) + (1,) * (points.dim() - 2)
    m = [matrix[:, i, j].reshape(shape) for i in range(3) for j in range(3)]
    x, y = points[..., 0], points[..., 1]
    depth = m[6] * x + m[7] * y + m[8]
    safe = depth.clamp(min=1e-6)
    return torch.stack([(m[0] * x + m[1] * y + m[2]) / safe, (m[3] * x + m[4] * y + m[5]) / safe], -1), depth > 1e-6


def points_of(quads: Tensor, unit_points: tuple[tuple[float, float], ...]) -> Tensor:
    """(n, 4, 2) quads → (n, m, 2): points given on the unit square, in the quads' own plane."""
    points = quads.new_tensor(unit_points)
    return mapped(homography(quads), points.expand(len(quads), -1, -1))[0]


def grown(quads: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Quads of the same planes, larger by these factors (n) about their middles."""
    unit = quads.new_tensor(UNIT) - 0.5
    return mapped(homography(quads), unit * torch.stack([x, y], -1)[:, None] + 0.5)[0]


def turn(dice: Dice, count: int, distance: Tensor, tilt: float = 1.0) -> Tensor:
    """A plane through 0 turned in space and looked at from `distance` (n): yaw to 60°, pitch to 42°, roll to 35°."""
    spread = ((24.0, 60.0), (15.0, 42.0), (9.0, 35.0))
    yaw, pitch, roll = ((dice.normal(s, count).clamp(-limit, limit) * tilt).deg2rad() for s, limit in spread)
    cy, sy, cp, sp, cr, sr = yaw.cos(), yaw.sin(), pitch.cos(), pitch.sin(), roll.cos(), roll.sin()
    zero = torch.zeros_like(yaw)
    # The first two columns of roll · pitch · yaw, then the projection.
    rows = [
        distance * (cr * cy - sr * sp * sy), -distance * sr * cp, zero,
        distance * (sr * cy + cr * sp * sy), distance * cr * cp, zero,
        -cp * sy, sp, distance,
    ]
    return (torch.stack(rows, -1) / distance[:, None]).reshape(-1, 3, 3)


def moved(x: Tensor, y: Tensor, scale: Tensor) -> Tensor:
    """Scaling, then a shift, as (n, 3, 3)."""
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return torch.stack([scale, zero, x, zero, scale, y, zero, zero, one], -1).reshape(-1, 3, 3)


def inside(quads: Tensor, points: Tensor) -> Tensor:
    """Which of the points (n, …, 2) lie in their quad (n, 4, 2), clockwise in pixels."""
    shape = (-1,) + (1,) * (points.dim() - 2)
    within = torch.ones(points.shape[:-1], dtype=torch.bool, device=points.device)
    for i in range(4):
        a, b = quads[:, i], quads[:, (i + 1) % 4]
        ax, ay, ex, ey = (v.reshape(shape) for v in (a[:, 0], a[:, 1], b[:, 0] - a[:, 0], b[:, 1] - a[:, 1]))
        within &= ex * (points[..., 1] - ay) - ey * (points[..., 0] - ax) >= 0
    return within


def posed(dice: Dice, width: Tensor, aspect: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Quads of this width and aspect (n) about (x, y), freely turned."""
    matrix = turn(dice, len(width), width * dice.uniform(3, 10, len(width)))
    size = torch.stack([width, width / aspect], -1)
    corners = (width.new_tensor(UNIT) - 0.5) * size[:, None]
    return mapped(matrix, corners)[0] + torch.stack([x, y], -1)[:, None]
