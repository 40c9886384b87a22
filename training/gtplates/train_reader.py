"""The reader learns from the ring of patches; corners are shaken as much as the refiner leaves them wrong."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .geometry import READER_VIEW, straighten
from .nets import POSITIONS, Reader
from .store import PLATE, Store

BATCH = 64
HOPELESS = 1.2


def shaken(corners: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, 4, 2) corners moved by a share of the plate's sides, plus a fraction of a pixel."""
    side = np.ptp(corners, axis=1)
    reach = np.stack([np.maximum(side[:, 0], 1), np.minimum(side[:, 1], side[:, 0])], -1)[:, None]
    amount = rng.choice([0.008, 0.02, 0.035], (len(corners), 1, 1))
    return corners + rng.normal(0, 1, corners.shape) * amount * reach + rng.normal(0, 0.35, corners.shape)


def random_corners(count: int, rng: np.random.Generator) -> np.ndarray:
    """Where a detector might err: any quadrilateral of a patch without a plate."""
    middle, half = rng.uniform([70, 40], [186, 88], (count, 2)), rng.uniform([20, 10], [75, 36], (count, 2))
    unit = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return middle[:, None] + unit * half[:, None] + rng.normal(0, 0.15, (count, 4, 2)) * half[:, None]


def disturbed(view: Tensor, rng: np.random.Generator) -> Tensor:
    """Exposure, noise, light on dark, a patch hidden: cheap variety per look, on top of what the renderer gave."""
    n = view.shape[0]
    view = view * (torch.rand(n, 1, 1, 1) * 0.6 + 0.7) + torch.randn(n, 1, 1, 1) * 12
    view = view + torch.randn_like(view) * (torch.rand(n, 1, 1, 1) * 6)
    dark = torch.rand(n) < 0.05
    view[dark] = 255 - view[dark]
    for i in torch.nonzero(torch.rand(n) < 0.1).flatten().tolist():
        x, y = rng.integers(READER_VIEW.width - 8), rng.integers(READER_VIEW.height - 8)
        view[i, :, y : y + rng.integers(3, 12), x : x + rng.integers(3, 12)] = float(rng.integers(0, 255))
    return view


def tempered(losses: Tensor) -> Tensor:
    """Mean of the plates' losses, hopeless ones at a quarter: nobody reads 16 px, and their noise drowned all the rest
    (a fifth of the plates made nine tenths of the loss). `sure` learns that they are hopeless."""
    weights = torch.where(losses.detach() > HOPELESS, 0.25, 1.0)
    return (losses * weights).sum() / weights.sum()


def looks(store: Store, index: np.ndarray, rng: np.random.Generator) -> Tensor:
    corners = np.array(store.corners[index])
    empty = np.isnan(corners[:, 0, 0])
    corners[~empty] = shaken(corners[~empty], rng)
    corners[empty] = random_corners(int(empty.sum()), rng)
    luma = torch.from_numpy(np.array(store.luma[index])).float()[:, None]
    with torch.no_grad():
        return straighten(luma, torch.from_numpy(corners).float(), READER_VIEW)


def made_loss(store: Store):
    known = {"index": store.filled(), "age": 0}

    def loss_of(net: Reader, rng: np.random.Generator) -> tuple[Tensor, dict[str, float]]:
        known["age"] += 1
        if known["age"] % 50 == 0:
            known["index"] = store.filled()
        index = np.sort(rng.choice(known["index"], BATCH))
        labels = torch.from_numpy(np.array(store.labels[index]).astype(np.int64))
        view = disturbed(looks(store, index, rng), rng)
        characters, layout, sure = net(view.contiguous(memory_format=torch.channels_last))
        plates = labels[:, 8] == PLATE
        wanted = labels[plates, :7]
        each = F.cross_entropy(characters[plates].flatten(0, 1), wanted.flatten(), label_smoothing=0.02, reduction="none")
        reading = tempered(each.view(-1, POSITIONS).mean(1))
        kind = F.cross_entropy(layout[plates], labels[plates, 7])
        right = torch.zeros(len(index))
        right[plates] = (characters[plates].argmax(-1) == wanted).all(1).float()
        sureness = F.binary_cross_entropy_with_logits(sure, right)
        figures = {"loss": reading.item(), "layout": kind.item(), "exact": right[plates].mean().item(), "sure": sureness.item()}
        return reading + 0.1 * kind + 0.2 * sureness, figures

    return loss_of


def fresh_views(store: Store, count: int) -> Tensor:
    """A sample of views for the statistics of a network that starts from folded weights."""
    rng = np.random.default_rng(0)
    return looks(store, np.sort(rng.choice(store.filled(), count)), rng)
