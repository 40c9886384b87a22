"""python -m gtplates render | mark | train | evaluate | export | card (see README.md)."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from .models import MODELS
from .pictures import CACHE, luma, samples, training_pictures
from .plate import Fonts
from .scene import Surroundings, real_plates, shots
from .store import open_store

FONT_FOLDERS = [CACHE / "fonts", Path("/usr/share/fonts")]
BLOCK = 64


def negatives() -> list[np.ndarray]:
    return [luma(file, 900) for file in sorted((samples() / "train" / "negatives").glob("*.jpg"))]


def render(options: argparse.Namespace) -> None:
    """Fills the ring, then goes on overwriting it with new fonts and surroundings until the time is up."""
    store, end, lap = open_store(CACHE / "patches", options.count), time.monotonic() + options.minutes * 60, 0
    pictures = training_pictures()
    real, others, position = real_plates(pictures), negatives(), 0
    while time.monotonic() < end:
        rng = np.random.default_rng([options.seed, lap])
        fonts, around = Fonts(rng, FONT_FOLDERS), Surroundings(pictures, others, rng, 150)
        for _ in range(48):
            for shot in shots(fonts, around, BLOCK, rng, real):
                store.put(position % options.count, shot)
                position += 1
            if time.monotonic() > end or (options.once and position >= options.count):
                return
        lap += 1
        print(f"render {position} patches cpu {time.process_time():.0f}s", flush=True)


def train(options: argparse.Namespace) -> None:
    from . import train_detector as detector, train_reader as reader, train_refiner as refiner
    from .nets import Detector, Reader, Refiner
    from .training import Plan, checkpoint_file, train as run
    from .warm import start_from

    name = options.name or options.network
    if options.network == "detector":
        made, source = Detector, (negatives(), FONT_FOLDERS)
        loss_of, sample = detector.detector_loss, detector.fresh_views
    else:
        made, source = (Reader if options.network == "reader" else Refiner), (open_store(CACHE / "patches"),)
        learner = reader if options.network == "reader" else refiner
        loss_of, sample = learner.made_loss, learner.fresh_views
    net = made()
    if options.start and not checkpoint_file(name).exists():
        start_from(net, options.start, sample(*source, options.first_views))
    run(net.to(memory_format=torch.channels_last), Plan(name, options.steps, options.peak, seed=options.seed), loss_of(*source))


def evaluate(options: argparse.Namespace) -> None:
    from .evaluate import tables
    from .models import Models

    for title, scores in tables(Models(options.models), options.count, options.sweep).items():
        print(f"-- {title}", *(score.line() for score in scores), sep="\n", flush=True)


def export(options: argparse.Namespace) -> None:
    from .export import export as write

    write(options.reader, options.refiner, options.detector, options.temperature, options.models)


def mark(options: argparse.Namespace) -> None:
    from .mark import mark as write
    from .models import Models

    write(Models(options.models))


def card(options: argparse.Namespace) -> None:
    from .card import card as text
    from .models import Models

    notes = Path(__file__).resolve().parents[1] / "notes.md"
    (options.models / "README.md").write_text(text(Models(options.models), options.count, notes))


def main() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(prog="gtplates", description="Makes the plate networks (README.md).")
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None], help_: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help_)
        made.set_defaults(run=run)
        return made

    this = command("render", render, "fill the ring of training patches and go on renewing it")
    this.add_argument("--count", type=int, default=40_000)
    this.add_argument("--minutes", type=float, default=120)
    this.add_argument("--seed", type=int, default=1)
    this.add_argument("--once", action="store_true", help="stop when the ring is full")
    this = command("train", train, "train one network; goes on from its checkpoint")
    this.add_argument("network", choices=["reader", "refiner", "detector"])
    this.add_argument("--steps", type=int, required=True)
    this.add_argument("--peak", type=float, default=1e-3, help="learning rate of the flat stretch")
    this.add_argument("--start", type=Path, help="an ONNX file with folded normalisations to begin from")
    this.add_argument("--first-views", type=int, default=128, help="pictures for the statistics of such a beginning")
    this.add_argument("--name", help="of the checkpoint, when not the network's")
    this.add_argument("--seed", type=int, default=0)
    this = command("export", export, "checkpoints → models/*.onnx, torch and onnxruntime compared")
    this.add_argument("--reader", default="reader")
    this.add_argument("--refiner", default="refiner")
    this.add_argument("--detector", default="detector")
    this.add_argument("--temperature", type=float, default=1.0)
    this.add_argument("--models", type=Path, default=MODELS)
    for name, run, help_ in (
        ("evaluate", evaluate, "the tables, with intervals"),
        ("card", card, "the tables of the exported files → models/README.md"),
        ("mark", mark, "corners of the training pictures, with sheets to check by eye"),
    ):
        this = command(name, run, help_)
        this.add_argument("--models", type=Path, default=MODELS)
        this.add_argument("--count", type=int, default=1000, help="held-out renders per stratum")
        this.add_argument("--sweep", action="store_true", help="small plates too")
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
