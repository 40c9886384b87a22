"""models/README.md: what each network is and what it scores, measured on the files that lie beside it."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np
import torch

from .evaluate import tables
from .held_out import SEED
from .models import Models
from .nets import Detector, Reader, Refiner, parameters
from .reading import interval
from .training import checkpoint_file

SOURCES = """| what                              | licence                                                 | used for                                    |
| --------------------------------- | ------------------------------------------------------- | ------------------------------------------- |
| drawn plates (`training/`)        | Apache-2.0, our own strokes; ordinary fonts as variety (OFL, MIT, Apache-2.0, Bitstream Vera, GPL with font exception), none shipped | all three                                   |
| classifieds, barra-do-pirai (train parts) | CC BY 4.0 (data set export in lucas-rech/cv-identificador-placas-veiculos) | all three; texts for the reader             |
| alagoas                           | CC BY 4.0 (robifal/Yolo-placa-v2, the authors' own pictures) | all three; texts for the reader             |
| open-images, negatives            | CC BY 4.0, pictures CC BY 2.0 (Google Open Images by unknowncz/LP_recognition) | all three; 19 texts for the reader          |
| road-camera | CC BY 4.0 (nadeemcodes/Malaysia_Delloyd_Assignment1) | detector; the few with believed corners for the others too |
| robertlucian                      | MIT (RobertLucian/license-plate-dataset)                | detector and refiner                        |
| the trial's networks              | our own, from classifieds, robertlucian and drawn plates | where reader and refiner began; the detector began from nothing |
"""


HOW_JUDGED = """95 % intervals are Clopper–Pearson. Held-out renders come from another renderer (`LPR/trial/plates.py`, unchanged, seed {seed}), straightened by it, at least
100 px wide where nothing else is said, unreadable ones included. Drawn scenes come from our renderer with a seed and plates of their own over the surroundings of the
training pictures, photographed by the processor's camera, 45 % of the blocks coded by FFmpeg (H.264, H.265); the upright box is given, refiner and reader do the rest; widths are those of a car's plate
with characters as large. `validation` chose between networks and was never trained on."""


def milliseconds(run, rounds: int = 15) -> float:
    """Least CPU time of one call: what neighbours on the machine add is not the network's."""
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        run()
        taken.append(time.process_time() - begun)
    return 1000 * min(taken)


def _times(models: Models) -> dict[str, float]:
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (1080, 1920)).astype(np.uint8)
    quad = np.float32([[800, 500], [1010, 512], [1008, 580], [798, 566]])
    a, b = rng.standard_normal((2, 512, 512)).astype(np.float32)
    times = {"reader": milliseconds(lambda: models.read(frame, quad)), "refiner": milliseconds(lambda: models.refine(frame, quad))}
    if models.detector:
        small = np.ascontiguousarray(frame[None, None, :384, :640])
        times["detector"] = milliseconds(lambda: models.detector.run(None, {"luma": small}))
    times["512³ matrix product (torch)"] = milliseconds(lambda: torch.from_numpy(a) @ torch.from_numpy(b))
    return times


def _share(score) -> str:
    low, high = interval(score.right, score.of)
    return f"{score.right}/{score.of} | {100 * score.right / score.of:.1f} % | {100 * low:.1f}–{100 * high:.1f}"


def _trained(name: str) -> str:
    path = checkpoint_file(name)
    if not path.exists():
        return "unknown here (no checkpoint)"
    state = torch.load(path, map_location="cpu", weights_only=True)
    return f"{state['step']:,} steps, {state['looks']:,} looks, {state['seconds'] / 60:.1f} min"


def card(models: Models, count: int, notes: Path) -> str:
    times = _times(models)
    nets = {"detector": Detector(), "refiner": Refiner(), "reader": Reader()}
    lines = ["# The plate networks", "", "Written by `python -m gtplates card` from the files beside it; how they are made: [training](../training/README.md).", ""]
    lines += ["| file | parameters | bytes | SHA-256 (first 12) | its last training, on a GPU that the three shared | CPU ms a call, one thread |", "| --- | --- | --- | --- | --- | --- |"]
    for name, net in nets.items():
        file = models.folder / f"{name}.onnx"
        if file.exists():
            digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
            lines.append(f"| `{file.name}` | {parameters(net):,} | {file.stat().st_size:,} | {digest} | {_trained(name)} | {times[name]:.2f} |")
    base = times.pop("512³ matrix product (torch)")
    lines += ["", f"In the same run a 512×512×512 fp32 matrix product took {base:.2f} ms ({0.268 / base * 1000:.0f} GFLOP/s): compare times by it.", ""]
    lines += ["## Scores", "", HOW_JUDGED.format(seed=SEED), ""]
    for title, scores in tables(models, count, sweep=True).items():
        lines += [f"### {title[0].upper()}{title[1:]}", "", "| | right | share | 95 % |", "| --- | --- | --- | --- |"]
        lines += [f"| {score.name} | {_share(score)} |" for score in scores] + [""]
    lines += ["## Data and licences", "", SOURCES, notes.read_text()]
    return "\n".join(lines)
