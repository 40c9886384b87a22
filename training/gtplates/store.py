"""A ring of patches on disk that a renderer keeps overwriting while trainers read from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .glyphs import CHARACTERS
from .scene import PATCH_H, PATCH_W, Shot

EMPTY, PLATE, NEGATIVE = 0, 1, 2


@dataclass
class Store:
    luma: np.ndarray  # (n, PATCH_H, PATCH_W) u8
    corners: np.ndarray  # (n, 4, 2) f32
    labels: np.ndarray  # (n, 9) u8: seven characters, layout class, kind

    def put(self, index: int, shot: Shot) -> None:
        self.labels[index, 8] = EMPTY
        self.luma[index] = shot.luma
        self.corners[index] = shot.corners
        self.labels[index, :7] = [CHARACTERS.index(c) for c in shot.text] if shot.text else 0
        self.labels[index, 7] = shot.layout
        self.labels[index, 8] = PLATE if shot.text else NEGATIVE

    def filled(self) -> np.ndarray:
        return np.nonzero(self.labels[:, 8] != EMPTY)[0]


def open_store(folder: Path, count: int | None = None) -> Store:
    """Opened for writing when `count` is given (made when it is not there), else for reading."""
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {"luma": ((PATCH_H, PATCH_W), np.uint8), "corners": ((4, 2), np.float32), "labels": ((9,), np.uint8)}
    parts = {}
    for name, (shape, kind) in shapes.items():
        path = folder / f"{name}.bin"
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        n = count or path.stat().st_size // size
        mode = "r" if count is None else "r+" if path.exists() and path.stat().st_size == n * size else "w+"
        parts[name] = np.memmap(path, kind, mode, shape=(n, *shape))
    return Store(**parts)
