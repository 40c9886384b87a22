"""What streets are composed of, ready on the device: the packed pictures with their labels, drawn plates, distractors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .atlas import Atlas
from .distractors import caption, draw_distractor, lettering
from .picture_pack import UNKNOWN_ROWS, PackedPicture
from .plate import Fonts, draw_plate

NOTHING, PLATE, MAYBE = 0, 1, 2
PER_PICTURE = 10  # regions of one picture at most; the pack's largest count is asserted against it
LOOK_ALIKES = 16
# How often a set is looked at: by picture the hand-held classifieds would be more than half of all.
SHARES = {"classifieds": 0.30, "barra-do-pirai": 0.22, "robertlucian": 0.13, "open-images": 0.17, "road-camera": 0.06, "alagoas": 0.03, "negatives": 0.09}


class PictureSet:
    """Labelled pictures: an atlas and, per picture, fixed rows of regions."""

    def __init__(self, pictures: list[PackedPicture], device: torch.device | str) -> None:
        count = len(pictures)
        corners, status = np.zeros((count, PER_PICTURE, 4, 2), np.float32), np.zeros((count, PER_PICTURE), np.int64)
        rows, believed, sealed = np.full((count, PER_PICTURE), UNKNOWN_ROWS), np.zeros((count, PER_PICTURE), bool), np.zeros((count, PER_PICTURE), bool)
        alike, alikes = np.zeros((count, LOOK_ALIKES, 4, 2), np.float32), np.zeros(count, np.int64)
        plates = np.zeros(count, np.int64)
        for i, picture in enumerate(pictures):
            regions = picture.plates[:PER_PICTURE]
            maybe = picture.maybe[: PER_PICTURE - len(regions)]
            plates[i] = len(regions)
            for j, plate in enumerate(regions):
                corners[i, j], status[i, j], rows[i, j], believed[i, j], sealed[i, j] = plate.corners, PLATE, plate.rows, plate.believed, plate.sealed
            for j, quad in enumerate(maybe, len(regions)):
                corners[i, j], status[i, j] = quad, MAYBE
            alikes[i] = min(len(picture.look_alikes), LOOK_ALIKES)
            for j, quad in enumerate(picture.look_alikes[:LOOK_ALIKES]):
                alike[i, j] = quad
        put = lambda values: torch.from_numpy(values).to(device)  # noqa: E731
        self.corners, self.status, self.rows, self.believed, self.sealed = map(put, (corners, status, rows, believed, sealed))
        self.alike, self.alikes, self.plates = map(put, (alike, alikes, plates))
        self.most_plates = int(plates.max())
        sets = [picture.set for picture in pictures]
        self.weights = torch.tensor([SHARES[s] / sets.count(s) for s in sets], device=device)
        self.atlas = Atlas([torch.from_numpy(picture.luma) for picture in pictures], device)


class FlatPlates:
    """Drawn plates, flat, of every layout and class."""

    def __init__(self, count: int, seed: int, device: torch.device | str) -> None:
        rng = np.random.default_rng([seed, 1])
        fonts = Fonts(rng, [], 24)
        drawn = [draw_plate(fonts, rng) for _ in range(count)]
        self.texts, self.layouts = [p.text for p in drawn], [p.layout for p in drawn]
        self.atlas = Atlas([torch.from_numpy(p.texture.astype(np.uint8)) for p in drawn], device)
        self.two_rows = torch.tensor([int(p.rows == 2) for p in drawn], device=device)
        size = self.atlas.sizes.float()
        self.aspect = size[:, 0] / size[:, 1]


class Distractors:
    """Masks of things that are no plates; the captions among them come last."""

    def __init__(self, count: int, captions: int, seed: int, device: torch.device | str) -> None:
        rng = np.random.default_rng([seed, 2])
        masks = [draw_distractor(rng) for _ in range(count)] + [lettering(caption(rng), rng) for _ in range(captions)]
        self.atlas = Atlas([torch.from_numpy(mask) for mask in masks], device)
        self.count, self.captions = count, captions
        size = self.atlas.sizes.float()
        self.aspect = size[:, 0] / size[:, 1]


class Scenery:
    def __init__(self, pictures: list[PackedPicture], seed: int, device: torch.device | str, plates: int = 3000, distractors: int = 1500) -> None:
        self.pictures = PictureSet(pictures, device)
        self.plates = FlatPlates(plates, seed, device)
        self.distractors = Distractors(distractors, distractors // 5, seed, device)


def textures(atlas: Atlas, chosen: Tensor, quads: Tensor):
    """How members (chosen: n items of the atlas, put on quads) are sampled: (members, unit points) → values."""
    size = atlas.sizes[chosen].float()
    across = 0.5 * ((quads[:, 1] - quads[:, 0]).norm(dim=-1) + (quads[:, 2] - quads[:, 3]).norm(dim=-1))
    shrink = size[:, 0] / across.clamp(min=1)

    def values(members: Tensor, unit: Tensor) -> Tensor:
        return atlas.sample(chosen[members], unit * size[members][:, None, None] - 0.5, shrink[members])

    return values
