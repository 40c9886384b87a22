"""The tables: held-out renders by stratum, validation with the labelled box, sealed old plates; each with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .geometry import READER_VIEW, straighten
from .glyphs import CHARACTERS
from .held_out import STRATA, SWEEP, stratum
from .nets import Reader, Refiner
from .pictures import Labelled, Picture, box_corners, luma, training_pictures, validation_pictures
from .reading import Reading, interval, read
from .train_refiner import refine


@dataclass
class Score:
    name: str
    right: int
    of: int

    def line(self) -> str:
        low, high = interval(self.right, self.of)
        return f"{self.name:34s} {self.right}/{self.of} = {100 * self.right / self.of:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def read_views(net: Reader, views: np.ndarray) -> tuple[list[Reading], np.ndarray]:
    readings, sure = [], []
    with torch.no_grad():
        for i in range(0, len(views), 100):
            characters, layout, right = net(torch.from_numpy(views[i : i + 100]).float()[:, None])
            readings += [read(c, f) for c, f in zip(characters.numpy(), layout.numpy())]
            sure.append(right.sigmoid().numpy())
    return readings, np.concatenate(sure)


def on_held_out(net: Reader, count: int, sweep: bool) -> list[Score]:
    scores = []
    for name in (STRATA | SWEEP) if sweep else STRATA:
        views, texts = stratum(name, count)
        readings, _ = read_views(net, views)
        wanted = ["".join(CHARACTERS[c] for c in text) for text in texts]
        scores.append(Score(name, sum(r.text == w for r, w in zip(readings, wanted)), count))
    return scores


@dataclass
class Read:
    picture: Picture
    plate: Labelled
    reading: Reading
    sure: float

    @property
    def right(self) -> bool:
        return self.reading.text == self.plate.text


def read_boxed(reader: Reader, refiner: Refiner, pictures: list[Picture]) -> list[Read]:
    """Each labelled plate, its box given: corners by the refiner, then read."""
    found = []
    with torch.no_grad():
        for picture in pictures:
            full = torch.from_numpy(luma(picture.file)).float()[None, None]
            for plate in picture.plates:
                corners = refine(refiner, full, torch.from_numpy(box_corners(plate.box))[None])
                characters, layout, sure = reader(straighten(full, corners, READER_VIEW))
                reading = read(characters[0].numpy(), layout[0].numpy())
                found.append(Read(picture, plate, reading, float(sure.sigmoid())))
    return found


def sealed_old_plates() -> list[Picture]:
    pictures = training_pictures(("classifieds",))
    for picture in pictures:
        picture.plates = [plate for plate in picture.plates if plate.sealed and plate.text]
    return [picture for picture in pictures if picture.plates]


def groups(reads: list[Read]) -> list[Score]:
    scores = []
    for name, chosen in (
        ("all", reads),
        *((layout, [r for r in reads if r.plate.layout == layout]) for layout in ("old", "mercosul")),
        *((f"quality {q}", [r for r in reads if r.plate.quality == q]) for q in ("ok", "hard")),
        *((f"box {a}–{b} px", [r for r in reads if a <= r.plate.box[2] < b]) for a, b in ((0, 90), (90, 130), (130, 2000))),
    ):
        if chosen:
            scores.append(Score(name, sum(r.right for r in chosen), len(chosen)))
    return scores


def accepted(reads: list[Read], share: float = 0.85) -> Score:
    """Wrong readings among those accepted, the threshold set so that `share` of the good pictures is accepted."""
    good = sorted((r.sure for r in reads if r.plate.quality == "ok"), reverse=True)
    threshold = good[int(np.ceil(share * len(good))) - 1]
    taken = [r for r in reads if r.sure >= threshold]
    return Score(f"wrong among accepted (sure ≥ {threshold:.3f})", sum(not r.right for r in taken), len(taken))


def validation() -> list[Picture]:
    return validation_pictures()
