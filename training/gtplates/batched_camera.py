"""What light, lens, sensor and coder do to pictures: camera.py's ranges for whole batches, on whatever device they lie."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .batched_coder import coded
from .batch_dice import BatchDice

BORDER = 16  # the Fourier transform joins opposite edges: mirrored pixels keep them apart


def _filtered(picture: Tensor, transfer) -> Tensor:
    """Blur by what a filter lets through at each frequency: cost does not grow with its reach, and each picture has its own."""
    height, width = picture.shape[2] + 2 * BORDER, picture.shape[3] + 2 * BORDER
    y = torch.fft.fftfreq(height, device=picture.device)[:, None] * 2 * math.pi
    x = torch.fft.rfftfreq(width, device=picture.device)[None] * 2 * math.pi
    waves = torch.fft.rfft2(F.pad(picture, (BORDER,) * 4, mode="reflect"))
    blurred = torch.fft.irfft2(waves * transfer(x, y), s=(height, width))
    return blurred[..., BORDER:-BORDER, BORDER:-BORDER]


def gaussian(picture: Tensor, sigma: Tensor) -> Tensor:
    """sigma (n, 1, 1, 1) in pixels."""
    return _filtered(picture, lambda x, y: torch.exp(-0.5 * sigma**2 * (x * x + y * y)))


def _axis(size: int, device: torch.device) -> Tensor:
    return torch.arange(size, device=device, dtype=torch.float32)


def lens(picture: Tensor, width: Tensor, dice: BatchDice) -> Tensor:
    """Out of focus or moving. Bounded by the plate's width: beyond about a seventh of a character nobody could read it."""
    draw = dice.raw(1, 1, 1)
    sigma = dice.uniform(0.25, (width * 0.0135).clamp(0.5, 3.5)) * (draw < 0.4)
    length = dice.uniform(2.0, (width * 0.05).clamp(3.5, 15)) * ((draw > 0.34) & (draw < 0.6))
    angle = torch.where(dice.chance(0.7), dice.normal(1, 1, 1) * 0.25, dice.uniform(0.0, math.pi))

    def transfer(x: Tensor, y: Tensor) -> Tensor:
        along = (torch.cos(angle) * x + torch.sin(angle) * y) * length / (2 * math.pi)
        return torch.exp(-0.5 * sigma**2 * (x * x + y * y)) * torch.sinc(along)

    return _filtered(picture, transfer)


def night(picture: Tensor, dice: BatchDice) -> Tensor:
    """A dark street: the scene is dark already, up to two lamps bloom over it."""
    height, width = picture.shape[2:]
    x, y = _axis(width, picture.device)[None, None, None], _axis(height, picture.device)[None, None, :, None]
    picture = picture * dice.uniform(0.5, 1.1)
    for _ in range(2):
        size = dice.uniform(0.02, 0.1) * width
        lamp = torch.exp(-(x - dice.uniform(0, width)).abs() / size) * torch.exp(-(y - dice.uniform(0, height)).abs() / size)
        picture = picture + dice.uniform(80, 400) * dice.chance(0.5) * lamp
    return picture


def rain(picture: Tensor, dice: BatchDice) -> Tensor:
    """Slanted streaks, brighter than what they hide."""
    slant, length = dice.normal(1, 1, 1) * 0.2, dice.uniform(0.03, 0.16) * picture.shape[2]
    drops = (dice.raw(*picture.shape[1:]) < dice.uniform(0.0002, 0.0018)) * dice.raw(*picture.shape[1:])

    def streak(x: Tensor, y: Tensor) -> Tensor:
        return torch.sinc((slant * x + y) * length / (2 * math.pi)) * torch.exp(-0.3 * (x * x + y * y))

    veil = (_filtered(drops, streak) * length).clamp(0, 1)
    return picture + (dice.uniform(120, 230) - picture) * veil * dice.uniform(0.1, 0.5)


