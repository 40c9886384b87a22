"""The licensed training pictures in one small file, so that a machine with a GPU trains without the sample folder.

Only `train/` goes in. Sealed plates are painted over before anything is written: what a pack holds may be trained on.
"""

from __future__ import annotations

import csv
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from .pictures import CACHE, SETS, Picture, box_corners, luma, negative_pictures, quad_of, training_pictures

# WebP: JPEG needs 1.6 times the bytes for luma as good.
LONGEST, QUALITY = 960, 70
HELD_OUT_SHARE = 0.1
UNKNOWN_ROWS = -1
SOLID_FILE, INDEX_FILE = "pictures.bin", "pictures.json"


@dataclass
class PackedPlate:
    """`believed`: the corners were checked against the box; else they are the upright box itself."""

    corners: np.ndarray
    believed: bool
    rows: int
    sealed: bool = False


@dataclass
class PackedPicture:
    set: str
    name: str
    held_out: bool
    luma: np.ndarray
    plates: list[PackedPlate] = field(default_factory=list)
    maybe: list[np.ndarray] = field(default_factory=list)
    """Where a plate may be that nobody boxed: neither taught nor counted."""
    look_alikes: list[np.ndarray] = field(default_factory=list)
    """What an earlier detector took for a plate and is none."""


def unboxed_file() -> Path:
    return CACHE / "unboxed.csv"


def _unboxed() -> dict[tuple[str, str], list[tuple[str, np.ndarray]]]:
    """What `unboxed` wrote: finds of an earlier detector beside the boxes, told apart into `maybe` (a plate) and `none`."""
    found: dict[tuple[str, str], list[tuple[str, np.ndarray]]] = {}
    if unboxed_file().exists():
        for row in csv.DictReader(unboxed_file().open()):
            found.setdefault((row["set"], row["file"]), []).append((row["kind"], quad_of(row)))
    return found


def _held_out(picture: Picture) -> bool:
    """By the plate's text where it is known: one car is photographed several times in classifieds."""
    key = min((plate.text for plate in picture.plates if plate.text), default=picture.file.name)
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) < HELD_OUT_SHARE * 2**32


def _covered(picture: np.ndarray, box: tuple[int, int, int, int]) -> None:
    x, y, w, h = box
    area = picture[max(0, y - h // 4) : y + h + h // 4, max(0, x - w // 10) : x + w + w // 10]
    area[:] = np.median(area)


def _rows(text: str | None, box: tuple[int, int, int, int]) -> int:
    # Every plate of the sets whose text is known stands in one row; so does a wide box.
    return 0 if text or box[2] > 2.3 * box[3] else UNKNOWN_ROWS


def _packed(picture: Picture, unboxed: list[tuple[str, np.ndarray]]) -> PackedPicture:
    full = luma(picture.file)
    scale = min(1.0, LONGEST / max(full.shape))
    for plate in picture.plates:
        if plate.sealed:
            _covered(full, plate.box)
    small = cv2.resize(full, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else full
    plates = [
        PackedPlate((p.corners if p.corners is not None else box_corners(p.box)) * scale, p.corners is not None, _rows(p.text, p.box), p.sealed)
        for p in picture.plates
    ]
    regions = {kind: [quad * scale for k, quad in unboxed if k == kind] for kind in ("maybe", "none")}
    return PackedPicture(picture.set, picture.file.name, _held_out(picture), small, plates, regions["maybe"], regions["none"])


def _record(picture: PackedPicture, begin: int, end: int) -> dict:
    quads = lambda group: [np.round(quad, 1).tolist() for quad in group]  # noqa: E731
    return {
        "set": picture.set, "name": picture.name, "held_out": picture.held_out, "bytes": [begin, end],
        "plates": [{"corners": np.round(p.corners, 2).tolist(), "believed": p.believed, "rows": p.rows, "sealed": p.sealed} for p in picture.plates],
        "maybe": quads(picture.maybe), "look_alikes": quads(picture.look_alikes),
    }


def write_pack(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    unboxed, records, position = _unboxed(), [], 0
    pictures = training_pictures(SETS) + negative_pictures()
    with (folder / SOLID_FILE).open("wb") as solid:
        for picture in pictures:
            packed = _packed(picture, unboxed.get((picture.set, picture.file.name), []))
            _, coded = cv2.imencode(".webp", packed.luma, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
            solid.write(coded.tobytes())
            records.append(_record(packed, position, position + len(coded)))
            position += len(coded)
    (folder / INDEX_FILE).write_text(json.dumps(records))
    plates = sum(len(r["plates"]) for r in records)
    print(f"{len(records)} pictures, {plates} plates, {sum(r['held_out'] for r in records)} pictures held out, {position / 1e6:.1f} MB in {folder}")


def read_pack(folder: Path) -> list[PackedPicture]:
    solid = (folder / SOLID_FILE).read_bytes()

    def unpacked(record: dict) -> PackedPicture:
        picture = cv2.imdecode(np.frombuffer(solid[slice(*record["bytes"])], np.uint8), cv2.IMREAD_GRAYSCALE)
        plates = [PackedPlate(np.float32(p["corners"]), p["believed"], p["rows"], p["sealed"]) for p in record["plates"]]
        regions = [[np.float32(quad) for quad in record[group]] for group in ("maybe", "look_alikes")]
        return PackedPicture(record["set"], record["name"], record["held_out"], picture, plates, *regions)

    with ThreadPoolExecutor() as threads:
        return list(threads.map(unpacked, json.loads((folder / INDEX_FILE).read_text())))
