"""The detector learns from streets drawn as it goes (drawing one costs a quarter of learning from it)."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .nets import CORNER_UNIT, DETECTOR_STRIDE, Detector
from .pictures import training_pictures
from .plate import Fonts
from .street import STREET_H, STREET_W, UNKNOWN_ROWS, Street, scenes, street

BATCH = 16
ROWS, COLUMNS = STREET_H // DETECTOR_STRIDE, STREET_W // DETECTOR_STRIDE
CELL_X = torch.arange(COLUMNS) * DETECTOR_STRIDE + DETECTOR_STRIDE / 2
CELL_Y = torch.arange(ROWS) * DETECTOR_STRIDE + DETECTOR_STRIDE / 2


def target(picture: Street) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Heat (1 at each plate's middle), corner offsets, their weight per cell (0 where no plate is), two rows or not."""
    heat, weight = torch.zeros(ROWS, COLUMNS), torch.zeros(ROWS, COLUMNS)
    offsets, rows = torch.zeros(8, ROWS, COLUMNS), torch.full((ROWS, COLUMNS), float(UNKNOWN_ROWS))
    for quad, two_rows in zip(picture.corners, picture.two_rows):
        q = torch.from_numpy(quad).float()
        middle, size = q.mean(0), q.amax(0) - q.amin(0)
        spread = torch.maximum(torch.tensor(5.0), size * torch.tensor([0.13, 0.16]))
        bell = torch.exp(-((CELL_X - middle[0]) ** 2)[None] / (2 * spread[0] ** 2) - ((CELL_Y - middle[1]) ** 2)[:, None] / (2 * spread[1] ** 2))
        bell[min(int(middle[1] // DETECTOR_STRIDE), ROWS - 1), min(int(middle[0] // DETECTOR_STRIDE), COLUMNS - 1)] = 1
        here = (bell > 0.35) & (bell > heat)
        heat = torch.maximum(heat, bell)
        cells = torch.stack([CELL_X[None].expand(ROWS, -1), CELL_Y[:, None].expand(-1, COLUMNS)])
        away = (q[:, :, None, None] - cells[None]).reshape(8, ROWS, COLUMNS) / CORNER_UNIT
        offsets[:, here] = away[:, here]
        weight[here] = CORNER_UNIT / (0.5 * size.sum()) / here.sum()
        rows[here] = two_rows
    return heat, offsets, weight, rows


def detector_loss(others: list[np.ndarray], fonts_from: list):
    pictures = training_pictures()
    supply: dict[str, object] = {"age": 0}

    def loss_of(net: Detector, rng: np.random.Generator) -> tuple[Tensor, dict[str, float]]:
        if supply["age"] % 250 == 0:
            supply["fonts"], supply["scenes"] = Fonts(rng, fonts_from, 16), scenes(pictures, rng, 420)
        supply["age"] += 1
        drawn = [street(supply["scenes"], others, supply["fonts"], rng) for _ in range(BATCH)]
        luma = torch.from_numpy(np.stack([d.luma for d in drawn])).float()[:, None]
        luma = luma * (torch.rand(BATCH, 1, 1, 1) * 0.5 + 0.75) + 12 * torch.randn(BATCH, 1, 1, 1)
        heat, offsets, weight, rows = (torch.stack(part) for part in zip(*(target(d) for d in drawn)))
        out = net(luma.contiguous(memory_format=torch.channels_last))
        p = out[:, 0].sigmoid().clamp(1e-4, 1 - 1e-4)
        middle = heat > 0.99
        plates = max(1, int(middle.sum()))
        missed = ((1 - p) ** 2 * p.log())[middle].sum()
        invented = ((1 - heat) ** 4 * p**2 * (1 - p).log())[~middle].sum()
        found = -(missed + invented) / plates
        corners = (F.smooth_l1_loss(out[:, 1:9], offsets, reduction="none", beta=0.05).sum(1) * weight).sum() / plates
        known = rows >= 0
        kind = F.binary_cross_entropy_with_logits(out[:, 9][known], rows[known]) if known.any() else out.sum() * 0
        return found + corners + 0.2 * kind, {"heat": found.item(), "corners": corners.item(), "rows": kind.item()}

    return loss_of


def fresh_views(others: list[np.ndarray], fonts_from: list, count: int) -> Tensor:
    """A sample of streets for the statistics of a network that starts from folded weights."""
    rng = np.random.default_rng(0)
    some, fonts = scenes(training_pictures(), rng, 60), Fonts(rng, fonts_from, 4)
    return torch.from_numpy(np.stack([street(some, others, fonts, rng).luma for _ in range(count)])).float()[:, None]
