"""python -m gtplates mark | unboxed | pack | render | bank | train | train-all | calibrate | judged | evaluate | large-frames | export | card (see README.md)."""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from .models import MODELS
from .pictures import CACHE, luma, negative_pictures, training_pictures
from .train_all import NETWORKS

FONT_FOLDERS = [CACHE / "fonts", Path("/usr/share/fonts")]


def negatives() -> list[np.ndarray]:
    return [luma(picture.file, 900) for picture in negative_pictures()]


def draw_judged(options: argparse.Namespace) -> None:
    from .judged_set import draw

    draw(training_pictures(), negatives(), FONT_FOLDERS, options.count, options.seed)


def train(options: argparse.Namespace) -> None:
    if options.network == "reader":
        from .train_reader import learn
    elif options.network == "refiner":
        from .train_refiner import learn
    else:
        from .train_detector import learn
    if options.network != "detector" and not options.bank:
        raise SystemExit(f"the {options.network} learns from flat plates: --bank names their folder")
    options.until = math.inf if options.steps else options.until or time.time() + options.minutes * 60
    # Which of a device's ways is quickest is found out by time, and they do not give the same bits.
    torch.backends.cudnn.benchmark = not options.steps
    learn(options)


def render(options: argparse.Namespace) -> None:
    from .render import render as write

    fonts = [*([options.pack / "fonts"] if options.pack else []), *FONT_FOLDERS]
    write(options.what, options.count, options.seed, options.out, options.pack, fonts)


def draw_bank(options: argparse.Namespace) -> None:
    from .plate_bank import draw_once

    draw_once(options.bank, options.plates, options.draw, options.seed, [*([options.pack / "fonts"] if options.pack else []), *FONT_FOLDERS])


def train_together(options: argparse.Namespace) -> None:
    from .train_all import train_all

    train_all(options, [options.pack / "fonts", *FONT_FOLDERS])


def pack(options: argparse.Namespace) -> None:
    from .pack import pack as write

    write(options.pack, negatives(), FONT_FOLDERS)


def calibrate(options: argparse.Namespace) -> None:
    from .calibrate import calibrate as write
    from .nets import Reader
    from .plate_bank import HELD_OUT, PlateBank, fill
    from .seats import load
    from .training import load_average

    with tempfile.TemporaryDirectory() as folder:
        drawing = fill(Path(folder), HELD_OUT, 1, options.seed, FONT_FOLDERS)
        bank = PlateBank(Path(folder), "cpu", wait_for=HELD_OUT)
        for process in drawing:
            process.terminate()
        write(load_average(Reader(), options.reader), bank, load(options.pack / "reader", "cpu"), options.count, options.reader)


def evaluate(options: argparse.Namespace) -> None:
    from .evaluate import tables
    from .models import Models

    for title, scores in tables(Models(options.models), options.count, options.sweep).items():
        print(f"-- {title}", *(score.line() for score in scores), sep="\n", flush=True)


def large_frames(options: argparse.Namespace) -> None:
    from .evaluate import large_frame_tables
    from .models import Models

    for title, scores in large_frame_tables(Models(options.models), negatives(), options.frames).items():
        print(f"-- {title}", *(score.line() for score in scores), sep="\n", flush=True)


def export(options: argparse.Namespace) -> None:
    from .export import export as write

    write(options.reader, options.refiner, options.detector, options.models)


def mark(options: argparse.Namespace) -> None:
    from .mark import mark as write
    from .models import Models

    write(Models(options.models))


def unboxed(options: argparse.Namespace) -> None:
    from .models import Models
    from .picture_pack import unboxed_file
    from .unboxed import unboxed as write

    write(Models(options.models), options.out or unboxed_file(), options.afresh)


def card(options: argparse.Namespace) -> None:
    from .card import card as text
    from .models import Models

    notes = Path(__file__).resolve().parents[1] / "notes.md"
    (options.models / "README.md").write_text(text(Models(options.models), options.count, notes))


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return number


