"""From probabilities to a plate: the grammar is applied to the probabilities and never to a finished string."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .glyphs import CHARACTERS, LETTERS
from .plate import LAYOUTS, PATTERNS

# How much the layout's own vote weighs beside the seven characters; flat between 0.3 and 0.8 on held-out renders.
LAYOUT_WEIGHT = 0.5
ALLOWED = {"L": [CHARACTERS.index(c) for c in LETTERS], "D": list(range(10))}


@dataclass
class Reading:
    text: str
    layout: str
    score: float
    raw: str


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def read(characters: np.ndarray, layout: np.ndarray) -> Reading:
    """(7, 36) and (4,) logits → the likeliest text that is a plate."""
    log_p, log_layout = log_softmax(characters), log_softmax(layout)
    best: Reading | None = None
    raw = "".join(CHARACTERS[i] for i in log_p.argmax(-1))
    for index, name in enumerate(LAYOUTS):
        score = LAYOUT_WEIGHT * float(np.logaddexp(log_layout[index], log_layout[index + 2]))
        text = ""
        for position, kind in enumerate(PATTERNS[name]):
            allowed = ALLOWED[kind]
            choice = allowed[int(log_p[position, allowed].argmax())]
            text += CHARACTERS[choice]
            score += float(log_p[position, choice])
        if best is None or score > best.score:
            best = Reading(text, name, score, raw)
    assert best is not None
    return best


def _tail(n: int, k: int, p: float) -> float:
    """P(at least k of n) for a success probability p."""
    i = np.arange(k, n + 1)
    logs = [math.lgamma(n + 1) - math.lgamma(j + 1) - math.lgamma(n - j + 1) for j in i]
    return float(np.exp(np.array(logs) + i * math.log(p) + (n - i) * math.log1p(-p)).sum())


def interval(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper–Pearson bounds of a share, by bisection."""
    alpha = (1 - level) / 2

    def solve(wanted: float, count: int) -> float:
        low, high = 1e-12, 1 - 1e-12
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if _tail(n, count, middle) < wanted else (low, middle)
        return (low + high) / 2

    return (0.0 if k == 0 else solve(alpha, k), 1.0 if k == n else solve(1 - alpha, k + 1))
