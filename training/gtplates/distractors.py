"""What a detector takes for plates and are none, drawn as masks (0 ground … 255 ink): lettering, phones, signs, grilles, time stamps."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .glyphs import CHARACTERS
from .scene import LETTERING

# A camera burns these into its picture.
CAPTIONS = ("CAM {}", "CAMERA {:02d}", "ENTRADA {}", "SAIDA {}", "PORTARIA", "AV CENTRAL {}", "Address:", "CH{:02d}", "IPC", "PISTA {}")


def _words(rng: np.random.Generator) -> str:
    draw, number = rng.random(), lambda digits: "".join(str(d) for d in rng.integers(0, 10, digits))
    if draw < 0.3:
        words = LETTERING.split("|")
        return words[rng.integers(len(words))]
    if draw < 0.5:
        return f"({number(2)}) {number(5)}-{number(4)}" if rng.random() < 0.4 else f"{number(rng.integers(4, 6))}-{number(4)}"
    if draw < 0.6:
        return f"{number(4)} {number(3)}"[: rng.integers(2, 9)]
    letters = CHARACTERS[10:] if rng.random() < 0.7 else CHARACTERS[10:].lower()
    return "".join(letters[i] for i in rng.integers(0, 26, rng.integers(2, 11)))


def caption(rng: np.random.Generator) -> str:
    year, clock = rng.integers(2010, 2031), [rng.integers(limit) for limit in (12, 28, 24, 60, 60)]
    month, day, hour, minute, second = clock
    time = f"{hour:02d}:{minute:02d}:{second:02d}"
    stamps = (f"{year}-{month + 1:02d}-{day + 1:02d} {time}", f"{day + 1:02d}/{month + 1:02d}/{year} {time}", time, f"Time:{year}-{month + 1:02d}-{day + 1:02d} {time}")
    return stamps[rng.integers(len(stamps))] if rng.random() < 0.6 else CAPTIONS[rng.integers(len(CAPTIONS))].format(rng.integers(1, 40))


def lettering(text: str, rng: np.random.Generator, height: int = 48) -> np.ndarray:
    font, weight = int(rng.choice([0, 2, 3, 4, 1, 5])), int(rng.integers(1, 6))
    scale = height / 30
    (width, base), below = cv2.getTextSize(text, font, scale, weight)
    margin_x, margin_y = (int(base * rng.uniform(0.1, 0.6)) for _ in range(2))
    mask = np.zeros((base + below + 2 * margin_y, width + 2 * margin_x), np.uint8)
    cv2.putText(mask, text, (margin_x, margin_y + base), font, scale, 255, weight, cv2.LINE_AA)
    squeeze = rng.uniform(0.6, 1.1)
    return cv2.resize(mask, None, fx=squeeze, fy=1, interpolation=cv2.INTER_AREA)


def _lines(rng: np.random.Generator) -> np.ndarray:
    """Several lines of lettering: posters, notes behind a window, the side of a van."""
    rows = [lettering(_words(rng), rng, 32) for _ in range(rng.integers(2, 5))]
    width = max(row.shape[1] for row in rows)
    return np.vstack([cv2.copyMakeBorder(r, 0, 0, (width - r.shape[1]) // 2, width - r.shape[1] - (width - r.shape[1]) // 2, cv2.BORDER_CONSTANT) for r in rows])


def _grille(rng: np.random.Generator) -> np.ndarray:
    height, width = int(rng.integers(40, 100)), int(rng.integers(80, 260))
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    step, slant = rng.uniform(5, 24), rng.choice([0, math.pi / 2, rng.uniform(0, math.pi)])
    wave = np.sin((x * math.cos(slant) + y * math.sin(slant)) * 2 * math.pi / step)
    if rng.random() < 0.4:
        wave = np.maximum(wave, np.sin((y * math.cos(slant) - x * math.sin(slant)) * 2 * math.pi / step / rng.uniform(0.6, 2)))
    return np.uint8(255 * (wave > rng.uniform(-0.6, 0.7)))


def _badge(rng: np.random.Generator) -> np.ndarray:
    """Round and oval badges, signs, wheels: rings with lettering or spokes."""
    mask, (cx, cy) = np.zeros((96, 96), np.uint8), (48, 48)
    axes = (int(rng.integers(30, 46)), int(rng.integers(22, 46)))
    cv2.ellipse(mask, (cx, cy), axes, 0, 0, 360, 255, int(rng.integers(2, 9)), cv2.LINE_AA)
    if rng.random() < 0.4:
        for i in range(spokes := int(rng.integers(3, 13))):
            angle = 2 * math.pi * i / spokes
            cv2.line(mask, (cx, cy), (int(cx + axes[0] * math.cos(angle)), int(cy + axes[1] * math.sin(angle))), 255, int(rng.integers(2, 7)), cv2.LINE_AA)
    else:
        word = _words(rng)[: rng.integers(1, 6)]
        (width, base), _ = cv2.getTextSize(word, 0, 1, 2)
        scale = 1.3 * axes[0] / max(width, 20)
        cv2.putText(mask, word, (int(cx - width * scale / 2), int(cy + base * scale / 2)), 0, scale, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    return mask


def _blocks(rng: np.random.Generator) -> np.ndarray:
    """Windows, tiles, lamps in a row, codes: a coarse grid of random or regular cells."""
    rows, columns = int(rng.integers(1, 7)), int(rng.integers(2, 14))
    cells = (rng.random((rows, columns)) < rng.uniform(0.4, 1)).astype(np.uint8) * 255
    cell = int(rng.integers(8, 24))
    mask = cv2.resize(cells, (columns * cell, rows * cell), interpolation=cv2.INTER_NEAREST)
    gap = int(rng.integers(0, cell // 2))
    for i in range(gap):
        mask[i::cell], mask[:, i::cell] = 0, 0
    return mask


def _frame(rng: np.random.Generator) -> np.ndarray:
    """A plate without characters, or a lamp: a bare sheet with an edge or a strip."""
    mask = np.zeros((64, int(rng.integers(70, 220))), np.uint8)
    if rng.random() < 0.6:
        cv2.rectangle(mask, (2, 2), (mask.shape[1] - 3, 61), 255, int(rng.integers(1, 6)))
    if rng.random() < 0.5:
        mask[: int(rng.integers(6, 20))] = 255
    return mask


def draw_distractor(rng: np.random.Generator) -> np.ndarray:
    draw = rng.random()
    if draw < 0.45:
        return lettering(_words(rng), rng)
    for limit, kind in ((0.57, _lines), (0.68, _grille), (0.81, _badge), (0.91, _blocks)):
        if draw < limit:
            return kind(rng)
    return _frame(rng)