def main() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(prog="gtplates", description="Makes the plate networks (README.md).")
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None], help_: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help_)
        made.set_defaults(run=run)
        return made

    this = command("judged", draw_judged, "draw scenes for judging: night, small plates, coded by FFmpeg")
    this.add_argument("--count", type=int, default=1500)
    this.add_argument("--seed", type=int, default=4711)
    this = command("unboxed", unboxed, "places where a plate stands without a labelled box, and look-alikes, with sheets to check by eye")
    this.add_argument("--models", type=Path, default=MODELS)
    this.add_argument("--out", type=Path, help="file to write, sheets beside it (default: unboxed.csv of the cache); a copy of what it replaces is kept")
    this.add_argument("--afresh", action="store_true", help="without the places that the replaced file holds already")
    this = command("pack", pack, "what a training on another machine needs: real plates, fonts, networks to begin from")
    this.add_argument("--pack", type=Path, required=True)
    this = command("render", render, "samples as the trainings see them, with labels and a sheet to look at")
    this.add_argument("--what", choices=["plates", "patches", "streets"], required=True)
    this.add_argument("--count", type=positive, default=48)
    this.add_argument("--seed", type=int, default=0)
    this.add_argument("--pack", type=Path, help="its real pictures and fonts, as trainings see them")
    this.add_argument("--out", type=Path, required=True, help="folder, made or empty")
    this = command("bank", draw_bank, "draw flat plates once, for trainings by steps")
    this.add_argument("--bank", type=Path, required=True)
    this.add_argument("--pack", type=Path, help="take its fonts too, as train-all does")
    this.add_argument("--plates", type=positive, default=24_000, help="the first 2048 are for judging only")
    this.add_argument("--draw", type=positive, default=os.cpu_count() or 1, help="processes")
    this.add_argument("--seed", type=int, default=0)
    this = command("train", train, "train one network against the clock or by a number of steps")
    this.add_argument("network", choices=["reader", "refiner", "detector"])
    ends = this.add_mutually_exclusive_group()
    ends.add_argument("--minutes", type=float, default=10)
    ends.add_argument("--until", type=float, help="end at this second since the epoch instead")
    ends.add_argument("--steps", type=positive, help="end after so many: on a processor core a training that can be repeated")
    this.add_argument("--device", default="cpu")
    this.add_argument("--bank", type=Path, help="folder of flat plates, drawn by bank (or just now by train-all); the detector draws its own")
    this.add_argument("--wait-for", type=int, default=4096, help="plates that are to be drawn before it begins; by steps all are")
    this.add_argument("--pack", type=Path, required=True)
    this.add_argument("--out", type=Path, required=True, help="checkpoint, written each minute")
    this.add_argument("--start", type=Path, help="a checkpoint to begin from")
    this.add_argument("--batch", type=int)
    this.add_argument("--peak", type=float, help="highest learning rate, when not the network's own")
    this.add_argument("--seed", type=int, default=0)
    this = command("train-all", train_together, "draw plates and train the networks side by side")
    ends = this.add_mutually_exclusive_group(required=True)
    ends.add_argument("--minutes", type=float)
    ends.add_argument("--steps", type=positive, help="each network ends after so many; all plates are drawn before")
    this.add_argument("--device", default="cuda")
    this.add_argument("--pack", type=Path, required=True)
    this.add_argument("--out", type=Path, required=True, help="folder of checkpoints and logs")
    this.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    this.add_argument("--draw", type=int, default=12, help="processes that draw flat plates")
    this.add_argument("--plates", type=int, default=80_000, help="rooms for flat plates")
    this.add_argument("--wait-for", type=int, default=24_000)
    this.add_argument("--batch", type=int)
    this.add_argument("--seed", type=int, default=0)
    this = command("calibrate", calibrate, "how far the reader's probabilities are to be believed; export folds it in")
    this.add_argument("--reader", default="reader")
    this.add_argument("--pack", type=Path, required=True)
    this.add_argument("--count", type=int, default=4000, help="looks")
    this.add_argument("--seed", type=int, default=99)
    this = command("large-frames", large_frames, "how large frames are best searched")
    this.add_argument("--models", type=Path, default=MODELS)
    this.add_argument("--frames", type=int, default=60)
    this = command("export", export, "checkpoints → models/*.onnx, torch and onnxruntime compared")
    this.add_argument("--reader", default="reader")
    this.add_argument("--refiner", default="refiner")
    this.add_argument("--detector", default="detector")
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
