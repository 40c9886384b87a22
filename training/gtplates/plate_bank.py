"""A bank of flat drawn plates in a file: drawing processes keep overwriting it while trainers photograph them in batches."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from .batch_dice import BatchDice
from .glyphs import CHARACTERS
from .lettering import draw_lettering
from .plate import Fonts, draw_plate

FLAT_W, FLAT_H = 320, 128  # twice the reader's view; a plate is stretched to it and `aspect` tells its true shape
EMPTY, PLATE, OTHER = 0, 1, 2
HELD_OUT = 2048  # the first ones are for judging only
LETTERING = 0.06
NEW_FONTS_AFTER = 1500  # plates
REFRESH_SECONDS, PART = 1.0, 2048
SHAPES = {"flat": ((FLAT_H, FLAT_W), np.uint8), "labels": ((11,), np.uint8), "aspect": ((), np.float32)}


@dataclass
class Flat:
    """`labels`: seven characters, layout class, two rows, infrared, kind. `kind` OTHER: lettering that is no plate."""

    flat: Tensor  # (n, 1, FLAT_H, FLAT_W) float
    aspect: Tensor  # (n,)
    labels: Tensor  # (n, 11) long

    @property
    def text(self) -> Tensor:
        return self.labels[:, :7]

    @property
    def layout(self) -> Tensor:
        return self.labels[:, 7]

    @property
    def two_rows(self) -> Tensor:
        return self.labels[:, 8] == 1

    @property
    def infrared(self) -> Tensor:
        return self.labels[:, 9] == 1

    @property
    def is_plate(self) -> Tensor:
        return self.labels[:, 10] == PLATE


def _open(folder: Path, count: int | None) -> dict[str, np.ndarray]:
    """Made with `count` rooms, or opened as it is."""
    parts = {}
    for name, (shape, kind) in SHAPES.items():
        path, each = folder / f"{name}.bin", int(np.prod(shape)) * np.dtype(kind).itemsize
        rooms = count or path.stat().st_size // each
        parts[name] = np.memmap(path, kind, "w+" if count else "r+", shape=(rooms, *shape))
    return parts


def _labels(text: str, layout: int, two_rows: bool, infrared: bool, kind: int) -> list[int]:
    return [*(CHARACTERS.index(c) for c in text), layout, two_rows, infrared, kind]


def _draw_room(bank: dict[str, np.ndarray], room: int, fonts: Fonts, rng: np.random.Generator) -> None:
    if rng.random() < LETTERING:
        texture, infrared = draw_lettering(fonts, rng), False
        labels = _labels("0" * 7, 0, False, False, OTHER)
    else:
        plate = draw_plate(fonts, rng)
        texture, infrared = plate.texture, plate.infrared
        labels = _labels(plate.text, (plate.layout == "mercosul") + 2 * (plate.rows == 2), plate.rows == 2, infrared, PLATE)
    how = cv2.INTER_AREA if texture.shape[0] > FLAT_H and texture.shape[1] > FLAT_W else cv2.INTER_LINEAR
    bank["labels"][room, 10] = EMPTY
    bank["flat"][room] = cv2.resize(texture.clip(0, 255).astype(np.uint8), (FLAT_W, FLAT_H), interpolation=how)
    bank["aspect"][room] = texture.shape[1] / texture.shape[0]
    bank["labels"][room] = labels


def _draw(folder: Path, part: int, parts: int, seed: int, font_folders: list[Path]) -> None:
    """One process: its share of the rooms, again and again."""
    os.nice(5)  # trainers go first
    cv2.setNumThreads(1)
    bank, parent = _open(folder, None), os.getppid()
    mine, lap = np.arange(part, len(bank["aspect"]), parts), 0
    position = 0
    while True:
        rng = np.random.default_rng([seed, part, lap])
        fonts = Fonts(rng, font_folders, 24)
        for _ in range(NEW_FONTS_AFTER):
            if os.getppid() != parent:
                return
            room = mine[position % len(mine)]
            position += 1
            if room < HELD_OUT and position > len(mine):
                continue  # drawn once: they judge every network alike
            _draw_room(bank, room, fonts, rng)
        lap += 1


def _draw_stretch(folder: Path, first: int, seed: int, font_folders: list[Path]) -> None:
    cv2.setNumThreads(1)
    bank, rng = _open(folder, None), np.random.default_rng([seed, first])
    fonts = Fonts(rng, font_folders, 24)
    for room in range(first, min(first + NEW_FONTS_AFTER, len(bank["aspect"]))):
        _draw_room(bank, room, fonts, rng)
    for part in bank.values():
        part.flush()


def draw_once(folder: Path, count: int, processes: int, seed: int, font_folders: list[Path]) -> None:
    """Every room once, then no more: the same bank of the same seed and fonts, however many processes share the work."""
    folder.mkdir(parents=True, exist_ok=True)
    _open(folder, count)
    stretches = [(folder, first, seed, font_folders) for first in range(0, count, NEW_FONTS_AFTER)]
    if processes == 1:
        for stretch in stretches:
            _draw_stretch(*stretch)
        return
    with multiprocessing.get_context("spawn").Pool(min(processes, len(stretches))) as pool:
        pool.starmap(_draw_stretch, stretches, chunksize=1)


def fill(folder: Path, count: int, processes: int, seed: int, font_folders: list[Path]) -> list[multiprocessing.Process]:
    """Starts the drawing processes; they end with the process that started them, or when they are terminated."""
    folder.mkdir(parents=True, exist_ok=True)
    _open(folder, count)
    context = multiprocessing.get_context("spawn")
    arguments = [(folder, part, processes, seed, font_folders) for part in range(processes)]
    made = [context.Process(target=_draw, args=a, daemon=True) for a in arguments]
    for process in made:
        process.start()
    return made


class PlateBank:
    """What is drawn so far, kept on the trainer's device; a small part of it is brought up to date every second, unless it is `still`."""

    def __init__(self, folder: Path, device: torch.device | str, wait_for: int = 0, still: bool = False) -> None:
        self.disk, self.device, self.still = _open(folder, None), torch.device(device), still
        while int((self.disk["labels"][:, 10] != EMPTY).sum()) < wait_for:
            time.sleep(0.2)
        count = len(self.disk["aspect"])
        self.flat = torch.zeros((count, 1, FLAT_H, FLAT_W), dtype=torch.uint8, device=self.device)
        self.labels = torch.zeros((count, 11), dtype=torch.uint8, device=self.device)
        self.aspect = torch.zeros(count, device=self.device)
        self.next, self.refreshed = 0, 0.0
        while True:
            self._refresh()
            if self.next == 0:
                break

    def _refresh(self) -> None:
        part = slice(self.next, self.next + PART)
        before = np.array(self.disk["labels"][part])
        self.flat[part] = torch.from_numpy(np.array(self.disk["flat"][part])).to(self.device)[:, None]
        self.aspect[part] = torch.from_numpy(np.array(self.disk["aspect"][part])).to(self.device)
        # A room that was drawn anew meanwhile is left out until the next time.
        before[(before != np.array(self.disk["labels"][part])).any(1), 10] = EMPTY
        self.labels[part] = torch.from_numpy(before).to(self.device)
        filled = torch.nonzero(self.labels[:, 10] != EMPTY).flatten()
        self.learned_from, self.judged_by = filled[filled >= HELD_OUT], filled[filled < HELD_OUT]
        self.next = self.next + PART if self.next + PART < len(self.labels) else 0
        self.refreshed = time.monotonic()

    def sample(self, count: int, device: torch.device, generator: torch.Generator, held_out: bool = False) -> Flat:
        if not self.still and time.monotonic() - self.refreshed > REFRESH_SECONDS:
            self._refresh()
        rooms = self.judged_by if held_out else self.learned_from
        room = rooms[BatchDice(count, generator).whole(len(rooms))]
        return Flat(self.flat[room].to(device).float(), self.aspect[room].to(device), self.labels[room].to(device).long())


def rooms_of(folder: Path) -> int:
    return (folder / "aspect.bin").stat().st_size // np.dtype(SHAPES["aspect"][1]).itemsize


def bank_for(options: argparse.Namespace, device: torch.device) -> PlateBank:
    """A training by steps learns from a bank that is whole before its first step and stays as it was then."""
    rooms = rooms_of(options.bank)
    if rooms <= HELD_OUT:
        raise SystemExit(f"{options.bank} has {rooms} plates: the first {HELD_OUT} are for judging only, and none is left to learn from")
    return PlateBank(options.bank, device, rooms if options.steps else min(options.wait_for, rooms), still=bool(options.steps))
