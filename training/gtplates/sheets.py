"""Cells of pictures side by side, to be looked at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def sheet(cells: list[np.ndarray], path: Path, columns: int) -> None:
    """One picture of equal cells, row by row; of no cells none."""
    if not cells:
        return
    cells = cells + [np.zeros_like(cells[0])] * (-len(cells) % columns)
    cv2.imwrite(str(path), np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]))


def about(full: np.ndarray, corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A place in its surroundings, half as wide as the cell."""
    scale, middle = size[0] / 2 / max(float(np.ptp(corners[:, 0])), 12.0), corners.mean(0)
    matrix = np.float32([[scale, 0, size[0] / 2 - middle[0] * scale], [0, scale, size[1] / 2 - middle[1] * scale]])
    return cv2.warpAffine(full, matrix, size, flags=cv2.INTER_LINEAR)


def captioned(cell: np.ndarray, text: str) -> np.ndarray:
    cell = cell.copy()
    cv2.putText(cell, text, (2, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.38, 255, 1)
    return cell
