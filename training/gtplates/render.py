"""Samples as the trainings see them, with their labels: to be looked at and handed on. One seed gives the same bytes."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from . import invented
from .batched_scene import Looks, Origins, look_and_tell
from .batched_street import Streets, compose, photographed
from .dice import Dice
from .glyphs import CHARACTERS
from .picture_pack import read_pack
from .plate import LAYOUTS, Fonts
from .plate_bank import FLAT_H, FLAT_W, Flat, PlateBank, draw_once
from .scenery import MAYBE, PLATE, FlatPlates, Scenery
from .seats import UNKNOWN, load
from .sheets import sheet

KINDS = ("over a plate", "elsewhere", "of the picture", "foreign", "nothing")  # as batched_scene counts them
PATCHES_AT_ONCE, STREETS_AT_ONCE = 16, 4
INVENTED_STREETS = 40
WITHOUT_A_PACK = (
    "without --pack there are no real pictures: drawn plates lie on shades, panels and lettering, those \"of the picture\" are drawn too,"
    " and nothing is there that a detector took for a plate. Trainings see all of that"
)
CELLS = {"plates": (256, 150), "patches": (256, 128), "streets": (384, 230)}
ON_SHEET, SHEET_WIDTH = 96, 1600
GREEN, RED, YELLOW = (0, 220, 0), (0, 0, 255), (0, 220, 220)


@dataclass
class Variety:
    """How many drawn things samples are taken from: trainings have more, which takes minutes to draw."""

    bank: int = 1024
    plates: int = 400
    distractors: int = 200


@dataclass
class Sample:
    luma: np.ndarray
    label: dict


def _text(characters: Tensor) -> str | None:
    return None if characters[0] == UNKNOWN else "".join(CHARACTERS[i] for i in characters.tolist())


def _corners(quad: Tensor) -> list[list[float]]:
    return [[round(value, 2) for value in point] for point in quad.tolist()]


def _plate(quad: Tensor, text: str | None, layout: str | None, rows: int | None) -> dict:
    return {"text": text, "layout": layout, "rows": rows, "corners": _corners(quad), "width_px": round((quad[1] - quad[0]).norm().item(), 1)}


def _layout(number: Tensor) -> tuple[str, int]:
    return LAYOUTS[int(number) % 2], 1 + int(number) // 2


def flat_samples(flat: Flat) -> Iterator[Sample]:
    """Plates as the bank holds them, stretched to one size: `aspect` tells their true shape. Lettering among them is no plate."""
    edge = torch.tensor([[-0.5, -0.5], [FLAT_W - 0.5, -0.5], [FLAT_W - 0.5, FLAT_H - 0.5], [-0.5, FLAT_H - 0.5]])
    for i in range(len(flat.aspect)):
        plates = [_plate(edge, _text(flat.text[i]), *_layout(flat.layout[i]))] if flat.is_plate[i] else []
        label = {"kind": "plate" if plates else "lettering", "light": "infrared" if flat.infrared[i] else "day", "aspect": round(flat.aspect[i].item(), 4)}
        yield Sample(flat.flat[i, 0].byte().numpy(), label | {"plates": plates})


def patch_samples(looks: Looks, origins: Origins) -> Iterator[Sample]:
    """Photographs that reader and refiner look at. A plate without a text is one for the refiner alone."""
    for i in range(len(looks.luma)):
        plates = []
        if looks.has_corners[i]:
            text = _text(looks.text[i])
            plates = [_plate(looks.corners[i], text, *(_layout(looks.layout[i]) if text else (None, None)))]
        kind = "lettering" if origins.lettering[i] else KINDS[int(origins.kind[i])]
        label = {"kind": kind, "light": "dark" if origins.dark[i] else "day", "plates": plates}
        yield Sample(looks.luma[i, 0].byte().numpy(), label)


def street_samples(streets: Streets, drawn: FlatPlates) -> Iterator[Sample]:
    """What the detector looks at: `plates` are to be found, what is in `maybe` counts neither way. Only of drawn plates a text is known.

    Not `believed`: the corners are no more than the upright box that was labelled."""
    for i in range(len(streets.luma)):
        plates = []
        for j in (streets.status[i] == PLATE).nonzero().flatten().tolist():
            known, rows = int(streets.drawn[i, j]), int(streets.rows[i, j])
            written = (drawn.texts[known], drawn.layouts[known]) if known >= 0 else (None, None)
            plate = _plate(streets.corners[i, j], *written, 1 + rows if rows >= 0 else None)
            plates.append(plate | {"kind": "drawn" if known >= 0 else "of the picture", "believed": bool(streets.believed[i, j])})
        maybe = [_corners(quad) for quad in streets.corners[i, streets.status[i] == MAYBE]]
        yield Sample(streets.luma[i, 0].byte().numpy(), {"light": "dark" if streets.dark[i] else "day", "plates": plates, "maybe": maybe})


def _bank(rooms: int, seed: int, font_folders: list[Path]) -> PlateBank:
    with tempfile.TemporaryDirectory() as folder:
        draw_once(Path(folder), rooms, 1, seed, font_folders)
        return PlateBank(Path(folder), "cpu", still=True)


def _flats(count: int, seed: int, font_folders: list[Path]) -> Iterator[Sample]:
    bank = _bank(count, seed, font_folders)
    yield from flat_samples(Flat(bank.flat, bank.aspect, bank.labels.long()))


def _patches(seed: int, pack: Path | None, font_folders: list[Path], variety: Variety) -> Iterator[Sample]:
    bank, generator = _bank(variety.bank, seed, font_folders), torch.Generator().manual_seed(seed)
    seats = load(pack / "reader", "cpu") if pack else invented.seats(seed, Fonts(np.random.default_rng([seed, 5]), [], 8))
    while True:
        # A small bank is all of that part which trainings keep for judging.
        yield from patch_samples(*look_and_tell(bank, seats, PATCHES_AT_ONCE, generator, held_out=True))


@torch.no_grad()
def _streets(seed: int, pack: Path | None, variety: Variety) -> Iterator[Sample]:
    pictures = [p for p in read_pack(pack / "detector") if not p.held_out] if pack else invented.street_pictures(INVENTED_STREETS, seed)
    scenery, dice = Scenery(pictures, seed, "cpu", variety.plates, variety.distractors), Dice.seeded(seed, "cpu")
    while True:
        yield from street_samples(photographed(compose(scenery, dice, STREETS_AT_ONCE), dice), scenery.plates)


def samples(what: str, count: int, seed: int, pack: Path | None, font_folders: list[Path], variety: Variety) -> Iterable[Sample]:
    if what == "plates":
        return _flats(count, seed, font_folders)
    endless = _patches(seed, pack, font_folders, variety) if what == "patches" else _streets(seed, pack, variety)
    return itertools.islice(endless, count)


def _cell(sample: Sample, size: tuple[int, int]) -> np.ndarray:
    """The picture in its true shape, plates outlined in green with a red first corner, what may be one in yellow."""
    height, width = sample.luma.shape
    shape = np.array([height * sample.label.get("aspect", width / height), height])
    shown = np.maximum(1, np.round(shape * (np.array(size) / shape).min())).astype(int)
    cell = np.zeros((size[1], size[0], 3), np.uint8)
    small = cv2.resize(sample.luma, tuple(int(side) for side in shown), interpolation=cv2.INTER_AREA)
    cell[: shown[1], : shown[0]] = small[..., None]
    placed = lambda quad: np.round((np.array(quad) + 0.5) * shown / [width, height] - 0.5).astype(np.int32)  # noqa: E731
    for quad in sample.label.get("maybe", []):
        cv2.polylines(cell, [placed(quad)], True, YELLOW, 1, cv2.LINE_AA)
    for plate in sample.label["plates"]:
        quad = placed(plate["corners"])
        cv2.polylines(cell, [quad], True, GREEN, 1, cv2.LINE_AA)
        cv2.circle(cell, tuple(int(v) for v in quad[0]), 2, RED, -1)
    words = " ".join(plate["text"] or "?" for plate in sample.label["plates"]) or sample.label.get("kind", "")
    cv2.putText(cell, words, (3, size[1] - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(cell, words, (3, size[1] - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.4, GREEN, 1, cv2.LINE_AA)
    return cell


def _allowed(out: Path, pack: Path | None) -> None:
    if pack and out.resolve().is_relative_to(Path(__file__).resolve().parents[2]):
        raise SystemExit(f"{out} lies in the repository, and pictures of real plates never enter it")
    if out.exists() and any(out.iterdir()):
        raise SystemExit(f"{out} is not empty: what lies there would be taken for a part of these samples")


def render(what: str, count: int, seed: int, out: Path, pack: Path | None, font_folders: list[Path], variety: Variety | None = None) -> None:
    """PNG files, `labels.jsonl` with a line for each, and `sheet.png` of the first ones."""
    _allowed(out, pack)
    out.mkdir(parents=True, exist_ok=True)
    cells = []
    with (out / "labels.jsonl").open("w") as labels:
        for number, sample in enumerate(samples(what, count, seed, pack, font_folders, variety or Variety())):
            name = f"{what}-{number:05}.png"
            cv2.imwrite(str(out / name), sample.luma)
            labels.write(json.dumps({"file": name} | sample.label) + "\n")
            if number < ON_SHEET:
                cells.append(_cell(sample, CELLS[what]))
    sheet(cells, out / "sheet.png", SHEET_WIDTH // CELLS[what][0])
    print(f"{count} {what} in {out}, labels.jsonl beside them; look at {out / 'sheet.png'}")
    if not pack and what != "plates":
        print(WITHOUT_A_PACK)
