"""A count of right ones with its interval: the line that every table is made of."""

from __future__ import annotations

from dataclasses import dataclass

from .reading import interval


@dataclass
class Score:
    name: str
    right: int
    of: int

    def line(self) -> str:
        low, high = interval(self.right, self.of)
        return f"{self.name:38s} {self.right}/{self.of} = {100 * self.right / self.of:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
