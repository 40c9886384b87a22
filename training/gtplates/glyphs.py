"""The 36 characters as strokes written down here: no font file is needed and none is shipped.

A glyph is paths of `x,y[,roundness]` in a unit box (y down), `c` closes a path. Two families: the block letters of
old plates and the forgery-impeding ones of Mercosul. A bank is one random font: weight, width, roundness, joints.
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHARACTERS = DIGITS + LETTERS
GLYPH_HEIGHT = 84
Bank = dict[str, np.ndarray]

BLOCK: dict[str, list[str]] = {
    "0": ["0,0,1 1,0,1 1,1,1 0,1,1 c"],
    "1": [".12,.24 .55,0 .55,1", ".3,.12 .52,0 .52,1", ".5,0 .5,1", ".1,.2 .5,0 .5,1|.15,1 .85,1"],
    "2": ["0,.26 0,0,1 1,0,1 1,.45,.6 0,1 1,1", "0,.24 0,0,1 1,0,1 1,.5,1 0,.62,1 0,1 1,1"],
    "3": ["0,.22 0,0,1 1,0,1 1,.47,1 .4,.47|.4,.47 1,.47,1 1,1,1 0,1,1 0,.78", "0,0 1,0 .5,.4 1,.42,1 1,1,1 0,1,1 0,.78"],
    "4": [".75,1 .75,0 0,.7 1,.7", ".7,1 .7,0 .55,0 0,.66 0,.76 1,.76"],
    "5": [".95,0 .05,0 .02,.45 .5,.4,.4 1,.4,1 1,1,1 0,1,1 0,.8", ".95,0 .05,0 .05,.44 1,.44,1 1,1,1 0,1,1 0,.78"],
    "6": ["1,.2 1,0,1 0,0,1 0,1,1 1,1,1 1,.44,1 0,.44,1 0,.7", ".8,0 .3,.3,.5 0,.6,.6 0,1,1 1,1,1 1,.46,1 .1,.46,1"],
    "7": ["0,0 1,0 .35,1", "0,0 1,0 1,.2 .4,.6,.4 .4,1"],
    "8": [".06,0,1 .94,0,1 .94,.47,1 .06,.47,1 c|0,.47,1 1,.47,1 1,1,1 0,1,1 c"],
    "9": ["0,.8 0,1,1 1,1,1 1,0,1 0,0,1 0,.56,1 1,.56,1 1,.3", ".2,1 .7,.7,.5 1,.4,.6 1,0,1 0,0,1 0,.54,1 .9,.54,1"],
    "A": ["0,1 .5,0 1,1|.16,.7 .84,.7", "0,1 .42,0 .58,0 1,1|.16,.7 .84,.7", "0,1 0,.3 .3,0 .7,0 1,.3 1,1|0,.6 1,.6"],
    "B": ["0,.47 0,0 .92,0,1 .92,.47,1 0,.47|0,.47 1,.47,1 1,1,1 0,1 0,.47"],
    "C": ["1,.25 1,0,1 0,0,1 0,1,1 1,1,1 1,.75"],
    "D": ["0,0 1,0,1 1,1,1 0,1 c"],
    "E": ["1,0 0,0 0,1 1,1|0,.48 .85,.48"],
    "F": ["1,0 0,0 0,1|0,.48 .85,.48"],
    "G": ["1,.25 1,0,1 0,0,1 0,1,1 1,1,1 1,.53 .55,.53", "1,.22 1,0,1 0,0,1 0,1,1 1,1,1 1,.55 .5,.55|1,.7 1,1"],
    "H": ["0,0 0,1|1,0 1,1|0,.48 1,.48"],
    "I": [".5,0 .5,1", ".5,0 .5,1", ".1,0 .9,0|.5,0 .5,1|.1,1 .9,1"],
    "J": ["1,0 1,1,1 0,1,1 0,.74", ".5,0 1,0 1,1,1 0,1,1 0,.74"],
    "K": ["0,0 0,1|1,0 0,.6|.35,.4 1,1", "0,0 0,1|1,0 .3,.48 1,1|0,.48 .3,.48"],
    "L": ["0,0 0,1 1,1"],
    "M": ["0,1 0,0 .5,.55 1,0 1,1", "0,1 0,0 .5,.8 1,0 1,1", "0,1 .1,0 .5,.6 .9,0 1,1"],
    "N": ["0,1 0,0 1,1 1,0"],
    "O": ["0,0,1 1,0,1 1,1,1 0,1,1 c"],
    "P": ["0,1 0,0 1,0,1 1,.54,1 0,.54"],
    "Q": ["0,0,1 1,0,1 1,1,1 0,1,1 c|.55,.72 1.05,1.05", "0,0,1 1,0,1 1,1,1 0,1,1 c|.6,.8 .95,1.06"],
    "R": ["0,1 0,0 1,0,1 1,.5,1 0,.5|.45,.5 1,1", "0,1 0,0 1,0,1 1,.52,1 0,.52|.6,.52 .98,.7,.4 1,1"],
    "S": ["1,.24 1,0,1 0,0,1 0,.48,1 1,.48,1 1,1,1 0,1,1 0,.76"],
    "T": ["0,0 1,0|.5,0 .5,1"],
    "U": ["0,0 0,1,1 1,1,1 1,0"],
    "V": ["0,0 .5,1 1,0", "0,0 .42,1 .58,1 1,0", "0,0 0,.3 .5,1 1,.3 1,0"],
    "W": ["0,0 .22,1 .5,.3 .78,1 1,0", "0,0 0,1 .5,.45 1,1 1,0", "0,0 .12,1 .5,.4 .88,1 1,0"],
    "X": ["0,0 1,1|1,0 0,1"],
    "Y": ["0,0 .5,.5 1,0|.5,.5 .5,1", "0,0 .5,.44 1,0|.5,.44 .5,1", "0,0 .5,.62 1,0|.5,.62 .5,1"],
    "Z": ["0,0 1,0 0,1 1,1"],
}
FORGERY_IMPEDING: dict[str, list[str]] = BLOCK | {
    "0": [".66,0 .3,0,1 0,0,1 0,1,1 1,1,1 1,.14|.7,.2 .98,.02", ".6,0 0,0,1 0,1,1 1,1,1 1,.12,.3 .86,.05|.62,0 .78,.3", "0,0,1 1,0,1 1,1,1 0,1,1 c"],
    "1": [".12,.26 .5,0 .5,1|.12,1 .9,1", ".05,.3 .55,0 .55,1|.1,1 1,1"],
    "2": ["0,.26 0,0,1 1,0,1 1,.42,.6 0,1 1,1"],
    "3": [".02,0 1,0 .45,.4 .6,.38,.3 1,.42,1 1,1,1 0,1,1 0,.8", ".05,0 .95,0 .38,.42 1,.42,1 1,1,1 0,1,1"],
    "4": [".42,0 0,.7 1,.7|.74,.36 .74,1", ".5,0 .05,.72 1,.72|.72,.42 .72,1"],
    "6": [".78,0 .3,.32,.5 0,.6,.6 0,1,1 1,1,1 1,.44,1 .1,.44,1", ".7,0 .12,.45,.4 0,.7,1 0,1,1 1,1,1 1,.45,1 .2,.45,.6"],
    "8": [".12,0,1 .88,0,1 .88,.43,1 .12,.43,1 c|0,.43,1 1,.43,1 1,1,1 0,1,1 c"],
    "9": [".22,1 .7,.68,.5 1,.4,.6 1,0,1 0,0,1 0,.56,1 .9,.56,1", ".3,1 .88,.55,.4 1,.3,1 1,0,1 0,0,1 0,.55,1 .8,.55,.6"],
    "G": ["1,.2 1,0,1 0,0,1 0,1,1 1,1,1 1,.52 .5,.52", "1,.2 1,0,1 0,0,1 0,1,1 1,1 1,.54 .55,.54"],
    "I": [".1,0 .9,0|.5,0 .5,1|.1,1 .9,1"],
    "J": [".35,0 1,0 1,1,1 0,1,1 0,.78"],
    "K": ["0,0 0,1|1,0 0,.58|.35,.38 1,1", "0,0 0,1|.95,0 .05,.55 .4,.5,.3 1,1"],
    "M": ["0,1 0,0 .5,.5 1,0 1,1", "0,1 .04,0 .5,.42 .96,0 1,1"],
    "Q": ["0,0,1 1,0,1 1,1,1 0,1,1 c|.5,.7 1,1.12", "0,0,1 1,0,1 1,1,1 0,1,1 c|.62,.78 .92,1.1"],
    "R": ["0,1 0,0 1,0,1 1,.5,1 0,.5|.45,.5 1,1", "0,1 .06,0 1,0,1 1,.48,1 .1,.48|.5,.48 1,1"],
    "V": ["0,0 .45,1 .55,1 1,0", "0,0 .5,1 1,0"],
    "W": ["0,0 .2,1 .5,.4 .8,1 1,0", "0,0 .14,1 .3,1 .5,.45 .7,1 .86,1 1,0", "0,0 .08,1 .5,.5 .92,1 1,0"],
}
NARROW = {"1": 0.6, "I": 0.4, "J": 0.95}
PLAIN_FONTS = (
    "RG2014[BCDE].ttf", "OSP-DIN.ttf", "osifont.ttf", "DejaVuSansCondensed-Bold.ttf", "DejaVuSansMono-Bold.ttf",
    "LiberationSansNarrow-Bold.ttf", "LiberationSans-Bold.ttf", "LiberationMono-Bold.ttf", "RobotoCondensed-Bold.ttf",
    "Roboto-Bold.ttf", "FreeSansBold.ttf", "Lato-Bold.ttf", "Hack-Bold.ttf", "BebasNeue-[BR]*.otf",
)


def _paths(text: str) -> list[tuple[list[tuple[float, ...]], bool]]:
    paths = []
    for part in text.split("|"):
        words = part.split()
        closed = words[-1] == "c"
        paths.append(([tuple(map(float, word.split(","))) for word in (words[:-1] if closed else words)], closed))
    return paths


def _rounded(points: list[tuple[float, float, float]], closed: bool, radius: float) -> list[tuple[float, float]]:
    """Corners replaced by a quadratic curve of at most `radius` pixels along each side."""
    if not closed and len(points) < 3:
        return [point[:2] for point in points]
    line: list[tuple[float, float]] = []
    last = len(points) - 1
    for i, (x, y, roundness) in enumerate(points):
        if roundness == 0 or (not closed and i in (0, last)):
            line.append((x, y))
            continue
        before, after = points[i - 1], points[(i + 1) % len(points)]
        length_a = math.hypot(before[0] - x, before[1] - y) + 1e-6
        length_b = math.hypot(after[0] - x, after[1] - y) + 1e-6
        a, b = min(0.5, roundness * radius / length_a), min(0.5, roundness * radius / length_b)
        start = (x + (before[0] - x) * a, y + (before[1] - y) * a)
        end = (x + (after[0] - x) * b, y + (after[1] - y) * b)
        for t in np.linspace(0, 1, 7):
            k, m, n = (1 - t) ** 2, 2 * t * (1 - t), t * t
            line.append((k * start[0] + m * x + n * end[0], k * start[1] + m * y + n * end[1]))
    return line


def draw(spec: str, width: int, weight: float, roundness: float, rng: np.random.Generator, jitter: float) -> np.ndarray:
    """One glyph as alpha 0..255, GLYPH_HEIGHT high."""
    pad, height = int(weight) + 6, GLYPH_HEIGHT
    canvas = np.zeros((height + 2 * pad, width + 2 * pad), np.uint8)
    inner_w, inner_h = width - weight, height - weight
    for points, closed in _paths(spec):
        placed = [
            (
                p[0] * inner_w + weight / 2 + rng.normal() * jitter * width,
                p[1] * inner_h + weight / 2 + rng.normal() * jitter * height,
                p[2] if len(p) > 2 else 0.0,
            )
            for p in points
        ]
        line = np.array(_rounded(placed, closed, roundness * width)) + pad
        cv2.polylines(canvas, [np.round(line * 16).astype(np.int32)], closed, 255, max(1, round(weight)), cv2.LINE_AA, 4)
    return canvas[pad:-pad, pad:-pad]


def stroke_bank(family: dict[str, list[str]], rng: np.random.Generator) -> Bank:
    mercosul = family is FORGERY_IMPEDING
    weight = GLYPH_HEIGHT * rng.uniform(*((0.12, 0.19) if mercosul else (0.13, 0.24)))
    roundness, width = rng.uniform(0.28, 0.58), GLYPH_HEIGHT * rng.uniform(0.52, 0.72)
    jitter = rng.uniform(0, 0.02)
    bank = {}
    for character in CHARACTERS:
        variants = family[character]
        spec = variants[rng.integers(len(variants))]
        factor = 1.0 if mercosul else NARROW.get(character, 1.0)
        if character == "I" and "|" in spec and not mercosul:
            factor = 0.7
        if character in "MW":
            factor *= rng.uniform(1.0, 1.1 if mercosul else 1.3)
        round_letter = max(roundness, 0.42) if character in "OQ" else roundness
        bank[character] = draw(spec, int(width * factor), weight, round_letter, rng, jitter)
    return bank


def font_bank(path: Path) -> Bank | None:
    font, bank = ImageFont.truetype(str(path), 130), {}
    for character in CHARACTERS:
        sheet = Image.new("L", (300, 240))
        ImageDraw.Draw(sheet).text((70, 40), character, fill=255, font=font)
        pixels = np.array(sheet)
        ys, xs = np.where(pixels > 40)
        if len(ys) < 50:
            return None
        cut = pixels[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
        width = max(6, int(cut.shape[1] * GLYPH_HEIGHT / cut.shape[0]))
        bank[character] = cv2.resize(cut, (width, GLYPH_HEIGHT), interpolation=cv2.INTER_AREA)
    return bank


def font_banks(folders: list[Path]) -> list[Bank]:
    """Ordinary fonts that happen to be installed: variety, not a need. Without any the renderer draws strokes alone."""
    files = sorted({file for folder in folders for pattern in PLAIN_FONTS for file in folder.rglob(pattern)})
    return [bank for file in files if (bank := font_bank(file)) is not None]
