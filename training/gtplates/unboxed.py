"""Places in the training pictures where a plate may stand that nobody boxed, and what a detector takes for a plate and is none.

The networks find and suggest; who looks at the sheets decides, and corrects `kind` in the file. Corners of real pictures: kept outside the repository.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .large_frames import SAME, search, shared
from .models import Found, Models
from .pictures import QUAD_COLUMNS, Picture, box_corners, luma, negative_pictures, quad_of, training_pictures
from .sheets import about, captioned, sheet

COLUMNS = ["set", "file", "kind", "score", *QUAD_COLUMNS]
AREAS = (1.0, 1.6**2)  # of the detector's usual input: small plates at the roadside too
LEAST = 0.35
# Where many plates have no box, whatever is found is likelier a plate than not.
PARTLY_BOXED = {"robertlucian": 0.3}
# Suggested from: of what an eye had called plates in the sets of Brazil these found three in five, with one in thirteen of the rest.
SCORED, READ = 0.5, 0.02
CELL, ACROSS, ON_SHEET = (150, 84), 10, 200

Row = dict[str, str]


@dataclass
class Place:
    row: Row
    cell: np.ndarray


def _kind(models: Models, picture: Picture, full: np.ndarray, found: Found) -> str:
    if picture.set == "negatives":
        return "none"
    if picture.set in PARTLY_BOXED or found.score >= SCORED:
        return "maybe"
    return "maybe" if models.read(full, models.refine(full, found.corners))[1] >= READ else "none"


def places(models: Models, picture: Picture, known: list[np.ndarray]) -> list[Place]:
    """What is found on nothing labelled and on nothing that is `known` already."""
    full = luma(picture.file)
    taken = [box_corners(plate.box) for plate in picture.plates] + known
    made = []
    for found in search(models, full, AREAS, PARTLY_BOXED.get(picture.set, LEAST)):
        low, high = found.corners.min(0), found.corners.max(0)
        if any(shared(low, high, other) >= SAME for other in taken):
            continue
        kind = _kind(models, picture, full, found)
        corners = {name: f"{value:.1f}" for name, value in zip(QUAD_COLUMNS, found.corners.ravel())}
        row = {"set": picture.set, "file": picture.file.name, "kind": kind, "score": f"{found.score:.3f}"} | corners
        made.append(Place(row, about(full, found.corners, CELL)))
    return made


def read_rows(file: Path) -> list[Row]:
    if not file.exists():
        return []
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def keep_copy(file: Path) -> Path:
    """Beside it, under the first number that is free."""
    number = 1
    while (copy := file.with_stem(f"{file.stem}-{number}")).exists():
        number += 1
    shutil.copy2(file, copy)
    return copy


def write_rows(file: Path, rows: list[Row]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("w", newline="") as lines:
        table = csv.DictWriter(lines, COLUMNS, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    if file.exists():
        print(f"what was there is kept as {keep_copy(file)}")
    part.replace(file)


def _sheets(new: list[Place], first_line: int, folder: Path) -> list[Path]:
    """By kind; the number in a cell is the line of the file."""
    for stale in folder.glob("sheet-unboxed-*.png"):
        stale.unlink()
    made = []
    for kind in ("maybe", "none"):
        cells = [captioned(place.cell, f"{line}: {place.row['score']}") for line, place in enumerate(new, first_line) if place.row["kind"] == kind]
        for number, start in enumerate(range(0, len(cells), ON_SHEET), 1):
            made.append(folder / f"sheet-unboxed-{kind}-{number}.png")
            sheet(cells[start : start + ON_SHEET], made[-1], ACROSS)
    return made


def unboxed(models: Models, file: Path, afresh: bool) -> None:
    """What the file holds stays as it is (it was looked at), unless `afresh`; new finds come after it."""
    rows = [] if afresh else read_rows(file)
    new: list[Place] = []
    for picture in training_pictures() + negative_pictures():
        known = [quad_of(row) for row in rows if (row["set"], row["file"]) == (picture.set, picture.file.name)]
        new += places(models, picture, known)
    write_rows(file, rows + [place.row for place in new])
    kinds = [place.row["kind"] for place in new]
    print(f"{file}: {len(rows)} kept, new: {kinds.count('maybe')} maybe, {kinds.count('none')} none")
    for path in _sheets(new, len(rows) + 2, file.parent):
        print(f"look at {path}")
