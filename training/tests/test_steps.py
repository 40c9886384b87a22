"""Trainings by steps: what is learnt depends on the seed and the bank of plates, never on the time."""

import argparse
import itertools
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gtplates import plate_bank, train_detector, train_reader, train_refiner
from gtplates.picture_pack import PackedPicture, PackedPlate
from gtplates.plate_bank import HELD_OUT, PlateBank, _draw_stretch, _open, draw_once
from gtplates.scenery import Scenery
from gtplates.timed_training import Plan, fingerprint, train
from gtplates.train_all import command

SHADES = np.tile(np.uint8(np.arange(256) // 2 + 60), (128, 1))


def options(folder: Path, out: Path, seed: int) -> argparse.Namespace:
    return argparse.Namespace(
        device="cpu", bank=folder, pack=folder, wait_for=0, batch=6, start=None, peak=None, out=out, until=math.inf, steps=3, seed=seed,
    )


def one_picture(_: Path) -> list[PackedPicture]:
    corners = np.float32([[100, 50], [160, 50], [160, 70], [100, 70]])
    plate = PackedPlate(corners, True, 0)
    return [PackedPicture("classifieds", "one", held_out, SHADES, [plate]) for held_out in (False, True)]


@pytest.mark.parametrize("learn", [train_reader.learn, train_refiner.learn, train_detector.learn])
def test_two_trainings_of_one_seed_learn_the_same_weights_and_another_seed_others(
    learn: Callable, world_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_detector, "read_pack", one_picture)
    monkeypatch.setattr(train_detector, "Scenery", partial(Scenery, plates=4, distractors=5))
    monkeypatch.setattr(train_detector, "BATCHES_AT_ONCE", 1)
    monkeypatch.setattr(train_reader, "KEPT", 64)
    marks = []
    for seed in (1, 1, 2):
        learn(options(world_folder, tmp_path / "net.pt", seed))
        kept = torch.load(tmp_path / "net.pt", weights_only=True)
        assert kept["step"] == 3
        marks.append(fingerprint(kept["average"]))
    assert marks[0] == marks[1] != marks[2]


def test_the_rate_follows_the_steps_whatever_the_clock_says(tmp_path: Path) -> None:
    def trained(tick: float) -> str:
        torch.manual_seed(0)
        ticks = itertools.count(0.0, tick)
        net, seen = nn.Conv2d(1, 1, 1), []

        def loss_of(forward, chance: torch.Generator):
            view = torch.rand(8, 1, 4, 4, generator=chance)
            loss = (forward(view) - 3 * view - 1).pow(2).mean()
            seen.append(loss.item())
            return loss, {"loss": loss}, 8

        train(net, Plan(tmp_path / "net.pt", 0.0, 0.1, steps=40), torch.device("cpu"), 0, loss_of, clock=lambda: next(ticks))
        assert len(seen) == 40 and seen[-1] < seen[0] / 2
        return fingerprint(torch.load(tmp_path / "net.pt", weights_only=True)["average"])

    assert trained(0.001) == trained(50.0)


def test_a_bank_drawn_once_is_the_same_whoever_draws_which_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plate_bank, "NEW_FONTS_AFTER", 8)
    draw_once(tmp_path / "one", 20, 1, 5, [])
    (tmp_path / "parts").mkdir()
    _open(tmp_path / "parts", 20)
    for first in (16, 0, 8):
        _draw_stretch(tmp_path / "parts", first, 5, [])
    draw_once(tmp_path / "other", 20, 1, 6, [])
    files = {name: [(tmp_path / name / f"{part}.bin").read_bytes() for part in plate_bank.SHAPES] for name in ("one", "parts", "other")}
    assert files["one"] == files["parts"] != files["other"]
    assert (_open(tmp_path / "one", None)["labels"][:, 10] != plate_bank.EMPTY).all()


def test_a_bank_that_is_still_is_not_touched_by_who_goes_on_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plate_bank, "REFRESH_SECONDS", -1.0)
    disk = _open(tmp_path, 8)
    disk["labels"][:, 10] = plate_bank.PLATE
    still, moving = PlateBank(tmp_path, "cpu", 8, still=True), PlateBank(tmp_path, "cpu", 8)
    disk["flat"][:] = 200
    drawn = [bank.sample(4, torch.device("cpu"), torch.Generator().manual_seed(0), held_out=True).flat.max() for bank in (still, moving)]
    assert drawn == [0, 200]


def test_a_bank_with_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    _open(tmp_path, HELD_OUT)
    with pytest.raises(SystemExit, match="none is left to learn from"):
        plate_bank.bank_for(options(tmp_path, tmp_path, 0), torch.device("cpu"))


def test_all_networks_by_steps_are_told_the_steps_and_not_the_time(tmp_path: Path) -> None:
    given = argparse.Namespace(device="cpu", pack=tmp_path, out=tmp_path, seed=7, wait_for=1, batch=None, steps=9)
    by_steps = command("reader", given, tmp_path, 0.0, math.inf)
    given.steps = None
    by_time = command("refiner", given, tmp_path, 100.0, 200.0)
    assert by_steps[by_steps.index("--steps") + 1] == "9" and "--until" not in by_steps
    assert by_time[by_time.index("--until") + 1] == "160.0" and "--steps" not in by_time
