"""The detector learns from streets composed as it goes, on the device it learns on."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import torch
from torch import Tensor

from .batched_street import Streets, compose, photographed
from .detector_judge import judge_on
from .detector_targets import WEIGHTS, Targets, losses
from .dice import Dice
from .nets import Detector
from .picture_pack import read_pack
from .scenery import Scenery
from .timed_training import Figures, Forward, Plan, train
from .warm import begin

PEAK = 3e-3
BATCH = {"cuda": 128, "cpu": 8}
# Composing asks the device some two hundred questions, each a wait: many streets at once, each photographed twice, share them.
BATCHES_AT_ONCE, PHOTOGRAPHS = 4, 2


def photographs(scenery: Scenery, generator: torch.Generator, batch: int) -> Iterator[Streets]:
    dice = Dice(generator)
    while True:
        streets = compose(scenery, dice, batch * BATCHES_AT_ONCE)
        for _ in range(PHOTOGRAPHS):
            order = torch.randperm(len(streets.luma), generator=generator, device=generator.device)
            for part in order.split(batch):
                yield photographed(streets.chosen(part), dice)


def learn(options: argparse.Namespace) -> None:
    device = torch.device(options.device)
    batch = options.batch or BATCH[device.type]
    pictures = read_pack(options.pack / "detector")
    taught, held_out = [p for p in pictures if not p.held_out], [p for p in pictures if p.held_out]
    scenery = Scenery(taught, options.seed, device)
    supply: list[Iterator[Streets]] = []
    torch.manual_seed(options.seed)

    def loss_of(net: Forward, generator: torch.Generator) -> tuple[Tensor, Figures, int]:
        with torch.no_grad():
            if not supply:
                supply.append(photographs(scenery, generator, batch))
            streets = next(supply[0])
            targets = Targets(streets)
        parts = losses(net(streets.luma).float(), targets)
        return sum(WEIGHTS[name] * part for name, part in parts.items()), parts, batch

    print(f"{len(taught)} pictures taught, {len(held_out)} held out", flush=True)
    net = begin(Detector(), options.start)
    train(net, Plan.of(options, PEAK), device, options.seed, loss_of, judge_on(held_out, device))
