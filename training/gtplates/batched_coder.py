"""What picture and video coders leave behind, in batches on any device: JPEG exactly but for its chroma, H.264/H.265 by a
stand-in of their transforms (block sizes, quantiser steps, dead zone, prediction from a moved frame, deblocking)."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from .batch_dice import BatchDice

LARGEST_BLOCK = 16
# ISO/IEC 10918-1, table K.1.
JPEG_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55), (14, 13, 16, 24, 40, 57, 69, 56), (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92), (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)


@lru_cache
def _cosines(size: int, device: torch.device) -> Tensor:
    k, x = torch.arange(size, dtype=torch.float32)[:, None], torch.arange(size, dtype=torch.float32)[None]
    matrix = torch.cos(math.pi * (2 * x + 1) * k / (2 * size)) * math.sqrt(2 / size)
    matrix[0] /= math.sqrt(2)
    return matrix.to(device)


def _blocks(picture: Tensor, size: int) -> Tensor:
    n, _, height, width = picture.shape
    return picture.reshape(n, height // size, size, width // size, size).transpose(2, 3)


def _joined(blocks: Tensor) -> Tensor:
    n, rows, columns, size, _ = blocks.shape
    return blocks.transpose(2, 3).reshape(n, 1, rows * size, columns * size)


def _padded(picture: Tensor) -> Tensor:
    height, width = picture.shape[2:]
    return F.pad(picture, (0, -width % LARGEST_BLOCK, 0, -height % LARGEST_BLOCK), mode="replicate")


def jpeg(picture: Tensor, quality: Tensor) -> Tensor:
    """(n, 1, H, W) luma; quality (n,) 1..100 as libjpeg counts it."""
    height, width = picture.shape[2:]
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality)[:, None, None] / 100
    table = (torch.tensor(JPEG_LUMINANCE, device=picture.device) * scale).round().clamp(1, 255)[:, None, None]
    cosines = _cosines(8, picture.device)
    seen = cosines @ _blocks(_padded(picture) - 128, 8) @ cosines.T
    back = cosines.T @ ((seen / table).round() * table) @ cosines
    return (_joined(back)[..., :height, :width] + 128).clamp(0, 255)


def _quantised(picture: Tensor, size: int, step: Tensor, rounding: float) -> Tensor:
    """Transform, divide, cut off, back. `rounding` below a half is the dead zone in which coders drop small values."""
    cosines = _cosines(size, picture.device)
    seen = cosines @ _blocks(picture, size) @ cosines.T
    level = (seen.abs() / step[:, None] + rounding).floor()
    # The mean of a block is predicted well and hardly ever dropped.
    level[..., 0, 0] = (seen[..., 0, 0].abs() / step[..., 0] + 0.5).floor()
    return _joined(cosines.T @ (level * seen.sign() * step[:, None]) @ cosines)


def _deblocked(picture: Tensor, size: int, step: Tensor) -> Tensor:
    for _ in range(2):
        edges = torch.arange(size, picture.shape[3], size, device=picture.device)
        p1, p0, q0, q1 = (picture[..., edges + i] for i in (-2, -1, 0, 1))
        change = (((q0 - p0) * 4 + p1 - q1) / 8).clamp(-step * 0.25, step * 0.25) * ((q0 - p0).abs() < step)
        picture = picture.clone()
        picture[..., edges - 1], picture[..., edges] = p0 + change, q0 - change
        picture = picture.transpose(2, 3)
    return picture


def video(picture: Tensor, size: int, quantiser: Tensor, moved: tuple[int, int] | None) -> Tensor:
    """(n, 1, H, W) luma by blocks of `size`; quantiser (n,) as H.264 and H.265 count it. Not `moved`: a key frame."""
    height, width = picture.shape[2:]
    whole, step = _padded(picture), (0.625 * 2 ** (quantiser / 6))[:, None, None, None]
    guess = torch.full_like(whole, 128)
    if moved is not None:
        before = whole.roll(moved, (2, 3))
        guess = _deblocked(_quantised(before - 128, size, step, 1 / 3) + 128, size, step).roll((-moved[0], -moved[1]), (2, 3))
    coded = guess + _quantised(whole - guess, size, step, 1 / 6 if moved is not None else 1 / 3)
    return _deblocked(coded, size, step)[..., :height, :width].clamp(0, 255)


def coded(picture: Tensor, plate_width: Tensor, dice: BatchDice) -> Tensor:
    """Each picture through JPEG, a video coder or neither; `plate_width` (n, 1, 1, 1) bounds how much is taken away."""
    draw, result = dice.raw(), picture.clone()
    some = torch.nonzero(draw < 0.45).flatten()
    if len(some):
        least = (60 - 0.3 * plate_width[some]).clamp(min=18)
        result[some] = jpeg(picture[some], dice.few(len(some)).uniform(least, 95.0).flatten())
    bounds = (0.45, 0.57, 0.72, 0.8)
    for size, low, high in zip((4, 8, 16), bounds, bounds[1:]):
        some = torch.nonzero((draw >= low) & (draw < high)).flatten()
        if len(some):
            worst = (22 + 0.12 * (plate_width[some] - 30)).clamp(23, 36)
            quantiser = dice.few(len(some)).uniform(16.0, worst).flatten()
            x, y, still = (int(v) for v in torch.randint(-9, 10, (3,), generator=dice.generator, device=dice.device))
            result[some] = video(picture[some], size, quantiser, None if still > 0 else (x, y))
    return result
