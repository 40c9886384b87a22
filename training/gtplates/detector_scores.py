"""The exported detector on labelled whole pictures: found against boxes beside the label, by threshold and by width."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .detector_judge import Tally, curve, found_at, tally
from .models import Models
from .pictures import Picture, box_corners, luma
from .score import Score
from .sheets import about, captioned, sheet

LEAST = 0.05
ALLOWED = 0.3  # boxes a picture beside the label
WIDTHS = ((0, 60), (60, 90), (90, 130), (130, 200), (200, 5000))
NOWHERE = np.zeros((0, 4, 2), np.float32)
CELL, COLUMNS = (150, 84), 10


def tallies_of(models: Models, pictures: list[Picture]) -> list[Tally]:
    made = []
    for picture in pictures:
        found = models.detect(luma(picture.file), LEAST)
        corners = np.array([one.corners for one in found], np.float32).reshape(-1, 4, 2)
        labelled = np.array([box_corners(plate.box) for plate in picture.plates], np.float32)
        made.append(tally(corners, np.array([one.score for one in found], np.float32), labelled, NOWHERE))
    return made


def found_by_threshold(tallies: list[Tally]) -> list[Score]:
    count = sum(len(t.found) for t in tallies)
    return [Score(f"threshold {t}: {beside:.2f} boxes a picture beside the label", round(found * count), count) for t, found, beside in curve(tallies)]


def found_by_width(tallies: list[Tally]) -> list[Score]:
    """At the threshold that leaves the allowed boxes beside the label."""
    threshold, _ = found_at(tallies, ALLOWED)
    found, widths = np.concatenate([t.found for t in tallies]), np.concatenate([t.widths for t in tallies])
    scores = []
    for low, high in WIDTHS:
        part = found[(widths >= low) & (widths < high)]
        if len(part):
            scores.append(Score(f"threshold {threshold:.2f} ({ALLOWED} beside), {low}–{high} px", int((part >= threshold).sum()), len(part)))
    return scores


def sheet_of_beside(models: Models, pictures: list[Picture], threshold: float, path: Path) -> int:
    """What was found beside the labels, numbered, to be told by eye into plates that nobody boxed and mistakes."""
    cells = []
    for picture in pictures:
        full = luma(picture.file)
        labelled = np.array([box_corners(plate.box) for plate in picture.plates], np.float32)
        for one in models.detect(full, threshold):
            if not len(tally(one.corners[None], np.float32([one.score]), labelled, NOWHERE).beside):
                continue
            cells.append(captioned(about(full, one.corners, CELL), f"{len(cells)}: {one.score:.2f}"))
    sheet(cells, path, COLUMNS)
    return len(cells)
