"""The one definition of how a plate is looked at: four corners → a straightened view.

Trainers and exported graphs run this very code (the exporter traces it), so that a run time hands over
a picture and corners and never computes a view itself. Pixels have their centres at whole coordinates;
corners run top left, top right, bottom right, bottom left as the plate is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class View:
    """A straightened picture of `width` × `height` in which the plate leaves `margin_*` (a share of the side) free."""

    width: int
    height: int
    margin_x: float
    margin_y: float

    def to_plate(self, points: Tensor) -> Tensor:
        """Points of the view, each axis 0..1, as coordinates of the plate (0..1 from corner to corner)."""
        margin = points.new_tensor([self.margin_x, self.margin_y])
        return (points - margin) / (1 - 2 * margin)

    def from_plate(self, points: Tensor) -> Tensor:
        margin = points.new_tensor([self.margin_x, self.margin_y])
        return points * (1 - 2 * margin) + margin


READER_VIEW = View(160, 64, 0.04, 0.08)
REFINER_VIEW = View(128, 64, 0.2, 0.2)
# Two samples per axis and pixel: plates wider than the view would alias with one (glyph edges flicker between frames).
OVERSAMPLE = 2
# A point behind the picture plane would flip to the other side of it: it is pushed far away instead.
NEAREST = 1e-3


def homography(corners: Tensor) -> Tensor:
    """(n, 4, 2) corners → (n, 3, 3) from the unit square, in closed form: solvers do not export to ONNX."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (corners[:, i].unbind(-1) for i in range(4))
    dx1, dx2, dx3 = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, dy3 = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    area = dx1 * dy2 - dx2 * dy1
    area = torch.where(area.abs() < 1e-6, torch.full_like(area, 1e-6), area)
    g = (dx3 * dy2 - dx2 * dy3) / area
    h = (dx1 * dy3 - dx3 * dy1) / area
    rows = [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, torch.ones_like(g)]
    return torch.stack(rows, -1).reshape(-1, 3, 3)


def project(matrix: Tensor, points: Tensor) -> Tensor:
    """(n, 3, 3) applied to (n or 1, m, 2)."""
    mapped = points @ matrix[:, :, :2].transpose(1, 2) + matrix[:, None, :, 2]
    return mapped[..., :2] / mapped[..., 2:].clamp(min=NEAREST)


def _axis(size: int, margin: float, samples: int) -> Tensor:
    """Where along one side of the plate the samples of a view lie."""
    step = 1 / samples
    pixel = torch.arange(size * samples, dtype=torch.float32) * step + (step - 1) / 2
    return (pixel / size - margin) / (1 - 2 * margin)


def straighten(luma: Tensor, corners: Tensor, view: View, samples: int = OVERSAMPLE) -> Tensor:
    """(n, 1, H, W) luma as float and (n, 4, 2) corners in its pixels → (n, 1, view.height, view.width)."""
    # Rows and columns are broadcast: a grid of points would weigh 300 kB in each exported graph.
    u = _axis(view.width, view.margin_x, samples).to(luma.device)[None, None]
    v = _axis(view.height, view.margin_y, samples).to(luma.device)[None, :, None]
    a, b, c, d, e, f, g, h, _ = (part[:, None, None] for part in homography(corners).flatten(1).unbind(1))
    depth = (g * u + h * v + 1).clamp(min=NEAREST)
    x, y = (a * u + b * v + c) / depth, (d * u + e * v + f) / depth
    grid = torch.stack([x * 2 / (luma.shape[3] - 1) - 1, y * 2 / (luma.shape[2] - 1) - 1], -1)
    sampled = F.grid_sample(luma, grid, mode="bilinear", padding_mode="border", align_corners=True)
    return F.avg_pool2d(sampled, samples) if samples > 1 else sampled


def window(luma: Tensor, corners: Tensor, view: View) -> tuple[Tensor, Tensor]:
    """Cut from a whole frame (1, 1, H, W) what a view of one plate can touch, so that a frame is never turned to floats."""
    edge = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]])
    outline = project(homography(corners), view.to_plate(edge))[0]
    size = torch.stack([torch.as_tensor(luma.shape[3]), torch.as_tensor(luma.shape[2])]).to(outline)
    low = torch.minimum((outline.amin(0) - 2).clamp(min=0), size - 2).floor()
    high = torch.maximum(torch.minimum(outline.amax(0) + 3, size), low + 2).ceil()
    x0, y0 = low.long().unbind(0)
    x1, y1 = high.long().unbind(0)
    return luma[:, :, y0:y1, x0:x1].float(), corners - low


def unstraighten(corners: Tensor, points: Tensor, view: View) -> Tensor:
    """Points found in a view of `corners`, each axis 0..1, as pixels of the picture."""
    return project(homography(corners), view.to_plate(points))
