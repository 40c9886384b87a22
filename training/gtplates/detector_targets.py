"""What the detector is taught about composed streets, and how far off its answers are; all on the device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .batched_street import Streets
from .nets import CORNER_UNIT, DETECTOR_STRIDE
from .scenery import MAYBE, PLATE

NEAR_MIDDLE = 0.35  # cells with more heat than this answer for the corners
DOUBTED = 0.25  # weight of corners that are only an upright box


def cells(height: int, width: int, device: torch.device) -> Tensor:
    """(rows, columns, 2): the middles of the cells."""
    step, half = DETECTOR_STRIDE, DETECTOR_STRIDE / 2
    x, y = (torch.arange(side // step, device=device) * step + half for side in (width, height))
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


class Targets:
    """`heat` (n, rows, columns): 1 at each plate's middle. `ignored`: cells where a plate may be or not.

    `corners` (n, 8, rows, columns), `weight` 0 where no plate answers; `rows` −1 where nobody knows.
    """

    def __init__(self, streets: Streets) -> None:
        height, width = streets.luma.shape[-2:]
        grid = cells(height, width, streets.luma.device)
        corners, plate = streets.corners, streets.status == PLATE
        middle, low, high = corners.mean(2), corners.amin(2), corners.amax(2)
        size = high - low
        spread = torch.maximum(size * size.new_tensor([0.13, 0.16]), size.new_tensor(5.0))
        away = (grid[None, None] - middle[:, :, None, None]) / spread[:, :, None, None]
        bells = (-away.square().sum(-1) / 2).exp() * plate[..., None, None]
        own_cell = ((grid[None, None] - middle[:, :, None, None]).abs() <= DETECTOR_STRIDE / 2).all(-1) & plate[..., None, None]
        bells = torch.where(own_cell, 1.0, bells)
        self.heat, owner = bells.max(1)
        reach = 0.1 * size + DETECTOR_STRIDE / 2
        near = ((grid >= (low - reach)[:, :, None, None]) & (grid <= (high + reach)[:, :, None, None])).all(-1)
        self.ignored = (near & (streets.status == MAYBE)[..., None, None]).any(1) & (self.heat < NEAR_MIDDLE)
        answers = F.one_hot(owner, plate.shape[1]).permute(0, 3, 1, 2).bool() & (bells > NEAR_MIDDLE)
        trust = torch.where(streets.believed, 1.0, DOUBTED) * CORNER_UNIT / (0.5 * size.sum(-1)).clamp(min=4)
        share = trust / answers.sum((2, 3)).clamp(min=1)
        self.weight = (answers * share[..., None, None]).sum(1)
        pick = owner.flatten(1)
        quads = corners.gather(1, pick[..., None, None].expand(-1, -1, 4, 2)).flatten(2)
        offsets = (quads.unflatten(2, (4, 2)) - grid.flatten(0, 1)[None, :, None]) / CORNER_UNIT
        self.corners = offsets.flatten(2).transpose(1, 2).unflatten(2, self.heat.shape[1:])
        rows = streets.rows.gather(1, pick).unflatten(1, self.heat.shape[1:])
        self.rows = torch.where(answers.any(1), rows, -1)
        self.plates = int(plate.sum())


def losses(out: Tensor, targets: Targets) -> dict[str, Tensor]:
    """Focal loss of the heat, corners in shares of the plate's size, one or two rows; each per plate."""
    heat, plates = targets.heat, max(1, targets.plates)
    p = out[:, 0].sigmoid().clamp(1e-4, 1 - 1e-4)
    middle = heat > 0.99
    missed = ((1 - p) ** 2 * p.log() * middle).sum()
    invented = ((1 - heat) ** 4 * p**2 * (1 - p).log() * (~middle & ~targets.ignored)).sum()
    corners = (F.smooth_l1_loss(out[:, 1:9], targets.corners, reduction="none", beta=0.05).sum(1) * targets.weight).sum()
    known = targets.rows >= 0
    kind = F.binary_cross_entropy_with_logits(out[:, 9], targets.rows.clamp(min=0).float(), reduction="none")
    return {"heat": -(missed + invented) / plates, "corners": corners / plates, "rows": (kind * known).sum() / known.sum().clamp(min=1)}


WEIGHTS = {"heat": 1.0, "corners": 1.0, "rows": 0.2}