def sensor(picture: Tensor, width: Tensor, dice: BatchDice) -> Tensor:
    picture = (picture * dice.uniform(0.45, 1.3) + dice.uniform(-10, 45) * dice.chance(0.5)).clamp(0, 255)
    picture = 255 * (picture / 255) ** dice.uniform(0.6, 1.6)
    mean = picture.mean((2, 3), keepdim=True)
    picture = (picture - mean) * dice.uniform(0.5, 1.1) + mean
    noise = dice.normal(*picture.shape[1:])
    # Noise reduction of cheap cameras leaves grains larger than a pixel.
    grain = F.avg_pool2d(noise, 2, 1, 0)
    grain = F.pad(grain, (0, 1, 0, 1), mode="replicate") * 1.9
    amount = dice.uniform(0.0, 4 + (width * 0.05).clamp(max=9)) * dice.chance(0.7)
    return picture + torch.where(dice.chance(0.4), grain, noise) * amount


def processing(picture: Tensor, dice: BatchDice) -> Tensor:
    """Sharpening halos and smoothing of cheap cameras."""
    draw, result = dice.raw(), picture.clone()
    some = torch.nonzero(draw < 0.22).flatten()
    if len(some):
        few, before = dice.few(len(some)), picture[some]
        result[some] = before + (before - gaussian(before, few.uniform(0.8, 1.8))) * few.uniform(0.4, 2.2)
    some = torch.nonzero((draw >= 0.22) & (draw < 0.3)).flatten()
    if len(some):
        before = F.pad(picture[some], (1, 1, 1, 1), mode="replicate")
        height, width = picture.shape[2:]
        result[some] = torch.stack([before[..., y : y + height, x : x + width] for y in range(3) for x in range(3)]).median(0).values
    return result


def resampled(picture: Tensor, factor: Tensor, how: str = "bilinear") -> Tensor:
    """The picture about its top left corner, `factor` (n,) of source pixels to one of the result, on a canvas of the same size."""
    height, width = picture.shape[2:]
    x = ((_axis(width, picture.device) + 0.5)[None] * factor[:, None] * 2 / width - 1)[:, None].expand(-1, height, -1)
    y = ((_axis(height, picture.device) + 0.5)[None] * factor[:, None] * 2 / height - 1)[:, :, None].expand(-1, -1, width)
    return F.grid_sample(picture, torch.stack([x, y], -1), how, "border", align_corners=False)


def _through_camera(picture: Tensor, width: Tensor, dice: BatchDice) -> Tensor:
    picture = processing(sensor(lens(picture, width, dice), width, dice), dice)
    return coded(picture.clamp(0, 255).round(), width, dice)


def _enlarged(picture: Tensor, factor: Tensor, dice: BatchDice) -> Tensor:
    """Back to full size as players and snapshot programs do it: smoothly, sharply or pixel by pixel."""
    result, draw = picture.clone(), dice.raw()
    for how, low, high in (("bilinear", 0, 0.5), ("bicubic", 0.5, 0.8), ("nearest", 0.8, 1.01)):
        some = torch.nonzero((draw >= low) & (draw < high)).flatten()
        if len(some):
            result[some] = resampled(picture[some], 1 / factor[some], how)
    return result


@torch.no_grad()
def shoot(luma: Tensor, plate_width: Tensor, dark: Tensor, generator: torch.Generator) -> Tensor:
    """Scenes (n, 1, H, W) in float luma → what the camera gives, whole values 0..255.

    `plate_width` (n,) in pixels bounds how much is taken away; `dark` (n,) truth values: night.
    """
    dice, picture = BatchDice(len(luma), generator), luma.clone()
    at_night, wet = torch.nonzero(dark).flatten(), dice.chosen(0.05)
    if len(at_night):
        picture[at_night] = night(picture[at_night], dice.few(len(at_night)))
    if len(wet):
        picture[wet] = rain(picture[wet], dice.few(len(wet)))
    # Re-scaled pictures (sub-streams, snapshots of other programs) carry blur, noise and blocks larger than a pixel.
    largest = (plate_width / 62).clamp(1.3, 2.6)
    factor = torch.where((dice.raw() < 0.3) & (plate_width > 80), 1.25 + (largest - 1.25) * dice.raw(), 1.0)
    scaled = torch.nonzero(factor > 1).flatten()
    if len(scaled):
        ratio = factor[scaled]
        picture[scaled] = resampled(gaussian(picture[scaled], 0.38 * ratio[:, None, None, None]), ratio)
    picture = _through_camera(picture, (plate_width / factor)[:, None, None, None], dice)
    if len(scaled):
        picture[scaled] = _enlarged(picture[scaled], factor[scaled], dice.few(len(scaled)))
    return picture.clamp(0, 255).round()
