"""Photographs kept for a while: photographing costs more than learning, so each is looked at on several occasions,
and those that were read wrong or nearly so on more of them."""

from __future__ import annotations

import torch
from torch import Tensor

from .batched_scene import Looks

LEAST_INTEREST = 0.2
# What nobody can read stays in, for the sake of knowing that, but is not shown often.
HOPELESS_INTEREST = 0.3
EASY = 0.12  # the loss of a plate read with certainty: labels are smoothed
NEW = 1.0


class LooksPool:
    """The newest take the rooms of the oldest."""

    def __init__(self, capacity: int) -> None:
        self.capacity, self.filled, self.next = capacity, 0, 0
        self.kept: Looks | None = None
        self.interest: Tensor | None = None

    def add(self, looks: Looks) -> None:
        if self.kept is None:
            room = lambda part, kind: torch.zeros((self.capacity, *part.shape[1:]), dtype=kind, device=part.device)  # noqa: E731
            self.kept = Looks(room(looks.luma, torch.uint8), room(looks.corners, torch.float32), *(room(p, p.dtype) for p in (looks.text, looks.layout)))
            self.interest = torch.zeros(self.capacity, device=looks.luma.device)
        count = len(looks.luma)
        rooms = (torch.arange(count, device=looks.luma.device) + self.next) % self.capacity
        self.kept.luma[rooms] = looks.luma.to(torch.uint8)
        self.kept.corners[rooms], self.kept.text[rooms], self.kept.layout[rooms] = looks.corners, looks.text.to(self.kept.text.dtype), looks.layout
        self.interest[rooms] = NEW
        self.next = (self.next + count) % self.capacity
        self.filled = min(self.capacity, self.filled + count)

    def draw(self, count: int, generator: torch.Generator) -> tuple[Looks, Tensor]:
        """`count` of them and their rooms."""
        rooms = torch.multinomial(self.interest[: self.filled], count, replacement=True, generator=generator)
        return Looks(self.kept.luma[rooms].float(), self.kept.corners[rooms], self.kept.text[rooms], self.kept.layout[rooms]), rooms

    def learnt(self, rooms: Tensor, losses: Tensor, hopeless: float) -> None:
        """How hard the plates of these rooms were at this look."""
        interest = LEAST_INTEREST + (losses.detach() - EASY).clamp(0, 1 - LEAST_INTEREST)
        self.interest[rooms] = torch.where(losses > hopeless, HOPELESS_INTEREST, interest)
