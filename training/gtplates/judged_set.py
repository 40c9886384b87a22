"""Drawn scenes that no training sees, photographed by the processor's camera and coded by FFmpeg itself: trainers only imitate its coders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .glyphs import CHARACTERS
from .models import Models
from .pictures import CACHE, Picture, box_corners
from .plate import Fonts
from .scene import Shot, Surroundings, shots
from .score import Score
from .trial import Trial

BLOCK, NEW_FONTS_AFTER = 64, 4
# Two rows have characters as large as a car's plate 1/0.62 times as wide.
TWO_ROWS = 0.62
WIDTHS = ((15, 30), (30, 45), (45, 60), (60, 80), (80, 100), (100, 300))
TENTHS = 10


def judged_file() -> Path:
    return CACHE / "judged.npz"


def draw(pictures: list[Picture], others: list[np.ndarray], font_folders: list[Path], count: int, seed: int) -> None:
    taken: list[Shot] = []
    while len(taken) < count:
        rng = np.random.default_rng([seed, len(taken)])
        fonts, around = Fonts(rng, font_folders, 24), Surroundings(pictures, others, rng, 60)
        for _ in range(NEW_FONTS_AFTER):
            taken += shots(fonts, around, BLOCK, rng)
        write(taken[:count])
        print(f"{min(len(taken), count)} of {count}", flush=True)


def write(taken: list[Shot]) -> None:
    texts = [[CHARACTERS.index(c) for c in shot.text] if shot.text else [0] * 7 for shot in taken]
    np.savez(
        judged_file(), luma=np.stack([s.luma for s in taken]), corners=np.stack([s.corners for s in taken]), texts=np.uint8(texts),
        plate=[s.text is not None for s in taken], layout=[s.layout for s in taken], dark=[s.dark for s in taken], coded=[s.coded for s in taken],
    )


@dataclass
class Judged:
    """What came of each: `wide` in pixels (of a car's plate with as large characters), 0 where there is no plate."""

    right: np.ndarray
    sure: np.ndarray
    wide: np.ndarray
    layout: np.ndarray
    dark: np.ndarray
    coded: np.ndarray


def judge(models: Models | Trial) -> Judged:
    """From the upright box to the text: refined, then read."""
    kept = np.load(judged_file())
    luma, corners, texts, plate, layout = (kept[name] for name in ("luma", "corners", "texts", "plate", "layout"))
    right, sure = np.zeros(len(luma), bool), np.zeros(len(luma))
    for i, (picture, quad) in enumerate(zip(luma, corners)):
        low, high = (quad.min(0), quad.max(0)) if plate[i] else (np.float32([68, 44]), np.float32([188, 84]))
        reading, sure[i] = models.read(picture, models.refine(picture, box_corners((*low, *(high - low)))))
        right[i] = plate[i] and reading.text == "".join(CHARACTERS[j] for j in texts[i])
    wide = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1) / np.where(layout >= 2, TWO_ROWS, 1.0)
    return Judged(right, sure, np.where(plate, wide, 0), layout, kept["dark"], kept["coded"])


def by_light_and_width(judged: Judged) -> list[Score]:
    scores = []
    for light, of in (("by day", ~judged.dark), ("night and infrared", judged.dark)):
        for low, high in WIDTHS:
            part = judged.right[of & (judged.wide >= low) & (judged.wide < high)]
            scores += [Score(f"{light}, {low}–{high} px", int(part.sum()), len(part))] if len(part) else []
    large = judged.wide >= 60
    for title, of in (("coded by FFmpeg, from 60 px", judged.coded), ("not coded, from 60 px", ~judged.coded)):
        part = judged.right[large & of]
        scores += [Score(title, int(part.sum()), len(part))] if len(part) else []
    return scores


def reliability(judged: Judged) -> list[Score]:
    """Shares of right readings by tenths of what was told: plates of all widths, and things that are none."""
    order = judged.sure.argsort()
    parts = np.array_split(order, TENTHS)
    return [Score(f"told {judged.sure[part].mean():.3f}", int(judged.right[part].sum()), len(part)) for part in parts]
