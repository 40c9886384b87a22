"""How large frames are best searched: photographed plates at known widths in frames of 1080p and 4K, by sizes of the detector's input."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import cv2
import numpy as np

from .detector_judge import Tally, tally
from .models import USUAL_PIXELS, Found, Models, scaled_size
from .pictures import Picture, box_corners, luma
from .score import Score

FRAMES = {"1080p": (1920, 1080), "4K": (3840, 2160)}
WIDTHS = (25, 35, 50, 70, 100, 150)
PASTED = 6  # a frame; each in a cell of its own, 3 × 2 of them
THRESHOLD, SAME = 0.5, 0.4
WAYS = {"640": (1.0,), "960": (2.25,), "1280": (4.0,), "1920": (9.0,), "640 and 1280": (1.0, 4.0), "640 and 1920": (1.0, 9.0)}
NOWHERE = np.zeros((0, 4, 2), np.float32)


def compose(pictures: list[Picture], ground: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A frame over `ground`, with pictures shrunk so that their plates have the widths asked for; and the plates' boxes as corners."""
    frame, quads = cv2.resize(ground, size, interpolation=cv2.INTER_CUBIC), []
    cell = (size[0] // 3, size[1] // 2)
    for place, picture in enumerate(pictures):
        full, plate = luma(picture.file), picture.plates[0]
        scale = min(WIDTHS[rng.integers(len(WIDTHS))] / plate.box[2], cell[0] / full.shape[1], cell[1] / full.shape[0], 1.0)
        small = cv2.resize(full, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        h, w = small.shape
        x = place % 3 * cell[0] + int(rng.integers(0, cell[0] - w + 1))
        y = place // 3 * cell[1] + int(rng.integers(0, cell[1] - h + 1))
        frame[y : y + h, x : x + w] = small
        quads.append(box_corners(plate.box) * scale + np.float32([x, y]))
    return frame, np.float32(quads)


def search(models: Models, frame: np.ndarray, areas: tuple[float, ...], threshold: float = THRESHOLD) -> list[Found]:
    """One look an area (as a share of the detector's usual one); of overlapping finds the best is kept."""
    height, width = frame.shape
    found = [one for area in areas for one in models.detect(frame, threshold, scaled_size(width, height, area * USUAL_PIXELS))]
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: -one.score):
        low, high = one.corners.min(0), one.corners.max(0)
        if all(shared(low, high, other.corners) < SAME for other in kept):
            kept.append(one)
    return kept


def shared(low: np.ndarray, high: np.ndarray, other: np.ndarray) -> float:
    """Shared area as a share of the smaller one: a plate found with its surroundings is the same plate."""
    a, b = other.min(0), other.max(0)
    both = (np.minimum(high, b) - np.maximum(low, a)).clip(min=0).prod()
    return float(both / max(1e-6, min((high - low).prod(), (b - a).prod())))


@dataclass
class Way:
    tallies: list[Tally] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def compare(models: Models, pictures: list[Picture], grounds: list[np.ndarray], frames: int, seed: int = 0) -> dict[str, list[Score]]:
    made = {}
    for name, size in FRAMES.items():
        rng, ways = np.random.default_rng(seed), {way: Way() for way in WAYS}
        for _ in range(frames):
            chosen = [pictures[i] for i in rng.choice(len(pictures), PASTED, replace=False)]
            frame, quads = compose(chosen, grounds[rng.integers(len(grounds))], size, rng)
            for way, areas in WAYS.items():
                begun = time.process_time()
                found = search(models, frame, areas)
                ways[way].milliseconds.append(1000 * (time.process_time() - begun))
                corners = np.float32([one.corners for one in found]).reshape(-1, 4, 2)
                ways[way].tallies.append(tally(corners, np.float32([one.score for one in found]), quads, NOWHERE))
        for way, seen in ways.items():
            made[f"{name}, {way}: {np.median(seen.milliseconds):.0f} ms, {np.mean([len(t.beside) for t in seen.tallies]):.2f} beside"] = _by_width(seen)
    return made


def _by_width(seen: Way) -> list[Score]:
    found, widths = np.concatenate([t.found for t in seen.tallies]), np.concatenate([t.widths for t in seen.tallies])
    scores = []
    for low, high in zip(WIDTHS, (*WIDTHS[1:], 10_000)):
        part = found[(widths >= low - 0.5) & (widths < high - 0.5)]
        scores += [Score(f"{low}–{high} px", int((part >= THRESHOLD).sum()), len(part))] if len(part) else []
    return scores
