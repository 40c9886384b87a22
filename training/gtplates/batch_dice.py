"""Random numbers for batches: one draw per picture, shaped so that it multiplies (n, 1, H, W) pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class BatchDice:
    count: int
    generator: torch.Generator

    @property
    def device(self) -> torch.device:
        return self.generator.device

    def few(self, count: int) -> BatchDice:
        return BatchDice(count, self.generator)

    def raw(self, *shape: int) -> Tensor:
        return torch.rand((self.count, *shape), device=self.device, generator=self.generator)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn((self.count, *shape), device=self.device, generator=self.generator)

    def uniform(self, low: float | Tensor, high: float | Tensor) -> Tensor:
        """(n, 1, 1, 1) between bounds, which may differ from picture to picture."""
        return low + (high - low) * self.raw(1, 1, 1)

    def chance(self, share: float | Tensor) -> Tensor:
        """(n, 1, 1, 1) truth values."""
        return self.raw(1, 1, 1) < share

    def chosen(self, share: float) -> Tensor:
        """Which pictures (indices) something befalls."""
        return torch.nonzero(self.raw() < share).flatten()

    def whole(self, high: int, *shape: int) -> Tensor:
        return torch.randint(high, (self.count, *shape), device=self.device, generator=self.generator)
