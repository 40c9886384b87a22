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
# A point behind the picture plane would flip to the other side of it: it is pushed far away instead.
NEAREST = 1e-3


# What the eight unknowns of a projection are made of, as sums of the corners: p1 - p2, p3 - p2 and p0 - p1 + p2 - p3.
_DIFFERENCES = ((0.0, 1.0, -1.0, 0.0), (0.0, 0.0, -1.0, 1.0), (1.0, -1.0, 1.0, -1.0))
# (p1 - p0, p3 - p0, p0), and what the two terms of depth multiply: (p1, p3).
_FLAT = ((-1.0, 1.0, 0.0, 0.0), (-1.0, 0.0, 0.0, 1.0), (1.0, 0.0, 0.0, 0.0))
_DEEP = ((0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0))
_TURNED = ((0.0, 1.0), (-1.0, 0.0))


def homography(corners: Tensor) -> Tensor:
    """(n, 4, 2) corners → (n, 3, 3) from the unit square, in closed form (solvers do not export to ONNX) and in few, small products:
    an exported graph pays for each step, however little it does."""
    differences = corners.new_tensor(_DIFFERENCES) @ corners
    # Entry (i, j) is the cross product of differences i and j.
    cross = (differences @ corners.new_tensor(_TURNED) @ differences.transpose(1, 2)).flatten(1)
    area = cross[:, 1:2]
    area = torch.where(area.abs() < 1e-6, 1e-6, area)
    # g of (2, 1), h of (0, 2), and nothing for the third.
    depth = cross[:, [7, 2, 0]] / area
    points = corners.new_tensor(_FLAT) @ corners + depth[:, :, None] * (corners.new_tensor(_DEEP) @ corners)
    return torch.cat([points, depth[:, :, None] + corners.new_tensor([[0.0], [0.0], [1.0]])], -1).transpose(1, 2)


def project(matrix: Tensor, points: Tensor) -> Tensor:
    """(n, 3, 3) applied to (n or 1, m, 2)."""
    mapped = F.pad(points, (0, 1), value=1.0) @ matrix.transpose(1, 2)
    return mapped[..., :2] / mapped[..., 2:].clamp(min=NEAREST)


def _axis(size: int, margin: float) -> Tensor:
    """Where along one side of the plate the pixels of a view lie."""
    return (torch.arange(size, dtype=torch.float32) / size - margin) / (1 - 2 * margin)


def straighten(luma: Tensor, corners: Tensor, view: View) -> Tensor:
    """(n, 1, H, W) luma as float and (n, 4, 2) corners in its pixels → (n, 1, view.height, view.width)."""
    return sampled(luma, homography(corners), view)


def sampled(luma: Tensor, matrix: Tensor, view: View) -> Tensor:
    """What `straighten` gives, of the plate that `matrix` (n, 3, 3) maps the unit square to."""
    # grid_sample counts from -1 to 1.
    scale = torch.cat([2 / (_size(luma) - 1), luma.new_ones(1)])
    matrix = matrix * scale[:, None] - matrix[:, 2:] * luma.new_tensor([[1.0], [1.0], [0.0]])
    # Rows and columns are broadcast: a grid of points would weigh 80 kB in each exported graph.
    u = _axis(view.width, view.margin_x).to(luma.device)
    v = _axis(view.height, view.margin_y).to(luma.device)[:, None]
    places = matrix[:, :, :1, None] * u + (matrix[:, :, 1:2, None] * v + matrix[:, :, 2:, None])
    grid = (places[:, :2] / places[:, 2:].clamp(min=NEAREST)).permute(0, 2, 3, 1)
    return F.grid_sample(luma, grid, mode="bilinear", padding_mode="border", align_corners=True)


def _size(luma: Tensor) -> Tensor:
    """Width and height, also where a graph is exported that takes pictures of any size."""
    return torch.stack([torch.as_tensor(luma.shape[3]), torch.as_tensor(luma.shape[2])]).to(luma.device).float()


def window(luma: Tensor, matrix: Tensor, view: View) -> tuple[Tensor, Tensor]:
    """Cut from a whole frame (1, 1, H, W) what a view of one plate can touch, so that a frame is never turned to floats;
    and the matrix within that cut."""
    edge = view.to_plate(torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]]))
    outline, size = project(matrix, edge)[0], _size(luma)
    low = torch.minimum((outline.amin(0) - 2).clamp(min=0), size - 2).floor()
    high = torch.maximum(torch.minimum(outline.amax(0) + 3, size), low + 2).ceil()
    (x0, y0), (x1, y1) = low.long().unbind(0), high.long().unbind(0)
    moved = matrix - F.pad(low, (0, 1))[:, None] * matrix[:, 2:]
    return luma[:, :, y0:y1, x0:x1].float(), moved


def unstraighten(corners: Tensor, points: Tensor, view: View) -> Tensor:
    """Points found in a view of `corners`, each axis 0..1, as pixels of the picture."""
    return project(homography(corners), view.to_plate(points))
