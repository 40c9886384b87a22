"""The tables of the exported networks: held-out renders by stratum, validation, sealed old plates; with intervals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .detector_scores import found_by_threshold, found_by_width, sheet_of_beside, tallies_of
from .glyphs import CHARACTERS
from .held_out import STRATA, SWEEP, stratum
from .judged_set import by_light_and_width, judge, judged_file, reliability
from .large_frames import compare
from .models import Models
from .pictures import CACHE, Labelled, Picture, box_corners, luma, training_pictures, validation_pictures
from .reading import Reading
from .score import Score
from .trial import Trial


def on_held_out(text_of: Callable[[np.ndarray], str], count: int, names: list[str]) -> list[Score]:
    scores = []
    for name in names:
        views, texts = stratum(name, count)
        right = sum(text_of(view) == "".join(CHARACTERS[j] for j in text) for view, text in zip(views, texts))
        scores.append(Score(name, right, count))
    return scores


@dataclass
class Read:
    plate: Labelled
    reading: Reading | None
    sure: float

    @property
    def right(self) -> bool:
        return self.reading is not None and self.reading.text == self.plate.text


def read_boxed(models: Models, pictures: list[Picture]) -> list[Read]:
    """Each labelled plate, its box given: corners by the refiner, then read."""
    found = []
    for picture in pictures:
        full = luma(picture.file)
        for plate in picture.plates:
            found.append(Read(plate, *models.read(full, models.refine(full, box_corners(plate.box)))))
    return found


def overlap(corners: np.ndarray, box: tuple[int, int, int, int]) -> float:
    """Intersection over union of the corners' upright box and a labelled box."""
    (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
    bx, by, bw, bh = box
    shared = max(0.0, min(x1, bx + bw) - max(x0, bx)) * max(0.0, min(y1, by + bh) - max(y0, by))
    return shared / ((x1 - x0) * (y1 - y0) + bw * bh - shared + 1e-9)


@dataclass
class Whole:
    """What came of pictures with one labelled plate each, nothing given."""

    reads: list[Read]
    milliseconds: list[float]


SHEET_FROM = 0.3
CANDIDATES_FROM = 0.3  # of the detector's score


def read_whole(models: Models, pictures: list[Picture], looked_at: int = 5) -> Whole:
    """Detect, refine and read the best candidates; the likeliest to be a rightly read plate is the answer."""
    whole = Whole([], [])
    for picture in pictures:
        full, plate = luma(picture.file), picture.plates[0]
        begun = time.process_time()
        found = models.detect(full, CANDIDATES_FROM)
        best: Read | None = None
        for one in found[:looked_at]:
            refined = models.refine(full, one.corners)
            reading, sure = models.read(full, refined)
            if best is None or sure * one.score > best.sure:
                best = Read(plate, reading, sure * one.score)
        whole.milliseconds.append(1000 * (time.process_time() - begun))
        whole.reads.append(best or Read(plate, None, 0.0))
    return whole


def sealed_old_plates() -> list[Picture]:
    pictures = training_pictures(("classifieds",))
    for picture in pictures:
        picture.plates = [plate for plate in picture.plates if plate.sealed and plate.text]
    return [picture for picture in pictures if picture.plates]


def groups(reads: list[Read]) -> list[Score]:
    parts: list[tuple[str, list[Read]]] = [("all", reads)]
    parts += [(layout, [r for r in reads if r.plate.layout == layout]) for layout in ("old", "mercosul")]
    parts += [(f"quality {q}", [r for r in reads if r.plate.quality == q]) for q in ("ok", "hard")]
    parts += [(f"box {a}–{b} px", [r for r in reads if a <= r.plate.box[2] < b]) for a, b in ((0, 90), (90, 130), (130, 2000))]
    return [Score(name, sum(r.right for r in part), len(part)) for name, part in parts if part]


def accepted(reads: list[Read], share: float = 0.85) -> Score:
    """Wrong readings among those accepted, the threshold set so that `share` of the good pictures is accepted."""
    good = sorted((r.sure for r in reads if r.plate.quality != "hard"), reverse=True)
    threshold = good[int(np.ceil(share * len(good))) - 1]
    taken = [r for r in reads if r.sure >= threshold]
    return Score(f"wrong among accepted (sure ≥ {threshold:.3f})", sum(not r.right for r in taken), len(taken))


def tables(models: Models, count: int, sweep: bool) -> dict[str, list[Score]]:
    """Every table of the card, by title."""
    text_of, trial = models.text_reader(), Trial()
    made = {"held-out renders": on_held_out(text_of, count, list(STRATA))}
    made["held-out renders, the trial's reader"] = on_held_out(trial.text_of, count, list(STRATA))
    if sweep:
        made["held-out renders, small"] = on_held_out(text_of, count // 2, list(SWEEP))
        made["held-out renders, small, the trial's reader"] = on_held_out(trial.text_of, count // 2, list(SWEEP))
    if judged_file().exists():
        judged = judge(models)
        made["drawn scenes, box given"] = by_light_and_width(judged)
        made["drawn scenes, the trial's refiner and reader"] = by_light_and_width(judge(trial))
        made["drawn scenes: how often a reading is right"] = reliability(judged)
    for title, pictures in (("validation", validation_pictures()), ("sealed old plates", sealed_old_plates())):
        reads = read_boxed(models, pictures)
        made[f"{title}, labelled box given"] = [*groups(reads), accepted(reads)]
        if models.detector and title == "validation":
            whole, tallies = read_whole(models, pictures), tallies_of(models, pictures)
            made["validation, whole picture"] = [*groups(whole.reads), accepted(whole.reads)]
            made["validation, plates found (overlap 0.5)"] = found_by_threshold(tallies)
            made["validation, plates found, by width"] = found_by_width(tallies)
            sheet = CACHE / "sheet-beside-validation.png"
            beside = sheet_of_beside(models, pictures, SHEET_FROM, sheet)
            print(f"CPU ms a picture: median {np.median(whole.milliseconds):.1f}; {beside} boxes beside a label at {SHEET_FROM}: look at {sheet}")
    return made


def large_frame_tables(models: Models, grounds: list[np.ndarray], frames: int) -> dict[str, list[Score]]:
    return compare(models, validation_pictures(), grounds, frames)
