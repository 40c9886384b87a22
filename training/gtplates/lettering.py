"""Flat lettering that is no plate: shop signs, telephone numbers, bus lines, and plates of the wrong number of characters."""

from __future__ import annotations

import cv2
import numpy as np

from .glyphs import CHARACTERS, DIGITS, GLYPH_HEIGHT, LETTERS
from .plate import LAYOUTS, Fonts, field, matches_a_pattern
from .scene import LETTERING as WORDS


def _words(rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.3:
        words = [word for word in WORDS.split("|") if all(c in CHARACTERS + " " for c in word)]
        return words[rng.integers(len(words))]
    if draw < 0.5:
        return "".join(DIGITS[i] for i in rng.integers(0, 10, rng.integers(2, 12)))
    if draw < 0.7:
        return "".join(LETTERS[i] for i in rng.integers(0, 26, rng.integers(2, 11)))
    return "".join(CHARACTERS[i] for i in rng.integers(0, 36, rng.integers(3, 10)))


def draw_lettering(fonts: Fonts, rng: np.random.Generator) -> np.ndarray:
    text = _words(rng)
    while matches_a_pattern(text.replace(" ", "")):
        text = _words(rng)
    bank, u = fonts.pick(LAYOUTS[rng.integers(2)], rng), rng.uniform
    gap, height = int(u(2, 22)), 128
    glyphs = [np.zeros((GLYPH_HEIGHT, 30), np.uint8) if c == " " else bank[c] for c in text]
    row = np.hstack([np.pad(g, ((0, 0), (gap // 2, gap - gap // 2))) for g in glyphs])
    high, side = int(height * u(0.35, 0.85)), int(u(2, 50))
    row = cv2.resize(row, (max(8, int(row.shape[1] * u(0.7, 1.3) * high / GLYPH_HEIGHT)), high), interpolation=cv2.INTER_AREA)
    mask = np.zeros((height, row.shape[1] + 2 * side), np.float32)
    top = int(u(0, height - high))
    mask[top : top + high, side : side + row.shape[1]] = row / 255.0
    sheet, ink = (u(120, 250), u(5, 100)) if rng.random() < 0.6 else (u(5, 110), u(140, 250))
    texture = sheet + (ink - sheet) * mask
    if rng.random() < 0.4:
        texture = texture * (1 + (field(*texture.shape, u(2, 20), rng) - 0.5) * u(0, 0.6))
    return texture
