"""Flat textures onto pictures, corner-true, in batches; each only in a window round its place."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .geometry import homography
from .planes import inverse, mapped

# Sides of the windows: most things pasted are small, and a whole frame for each would cost twenty times as much.
WINDOWS = ((96, 64), (224, 144))
# Values and cover (0 clear … 1 opaque) of members (m), at points (m, h, w, 2) of their unit squares.
Look = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def edge_cover(unit: Tensor, quads: Tensor, rounding: Tensor) -> Tensor:
    """1 within a quad, falling to 0 over about a pixel at its edge; `rounding` (m): radius of its corners as a share of the height."""
    top, left = quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0]
    width, height = (side.norm(dim=-1).clamp(min=1)[:, None, None] for side in (top, left))
    radius = rounding[:, None, None] * height
    x = ((unit[..., 0] - 0.5).abs() - 0.5) * width + radius
    y = ((unit[..., 1] - 0.5).abs() - 0.5) * height + radius
    outside = torch.hypot(x.clamp(min=0), y.clamp(min=0)) + torch.maximum(x, y).clamp(max=0) - radius
    return (0.5 - outside).clamp(0, 1)


def paste(luma: Tensor, streets: Tensor, quads: Tensor, rounding: Tensor, look: Look) -> None:
    """Into `luma` (n, H, W) in place: member i into picture streets[i], each picture at most once a call."""
    height, width = luma.shape[1:]
    low, high = quads.amin(1).floor() - 1, quads.amax(1).ceil() + 2
    size = (torch.minimum(high, high.new_tensor([width, height])) - low.clamp(min=0)).clamp(min=0)
    waiting = (size > 1).all(-1)
    for w, h in (*WINDOWS, (width, height)):
        w, h = min(w, width), min(h, height)
        fits = waiting & (size[:, 0] <= w) & (size[:, 1] <= h)
        waiting = waiting & ~fits
        members = fits.nonzero()[:, 0]
        if len(members):
            origin = torch.minimum(low[members].clamp(min=0), low.new_tensor([width - w, height - h])).long()
            _into_windows(luma, members, streets[members], quads[members], rounding[members], origin, (w, h), look)


def _into_windows(
    luma: Tensor, members: Tensor, streets: Tensor, quads: Tensor, rounding: Tensor, origin: Tensor, size: tuple[int, int], look: Look
) -> None:
    xs = origin[:, :1] + torch.arange(size[0], device=luma.device)
    ys = origin[:, 1:] + torch.arange(size[1], device=luma.device)
    grid = torch.stack([xs[:, None].expand(-1, size[1], -1), ys[:, :, None].expand(-1, -1, size[0])], -1).float()
    unit, before = mapped(inverse(homography(quads)), grid)
    values, cover = look(members, unit.clamp(-1, 2))
    cover = cover * edge_cover(unit, quads, rounding) * before
    at = (streets[:, None, None], ys[:, :, None], xs[:, None, :])
    luma[at] = torch.lerp(luma[at], values, cover)
