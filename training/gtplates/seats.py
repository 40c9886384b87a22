"""Real plates with their surroundings in one small file: read again under other poses, and covered by drawn ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from .glyphs import CHARACTERS
from .pictures import SETS, Picture, luma

SEAT_W, SEAT_H = 384, 192
LARGEST_PLATE = np.float32([205, 105])
QUALITY = 87
TILES_A_PICTURE = 7
UNKNOWN = 255
FOREIGN = ("robertlucian", "open-images")
FILE = "seats.npz"


def _cut(full: np.ndarray, corners: np.ndarray, middle: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """A window of the seat's size about `middle`; beyond the picture its edge is repeated."""
    if scale < 0.7:
        shrink = scale / 0.7
        full = cv2.resize(full, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        # Whole-number pixel centres: (x + 0.5) scales, not x.
        corners, middle, scale = (corners + 0.5) * shrink - 0.5, (middle + 0.5) * shrink - 0.5, 0.7
    shift = np.float32([SEAT_W, SEAT_H]) / 2 - middle * scale
    matrix = np.float32([[scale, 0, shift[0]], [0, scale, shift[1]]])
    picture = cv2.GaussianBlur(full, (0, 0), 0.45) if scale < 0.9 else full
    return cv2.warpAffine(picture, matrix, (SEAT_W, SEAT_H), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), corners * scale + shift


def pack(pictures: list[Picture], others: list[np.ndarray], folder: Path) -> None:
    """Believed corners only; sealed plates stay out altogether."""
    coded, corners, texts, layouts, sets = [], [], [], [], []

    def put(cut: np.ndarray, quad: np.ndarray, text: str | None, layout: int, origin: int) -> None:
        coded.append(cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].ravel())
        corners.append(quad)
        texts.append([CHARACTERS.index(c) for c in text] if text else [UNKNOWN] * 7)
        layouts.append(layout)
        sets.append(origin)

    for picture in pictures:
        if any(plate.sealed for plate in picture.plates):
            continue
        full = luma(picture.file)
        for plate in picture.plates:
            if plate.corners is not None:
                scale = min(1.0, float((LARGEST_PLATE / np.ptp(plate.corners, axis=0)).min()))
                cut, quad = _cut(full, plate.corners, plate.corners.mean(0), scale)
                text = plate.text if plate.text and plate.layout else None
                put(cut, quad, text, int(plate.layout == "mercosul"), SETS.index(picture.set))
    rng = np.random.default_rng(0)
    for full in others:
        for _ in range(TILES_A_PICTURE):
            scale = float(np.exp(rng.uniform(np.log(0.45), 0)))
            height, width = full.shape
            middle = np.float32([rng.uniform(0.25, 0.75) * width, rng.uniform(0.25, 0.75) * height])
            put(_cut(full, np.zeros((4, 2), np.float32), middle, scale)[0], np.full((4, 2), np.nan, np.float32), None, 0, len(SETS))
    folder.mkdir(parents=True, exist_ok=True)
    ends = np.cumsum([len(c) for c in coded])
    np.savez(
        folder / FILE, coded=np.concatenate(coded), ends=ends, corners=np.float32(corners),
        texts=np.uint8(texts), layouts=np.uint8(layouts), sets=np.uint8(sets),
    )
    print(f"{folder / FILE}: {len(coded)} seats, {sum(t[0] != UNKNOWN for t in texts)} with text, {(folder / FILE).stat().st_size} bytes")


@dataclass
class Seats:
    luma: Tensor  # (n, 1, SEAT_H, SEAT_W) u8
    corners: Tensor  # (n, 4, 2)
    texts: Tensor  # (n, 7)
    layouts: Tensor
    plates: Tensor  # indices of all seats with a plate
    tiles: Tensor  # of those without
    read: list[Tensor]  # of those with a text, one list per set, so that a large set does not crowd out the others
    foreign: Tensor  # plates of other countries: not to be read


def load(folder: Path, device: torch.device | str) -> Seats:
    kept = np.load(folder / FILE)
    pictures = [cv2.imdecode(part, cv2.IMREAD_GRAYSCALE) for part in np.split(kept["coded"], kept["ends"][:-1])]
    sets, known = kept["sets"], kept["texts"][:, 0] != UNKNOWN

    def where(mask: np.ndarray) -> Tensor:
        return torch.from_numpy(np.nonzero(mask)[0]).to(device)

    return Seats(
        torch.from_numpy(np.stack(pictures))[:, None].to(device),
        torch.from_numpy(kept["corners"]).to(device),
        torch.from_numpy(kept["texts"].astype(np.int64)).to(device),
        torch.from_numpy(kept["layouts"].astype(np.int64)).to(device),
        where(sets < len(SETS)),
        where(sets == len(SETS)),
        [where(known & (sets == i)) for i in range(len(SETS)) if (known & (sets == i)).any()],
        where(~known & np.isin(sets, [SETS.index(name) for name in FOREIGN])),
    )
