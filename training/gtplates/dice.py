"""Seeded chance on the device where pictures are composed."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class Dice:
    def __init__(self, generator: torch.Generator) -> None:
        self.generator, self.device = generator, generator.device

    @classmethod
    def seeded(cls, seed: int, device: torch.device | str) -> Dice:
        return cls(torch.Generator(device).manual_seed(seed))

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator, device=self.device) * (high - low) + low

    def stretched(self, low: float, high: float, *shape: int) -> Tensor:
        """Log-uniform: each doubling as likely as the next."""
        return self.uniform(math.log(low), math.log(high), *shape).exp()

    def normal(self, spread: float, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, device=self.device) * spread

    def chance(self, probability: float, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator, device=self.device) < probability

    def below(self, limit: Tensor | int, *shape: int) -> Tensor:
        """Whole numbers 0..limit−1, where limits may differ."""
        return (torch.rand(shape, generator=self.generator, device=self.device) * limit).long()

    def weighted(self, weights: Tensor, count: int) -> Tensor:
        return torch.multinomial(weights, count, replacement=True, generator=self.generator)
