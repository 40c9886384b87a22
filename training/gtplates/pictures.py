"""The licensed pictures: where they are, what their labels say, and their corners as marked by `mark`."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from .plate import PATTERNS

CACHE = Path(os.environ.get("GT_TRAINING", Path.home() / ".cache" / "gt-vision-training"))
SETS = ("classifieds", "barra-do-pirai", "alagoas", "open-images", "road-camera", "robertlucian")
# Hand-made boxes and corners found by the refiner agree this much, or the corners are not believed.
BELIEVED = {"classifieds": 0.6, "barra-do-pirai": 0.6, "alagoas": 0.6, "open-images": 0.8, "road-camera": 0.75, "robertlucian": 0.75}


def samples() -> Path:
    """The folder of pictures; `GT_SAMPLES` names it as for the tests of the product."""
    root = os.environ.get("GT_SAMPLES")
    if not root:
        raise SystemExit("GT_SAMPLES is not set: it names the folder that holds lpr/train and lpr/validation")
    return Path(root) / "lpr"


@dataclass
class Labelled:
    box: tuple[int, int, int, int]
    text: str | None = None
    layout: str | None = None
    quality: str = ""
    corners: np.ndarray | None = None
    sealed: bool = False


@dataclass
class Picture:
    set: str
    file: Path
    plates: list[Labelled] = field(default_factory=list)


def matches(text: str, layout: str) -> bool:
    sets = {"L": str.isalpha, "D": str.isdigit}
    return len(text) == 7 and all(sets[k](c) for k, c in zip(PATTERNS[layout], text))


def layout_of(text: str) -> str | None:
    return next((layout for layout in PATTERNS if matches(text, layout)), None)


def _texts(folder: Path) -> dict[int, tuple[str, bool]]:
    """classifieds' texts by row of labels.csv; the sealed ones (and each repeat of such a plate) are for testing only."""
    path = folder / "text.csv"
    if not path.exists():
        return {}
    rows = list(csv.DictReader(path.open()))
    sealed = {row["text"] for row in rows if row["eval77"] == "1"}
    return {int(row["row"]): (row["text"], row["text"] in sealed) for row in rows}


QUAD_COLUMNS = [f"{axis}{i}" for i in range(4) for axis in "xy"]


def quad_of(row: dict[str, str]) -> np.ndarray:
    return np.array([float(row[name]) for name in QUAD_COLUMNS], np.float32).reshape(4, 2)


def corners_file() -> Path:
    return CACHE / "corners.csv"


def _corners() -> dict[tuple[str, str, str], np.ndarray]:
    if not corners_file().exists():
        return {}
    found = {}
    for row in csv.DictReader(corners_file().open()):
        if float(row["iou"]) >= BELIEVED[row["set"]]:
            found[row["set"], row["file"], f"{row['x']},{row['y']}"] = quad_of(row)
    return found


def training_pictures(sets: tuple[str, ...] = SETS) -> list[Picture]:
    """Every boxed picture of train/; the parts without a plate come from `negatives`."""
    corners, pictures = _corners(), []
    for name in sets:
        folder, by_file = samples() / "train" / name, {}
        texts = _texts(folder)
        for index, row in enumerate(csv.DictReader((folder / "labels.csv").open())):
            picture = by_file.setdefault(row["file"], Picture(name, folder / row["file"]))
            if not row["w"]:
                continue
            text, sealed = texts.get(index, (row.get("plate") or None, False))
            if name == "barra-do-pirai" and row.get("quality") == "hard" and text and layout_of(text) is None:
                text = None
            box = tuple(int(float(row[k])) for k in "xywh")
            known = layout_of(text) if text else None
            plate = Labelled(box, text if known else None, known, row.get("quality") or "", None, sealed)
            plate.corners = corners.get((name, row["file"], f"{box[0]},{box[1]}"))
            picture.plates.append(plate)
        pictures += by_file.values()
    return pictures


def negative_pictures() -> list[Picture]:
    return [Picture("negatives", file) for file in sorted((samples() / "train" / "negatives").glob("*.jpg"))]


def validation_pictures() -> list[Picture]:
    """For choosing between networks; nothing that trains may call this."""
    folder, pictures = samples() / "validation" / "barra-do-pirai", []
    for row in csv.DictReader((folder / "labels.csv").open()):
        plate = Labelled(tuple(int(row[k]) for k in "xywh"), row["plate"], row["layout"], row["quality"])
        pictures.append(Picture("validation", folder / row["file"], [plate]))
    return pictures


def luma(file: Path, largest: int | None = None) -> np.ndarray:
    picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if largest and max(picture.shape) > largest:
        scale = largest / max(picture.shape)
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return picture


def box_corners(box: tuple[int, int, int, int]) -> np.ndarray:
    x, y, w, h = box
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
