"""The refiner learns to find the four corners from any rough idea of them: boxes, and quads as a detector errs."""

from __future__ import annotations

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .batch_dice import BatchDice
from .batched_scene import Looks, look, look_often
from .geometry import REFINER_VIEW, homography, project, straighten, unstraighten
from .nets import Refiner
from .plate_bank import bank_for
from .seats import load
from .timed_training import Forward, Plan, train
from .train_reader import disturbed
from .warm import begin

PASSES = 2  # a third reads no plate more
# Photographing costs more than learning: each picture is looked at with several errors of the corners.
LOOKS_EACH = 3
BATCH = 1152
PEAK = 1.5e-3
BOXED = 0.4
# The second pass starts from nearly right corners, and its error is what the reader sees.
AMOUNTS, AMOUNT_SHARES = (1.0, 0.35, 0.12), (0.55, 0.25, 0.2)
USABLE = 0.85  # of the looks, at least
SMALLEST = 20.0  # px: below it corners are a guess


def boxes(corners: Tensor) -> Tensor:
    low, high = corners.amin(1), corners.amax(1)
    return torch.stack([low, torch.stack([high[:, 0], low[:, 1]], -1), high, torch.stack([low[:, 0], high[:, 1]], -1)], 1)


def rough(corners: Tensor, dice: BatchDice) -> Tensor:
    """(n, 4, 2) true corners → what a first look may give: the upright box, or the quad turned, scaled and moved."""
    boxed = dice.raw(1, 1) < BOXED
    start = torch.where(boxed, boxes(corners), corners)
    amount = torch.tensor(AMOUNTS, device=dice.device)[torch.bucketize(dice.raw(1, 1), torch.tensor(AMOUNT_SHARES, device=dice.device).cumsum(0)[:-1])]
    centre = start.mean(1, keepdim=True)
    sides = torch.stack([(start[:, 1] - start[:, 0]).norm(dim=-1), (start[:, 3] - start[:, 0]).norm(dim=-1)], -1)[:, None]
    turn = torch.deg2rad((dice.normal(1) * 14).clamp(-40, 40)) * amount[..., 0] * ~boxed[..., 0]
    x, y = (start - centre).unbind(-1)
    turned = torch.stack([turn.cos() * x - turn.sin() * y, turn.sin() * x + turn.cos() * y], -1)
    scale = torch.exp(dice.normal(1, 2) * 0.13 * amount + 0.08 * boxed)
    moved = turned * scale + centre + dice.normal(1, 2) * 0.1 * sides * amount
    return moved + dice.normal(4, 2) * 0.05 * sides.amin(-1, keepdim=True) * amount


def refine(net: nn.Module, luma: Tensor, corners: Tensor, passes: int = PASSES) -> Tensor:
    """(n, 1, H, W) and rough (n, 4, 2) → corners; the run time's graph is this loop, unrolled."""
    for _ in range(passes):
        corners = unstraighten(corners, net(straighten(luma, corners, REFINER_VIEW)), REFINER_VIEW)
    return corners


def usable(looks: Looks) -> Tensor:
    reach = looks.corners[..., 0].amax(1) - looks.corners[..., 0].amin(1)
    return torch.nonzero(looks.has_corners & (reach > SMALLEST)).flatten()


def judge_on(looks: Looks, dice: BatchDice):
    some = usable(looks)
    luma, true = looks.luma[some], looks.corners[some]
    guess = rough(true, dice.few(len(some)))
    side = (true[:, 1] - true[:, 0]).norm(dim=-1)

    @torch.no_grad()
    def judge(net: nn.Module) -> dict[str, float]:
        found = torch.cat([refine(net, a, b) for a, b in zip(luma.split(512), guess.split(512))])
        away = (found - true).norm(dim=-1).mean(1) / side
        return {"median_percent": 100 * away.median().item(), "within_3_percent": (away < 0.03).float().mean().item()}

    return judge


def learn(options: argparse.Namespace) -> None:
    device = torch.device(options.device)
    bank, seats = bank_for(options, device), load(options.pack / "reader", device)
    batch = options.batch or BATCH
    count = batch // LOOKS_EACH
    torch.manual_seed(options.seed)
    net = begin(Refiner(), options.start)

    def loss_of(net: Forward, generator: torch.Generator):
        taken = look(bank, seats, count, generator)
        while not len(some := usable(taken)):  # only tiny batches
            taken = look(bank, seats, count, generator)
        with torch.no_grad():
            # One size of batch: the device's convolutions are tuned anew for each.
            some = some[torch.arange(int(count * USABLE), device=device) % len(some)]
            luma, true = taken.luma[some].repeat(LOOKS_EACH, 1, 1, 1), taken.corners[some].repeat(LOOKS_EACH, 1, 1)
            dice = BatchDice(len(luma), generator)
            guess = rough(true, dice)
            view = disturbed(straighten(luma, guess, REFINER_VIEW), dice)
            in_plate = project(torch.linalg.inv(homography(guess).double()).float(), true)
            wanted = REFINER_VIEW.from_plate(in_plate).clamp(-0.3, 1.3)
        found = net(view).float()
        loss = F.smooth_l1_loss(found, wanted, beta=0.02)
        return loss, {"loss": loss, "error": (found - wanted).abs().mean()}, len(view)

    generator = torch.Generator(device).manual_seed(options.seed + 1000)
    few = min(2048, batch * 4)
    judge = judge_on(look_often(bank, seats, few, generator), BatchDice(few, generator))
    train(net, Plan.of(options, PEAK), device, options.seed, loss_of, judge)
