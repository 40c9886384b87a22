"""Places that nobody photographed, for renders without a pack of real pictures: shades, panels and lettering, drawn plates on some.

They show what is drawn and what the camera does to it. Real streets are what a network learns from.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from .camera import light_plate
from .distractors import draw_distractor
from .glyphs import CHARACTERS
from .lettering import draw_lettering
from .picture_pack import PackedPicture, PackedPlate
from .plate import LAYOUTS, Fonts, draw_plate
from .scene import elsewhere, mount, paste, pose
from .seats import SEAT_H, SEAT_W, UNKNOWN, Seats

STREET = (800, 480)
PLATES, FOREIGN, TILES = 48, 8, 24
BARE = 5  # of so many pictures one shows no plate


def ground(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    scene = np.ascontiguousarray(elsewhere([], size, rng), np.float32)
    for _ in range(rng.integers(5, 14)):
        panel = pose(rng.uniform(0.1, 0.8) * size[0], rng.uniform(0.4, 4), rng) + rng.uniform(0, 1, 2) * size
        cv2.fillConvexPoly(scene, panel.astype(np.int32), rng.uniform(0, 255), cv2.LINE_AA)
    for _ in range(rng.integers(1, 4)):
        mask = draw_distractor(rng)
        paste(scene, np.abs(rng.uniform(0, 255) - mask), pose(rng.uniform(0.05, 0.3) * size[0], mask.shape[1] / mask.shape[0], rng) + rng.uniform(0, 1, 2) * size)
    return scene


def _put(scene: np.ndarray, texture: np.ndarray, width: float, middle: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    corners = np.float32(pose(width, texture.shape[1] / texture.shape[0], rng, 0.6) + middle)
    mount(scene, corners, rng)
    paste(scene, light_plate(texture, rng), corners, rng.uniform(0, 0.1))
    return corners


def _bytes(scene: np.ndarray) -> np.ndarray:
    return scene.clip(0, 255).round().astype(np.uint8)


def street_pictures(count: int, seed: int) -> list[PackedPicture]:
    """As `picture_pack.read_pack` gives them."""
    rng = np.random.default_rng([seed, 3])
    fonts, made = Fonts(rng, [], 8), []
    for i in range(count):
        scene, plates = ground(STREET, rng), []
        if i % BARE:
            plate = draw_plate(fonts, rng, rows=1)  # plates drawn over it expect the shape that nearly all real ones have
            middle = rng.uniform(0.3, 0.7, 2) * STREET
            plates.append(PackedPlate(_put(scene, plate.texture, rng.uniform(60, 220), middle, rng), True, 0))
        made.append(PackedPicture("classifieds" if plates else "negatives", f"invented-{i}", False, _bytes(scene), plates))
    return made


def seats(seed: int, fonts: Fonts) -> Seats:
    """As `seats.load` gives them."""
    rng, size = np.random.default_rng([seed, 4]), (SEAT_W, SEAT_H)
    pictures, corners, texts, layouts = [], [], [], []
    for i in range(PLATES + FOREIGN + TILES):
        scene, quad, text, layout = ground(size, rng), np.full((4, 2), np.nan, np.float32), [UNKNOWN] * 7, 0
        if i < PLATES:
            plate = draw_plate(fonts, rng, rows=1)
            text, layout = [CHARACTERS.index(c) for c in plate.text], LAYOUTS.index(plate.layout)
        if i < PLATES + FOREIGN:
            texture = plate.texture if i < PLATES else cv2.resize(draw_lettering(fonts, rng), (300, 98), interpolation=cv2.INTER_AREA)
            quad = _put(scene, np.float32(texture), rng.uniform(90, 200), np.array(size) / 2, rng)
        pictures.append(_bytes(scene))
        corners.append(quad)
        texts.append(text)
        layouts.append(layout)
    some = lambda first, end: torch.arange(first, end)  # noqa: E731
    with_plate = PLATES + FOREIGN
    return Seats(
        torch.from_numpy(np.stack(pictures))[:, None], torch.from_numpy(np.stack(corners)), torch.tensor(texts), torch.tensor(layouts),
        some(0, with_plate), some(with_plate, with_plate + TILES), [some(0, PLATES)], some(PLATES, with_plate),
    )
