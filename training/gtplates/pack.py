"""One folder with all that a training on a machine without the pictures needs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch

from .glyphs import PLAIN_FONTS
from .picture_pack import write_pack
from .pictures import CACHE, training_pictures
from .seats import pack as pack_seats

BEGIN_FROM = ("reader", "refiner")


def pack(folder: Path, others: list[np.ndarray], font_folders: list[Path]) -> None:
    pack_seats(training_pictures(), others, folder / "reader")
    write_pack(folder / "detector")
    (folder / "fonts").mkdir(exist_ok=True)
    for file in {file for fonts in font_folders for pattern in PLAIN_FONTS for file in fonts.rglob(pattern)}:
        shutil.copy(file, folder / "fonts" / file.name)
    (folder / "start").mkdir(exist_ok=True)
    for name in BEGIN_FROM:
        state = torch.load(CACHE / "checkpoints" / f"{name}.pt", map_location="cpu", weights_only=True)
        torch.save({"average": state["average"]}, folder / "start" / f"{name}.pt")
