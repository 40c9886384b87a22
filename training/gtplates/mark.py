"""Corners of the training pictures from their labelled boxes, and sheets to judge them by eye."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import torch

from .evaluate import overlap
from .geometry import READER_VIEW, straighten
from .models import Models
from .pictures import BELIEVED, CACHE, QUAD_COLUMNS, SETS, box_corners, corners_file, luma, training_pictures
from .sheets import sheet

COLUMNS = 11


def mark(models: Models) -> None:
    """Writes corners.csv (kept outside the repository) and one sheet per set; disbelieved ones carry a white bar."""
    with corners_file().open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["set", "file", "x", "y", "w", "h", "iou", *QUAD_COLUMNS])
        for name in SETS:
            cells = []
            for picture in training_pictures((name,)):
                full = luma(picture.file)
                for plate in picture.plates:
                    corners = models.refine(full, box_corners(plate.box))
                    agree = round(float(overlap(corners, plate.box)), 3)
                    table.writerow([name, picture.file.name, *plate.box, agree, *np.round(corners.ravel(), 1)])
                    cells.append(_cell(full, corners, agree >= BELIEVED[name]))
            sheet(cells, CACHE / f"sheet-{name}.png", COLUMNS)
            print(f"{name}: {len(cells)} plates, look at {CACHE / f'sheet-{name}.png'}")


def _cell(full: np.ndarray, corners: np.ndarray, believed: bool) -> np.ndarray:
    view = straighten(torch.from_numpy(full).float()[None, None], torch.from_numpy(corners)[None], READER_VIEW)
    cell = cv2.copyMakeBorder(view[0, 0].numpy().clip(0, 255).astype(np.uint8), 6, 2, 2, 2, cv2.BORDER_CONSTANT)
    if not believed:
        cell[:5] = 255
    return cell
