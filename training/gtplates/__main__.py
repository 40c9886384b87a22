"""python -m gtplates render | mark | train | evaluate | export | card (see README.md)."""

from __future__ import annotations

import argparse
import os
import time
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


def main() -> None:
    torch.set_num_threads(int(os.environ.get("GT_THREADS", "1")))
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(prog="gtplates")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("render", help="fill the ring of training patches")
    command.set_defaults(run=render)
    command.add_argument("--count", type=int, default=40_000)
    command.add_argument("--minutes", type=float, default=120)
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--once", action="store_true")
    command = commands.add_parser("train")
    command.set_defaults(run=train)
    command.add_argument("network", choices=["reader", "refiner", "detector"])
    command.add_argument("--steps", type=int, required=True)
    command.add_argument("--peak", type=float, default=1.2e-3, help="learning rate of the flat stretch")
    command.add_argument("--start", type=Path, help="an ONNX file with folded normalisations to begin from")
    command.add_argument("--first-views", type=int, default=128)
    command.add_argument("--name")
    command.add_argument("--seed", type=int, default=0)
    command = commands.add_parser("evaluate", help="the tables of reading, with intervals")
    command.set_defaults(run=evaluate)
    command.add_argument("--count", type=int, default=1000, help="held-out renders per stratum")
    command.add_argument("--sweep", action="store_true", help="small plates too")
    command.add_argument("--models", type=Path, default=MODELS)
    command = commands.add_parser("export", help="checkpoints → ../models/*.onnx")
    command.set_defaults(run=export)
    command.add_argument("--reader", default="reader")
    command.add_argument("--refiner", default="refiner")
    command.add_argument("--detector")
    command.add_argument("--temperature", type=float, default=1.0)
    command.add_argument("--models", type=Path, default=MODELS)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
