"""Pictures of any size in one tensor, sampled at arbitrary points: the ground of composing scenes in batches on a GPU."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 5  # each half the size of the one before: a picture shrunk 16-fold does not alias


class Atlas:
    """Every picture with its halved copies, end to end in one flat tensor. Pixels have their centres at whole coordinates."""

    def __init__(self, pictures: Sequence[Tensor], device: torch.device | str) -> None:
        """`pictures`: h×w each, on any device; kept in the type they come in."""
        parts: list[Tensor] = []
        widths, heights, starts, position = [], [], [], 0
        for picture in pictures:
            level = picture.to(device).float()[None, None]
            for _ in range(LEVELS):
                rounded = level.round().clamp(0, 255) if picture.dtype == torch.uint8 else level
                parts.append(rounded[0, 0].to(picture.dtype).flatten())
                heights.append(level.shape[2])
                widths.append(level.shape[3])
                starts.append(position)
                position += parts[-1].numel()
                odd = (0, level.shape[3] % 2, 0, level.shape[2] % 2)
                level = F.avg_pool2d(F.pad(level, odd, mode="replicate"), 2)
        self.pixels = torch.cat(parts)
        self.starts, self.widths, self.heights = (torch.tensor(v, device=device).reshape(-1, LEVELS) for v in (starts, widths, heights))

    @property
    def sizes(self) -> Tensor:
        """(count, 2): width and height of each picture."""
        return torch.stack([self.widths[:, 0], self.heights[:, 0]], -1)

    def sample(self, picture: Tensor, points: Tensor, shrink: Tensor) -> Tensor:
        """Values of pictures (n) at points (n, …, 2) of their full size; `shrink` (n): picture pixels a step of the points spans.

        Beyond the border the nearest pixel counts.
        """
        level = shrink.clamp(min=1).log2().round().long().clamp(max=LEVELS - 1)
        shape = (-1,) + (1,) * (points.dim() - 2)
        width, height, start = (table[picture, level].reshape(shape) for table in (self.widths, self.heights, self.starts))
        half = (0.5**level).reshape(shape)
        x, y = (points[..., 0] + 0.5) * half - 0.5, (points[..., 1] + 0.5) * half - 0.5
        x, y = torch.minimum(x.clamp(min=0), (width - 1).to(x)), torch.minimum(y.clamp(min=0), (height - 1).to(y))
        left, top = x.floor(), y.floor()
        across, down = x - left, y - top
        first = (start + top.long() * width + left.long()).clamp(0, len(self.pixels) - 1)
        right = (left < width - 1).long()
        below = (top < height - 1).long() * width
        at = lambda index: self.pixels[index].float()  # noqa: E731
        upper = torch.lerp(at(first), at(first + right), across)
        lower = torch.lerp(at(first + below), at(first + below + right), across)
        return torch.lerp(upper, lower, down)
