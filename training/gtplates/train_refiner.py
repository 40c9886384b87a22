"""The refiner learns to find the four corners from any rough idea of them: boxes, and quads as a detector errs."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .geometry import REFINER_VIEW, homography, project, straighten, unstraighten
from .nets import Refiner
from .store import PLATE, Store
from .train_reader import disturbed

BATCH = 64
PASSES = 3


def rough(corners: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(4, 2) true corners → what a first look may give: the upright box, or the quad turned, scaled and moved."""
    boxed = rng.random() < 0.4
    low, high = corners.min(0), corners.max(0)
    start = np.float32([low, [high[0], low[1]], high, [low[0], high[1]]]) if boxed else corners.copy()
    # The second and third pass start from nearly right corners, and the last one's error is what the reader sees.
    amount = float(rng.choice([1.0, 0.35, 0.12], p=[0.55, 0.25, 0.2]))
    centre = start.mean(0)
    sides = np.array([np.linalg.norm(start[1] - start[0]), np.linalg.norm(start[3] - start[0])])
    turn = 0.0 if boxed else math.radians(np.clip(rng.normal(0, 14), -40, 40)) * amount
    matrix = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    scale = np.exp(rng.normal(0, 0.13, 2) * amount + (0.08 if boxed else 0))
    moved = (start - centre) @ matrix * scale + centre + rng.normal(0, 0.1, 2) * sides * amount
    return moved + rng.normal(0, 0.05, (4, 2)) * sides.min() * amount


def refine(net: Refiner, luma: Tensor, corners: Tensor, passes: int = PASSES) -> Tensor:
    """(n, 1, H, W) and rough (n, 4, 2) → corners; the run time's graph is this loop, unrolled."""
    for _ in range(passes):
        corners = unstraighten(corners, net(straighten(luma, corners, REFINER_VIEW)), REFINER_VIEW)
    return corners


def made_loss(store: Store):
    known = {"index": np.zeros(0, np.int64), "age": 0}

    def loss_of(net: Refiner, rng: np.random.Generator) -> tuple[Tensor, dict[str, float]]:
        if known["age"] % 50 == 0:
            width = np.ptp(store.corners[:, :, 0], axis=1)
            known["index"] = np.nonzero((store.labels[:, 8] == PLATE) & (width > 22))[0]
        known["age"] += 1
        index = np.sort(rng.choice(known["index"], BATCH))
        true = np.array(store.corners[index])
        guess = torch.from_numpy(np.stack([rough(c, rng) for c in true])).float()
        luma = torch.from_numpy(np.array(store.luma[index])).float()[:, None]
        with torch.no_grad():
            view = straighten(luma, guess, REFINER_VIEW)
            in_plate = project(torch.linalg.inv(homography(guess)), torch.from_numpy(true))
            wanted = REFINER_VIEW.from_plate(in_plate).clamp(-0.3, 1.3)
        found = net(disturbed(view, rng).contiguous(memory_format=torch.channels_last))
        loss = F.smooth_l1_loss(found, wanted, beta=0.02)
        return loss, {"loss": loss.item(), "error": (found - wanted).abs().mean().item()}

    return loss_of


def fresh_views(store: Store, count: int) -> Tensor:
    """A sample of views for the statistics of a network that starts from folded weights."""
    rng = np.random.default_rng(0)
    index = np.sort(rng.choice(np.nonzero(store.labels[:, 8] == PLATE)[0], count))
    guess = torch.from_numpy(np.stack([rough(np.array(c), rng) for c in store.corners[index]])).float()
    return straighten(torch.from_numpy(np.array(store.luma[index])).float()[:, None], guess, REFINER_VIEW)
