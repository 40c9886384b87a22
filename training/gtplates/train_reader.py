"""The reader learns from photographs made as it goes; corners are shaken as much as the refiner leaves them wrong."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .batch_dice import BatchDice
from .batched_scene import Looks, look, look_often
from .geometry import READER_VIEW, straighten
from .looks_pool import LooksPool
from .nets import POSITIONS, TaughtReader
from .plate_bank import bank_for
from .reading import ALLOWED, LAYOUT_WEIGHT
from .plate import LAYOUTS, PATTERNS
from .scene import PATCH_H, PATCH_W
from .seats import load
from .timed_training import Figures, Forward, Plan, train
from .warm import begin

HOPELESS = 1.2
BATCH = 1536
# Looks a step for each new photograph, and how many photographs are kept at most.
LOOKS_EACH = 6
KEPT = 32768
PEAK = 1.5e-3
DOUBTS = 0.5
# Shares of a plate's sides by which corners are off; the last is where the refiner failed, and nothing is read there.
SHAKEN = (0.008, 0.02, 0.035, 0.055, 0.2)
SHAKEN_SHARES = (0.32, 0.33, 0.26, 0.05, 0.04)
LOST = len(SHAKEN) - 1
JUDGED = 4096
WIDTHS = (30, 50, 70, 100, 1000)


@dataclass
class Views:
    view: Tensor
    text: Tensor
    layout: Tensor
    read: Tensor  # a plate whose text is there to be read
    taught: Tensor  # of these: with corners near enough to teach from


def shaken(corners: Tensor, dice: BatchDice) -> tuple[Tensor, Tensor]:
    """Corners moved by a share of the plate's sides and a fraction of a pixel; and which are lost altogether."""
    kind = torch.bucketize(dice.raw(), torch.tensor(SHAKEN_SHARES, device=dice.device).cumsum(0)[:-1])
    side = corners.amax(1) - corners.amin(1)
    reach = torch.stack([side[:, 0].clamp(min=1), torch.minimum(side[:, 1], side[:, 0])], -1)[:, None]
    amount = torch.tensor(SHAKEN, device=dice.device)[kind][:, None, None]
    return corners + dice.normal(4, 2) * amount * reach + dice.normal(4, 2) * 0.35, kind == LOST


def anywhere(dice: BatchDice) -> Tensor:
    """Where a detector might err: any quadrilateral of a patch without a plate."""
    device = dice.device
    middle = torch.tensor([PATCH_W, PATCH_H], device=device) * (0.3 + 0.4 * dice.raw(1, 2))
    half = torch.tensor([20.0, 10.0], device=device) + torch.tensor([55.0, 26.0], device=device) * dice.raw(1, 2)
    unit = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]], device=device)
    return middle + unit * half + dice.normal(4, 2) * 0.15 * half


def disturbed(view: Tensor, dice: BatchDice) -> Tensor:
    """Exposure, noise, light on dark, a patch hidden: cheap variety per look, on top of what the camera gave."""
    view = view * dice.uniform(0.7, 1.3) + dice.normal(1, 1, 1) * 12
    view = view + dice.normal(*view.shape[1:]) * dice.uniform(0, 5)
    view = torch.where(dice.chance(0.04), 255 - view, view)
    y = torch.arange(view.shape[2], device=view.device)[None, None, :, None]
    x = torch.arange(view.shape[3], device=view.device)[None, None, None]
    left, top = dice.uniform(0, view.shape[3] - 8), dice.uniform(0, view.shape[2] - 8)
    hidden = (x >= left) & (x < left + dice.uniform(3, 12)) & (y >= top) & (y < top + dice.uniform(3, 12))
    return torch.where(hidden & dice.chance(0.1), dice.uniform(0, 255), view)


def views(looks: Looks, dice: BatchDice) -> Views:
    corners, lost = shaken(looks.corners, dice)
    corners = torch.where(looks.has_corners[:, None, None], corners, anywhere(dice))
    view = straighten(looks.luma, corners, READER_VIEW)
    return Views(view, looks.text, looks.layout, looks.readable, looks.readable & ~lost)


def tempered(losses: Tensor) -> Tensor:
    """Mean of the plates' losses, hopeless ones at a quarter: nobody reads 16 px, and their noise drowned all the rest
    (a fifth of the plates made nine tenths of the loss). `sure` learns that they are hopeless."""
    weights = torch.where(losses.detach() > HOPELESS, 0.25, 1.0)
    return (losses * weights).sum() / weights.sum()


def likeliest(characters: Tensor, layout: Tensor) -> Tensor:
    """(n, 7, 36) and (n, 4) logits → (n, 7) by the grammar: reading.read for a batch."""
    log_p, log_layout = characters.log_softmax(-1), layout.log_softmax(-1)
    texts, scores = [], []
    for index, name in enumerate(LAYOUTS):
        barred = torch.full((POSITIONS, log_p.shape[-1]), -math.inf, device=log_p.device)
        for position, kind in enumerate(PATTERNS[name]):
            barred[position, ALLOWED[kind]] = 0
        best = (log_p + barred).max(-1)
        texts.append(best.indices)
        scores.append(best.values.sum(-1) + LAYOUT_WEIGHT * log_layout[:, [index, index + 2]].logsumexp(-1))
    first = scores[0] >= scores[1]
    return torch.where(first[:, None], texts[0], texts[1])


def reading_loss(answers: tuple[Tensor, Tensor, Tensor], seen: Views) -> tuple[Tensor, Figures, Tensor]:
    """The loss, figures for the log, and the loss of each taught plate by itself."""
    characters, layout, sure = (part.float() for part in answers)
    taught = seen.taught
    each = F.cross_entropy(characters[taught].flatten(0, 1), seen.text[taught].flatten(), label_smoothing=0.02, reduction="none")
    each = each.view(-1, POSITIONS).mean(1)
    reading = tempered(each)
    kind = F.cross_entropy(layout[taught], seen.layout[taught])
    right = seen.read & (likeliest(characters.detach(), layout.detach()) == seen.text).all(1)
    sureness = F.binary_cross_entropy_with_logits(sure, right.float())
    figures = {"loss": reading, "layout": kind, "exact": right[taught].float().mean(), "sure": sureness}
    return reading + 0.1 * kind + 0.2 * sureness, figures, each.detach()


def as_the_teacher(pupil: Tensor, teacher: Tensor) -> Tensor:
    """How far the pupil's probabilities are from its teacher's, which learns nothing by it."""
    return F.kl_div(pupil.float().log_softmax(-1), teacher.detach().float().softmax(-1), reduction="none").sum(-1).mean()


@torch.no_grad()
def next_views(pool: LooksPool, photograph: Callable[[int], Looks], batch: int, generator: torch.Generator) -> tuple[Tensor, Views]:
    """A few new photographs into the pool, `batch` views out of it; and the rooms that they are of."""
    missing = batch * 2 // LOOKS_EACH if pool.filled < batch else 0
    pool.add(photograph(batch // LOOKS_EACH + missing))
    taken, rooms = pool.draw(batch, generator)
    dice = BatchDice(batch, generator)
    seen = views(taken, dice)
    seen.view = disturbed(seen.view, dice)
    return rooms, seen


def judge_on(looks: Looks, dice: BatchDice):
    seen = views(looks, dice)
    # Two rows have characters as large as a car's plate 1/0.62 times as wide.
    wide = (looks.corners[:, 1] - looks.corners[:, 0]).norm(dim=-1) / torch.where(looks.layout >= 2, 0.62, 1.0)

    @torch.no_grad()
    def judge(net: nn.Module) -> dict[str, float]:
        parts = [net(part) for part in seen.view.split(512)]
        characters, layout, sure = (torch.cat(part) for part in zip(*parts))
        right = (likeliest(characters, layout) == seen.text).all(1) & seen.read
        groups = {f"layout{i}": right[seen.taught & (seen.layout == i)] for i in range(4)}
        groups |= {f"px{low}": right[seen.taught & (wide >= low) & (wide < high)] for low, high in zip(WIDTHS, WIDTHS[1:])}
        taken = sure > sure[seen.taught].quantile(0.3)
        return {"exact": right[seen.taught].float().mean().item()} | {k: v.float().mean().item() for k, v in groups.items()} | {
            "wrong_of_70_percent": 1 - right[taken].float().mean().item()
        }

    return judge


def learn(options: argparse.Namespace) -> None:
    device = torch.device(options.device)
    bank, seats = bank_for(options, device), load(options.pack / "reader", device)
    batch = options.batch or BATCH
    torch.manual_seed(options.seed)
    net, pool = begin(TaughtReader(), options.start), LooksPool(KEPT)

    def loss_of(net: Forward, generator: torch.Generator):
        rooms, seen = next_views(pool, lambda count: look(bank, seats, count, generator), batch, generator)
        pupil, teacher = net(seen.view)
        loss, figures, each = reading_loss(pupil, seen)
        teachers_loss, teachers, _ = reading_loss(teacher, seen)
        pool.learnt(rooms[seen.taught], each, HOPELESS)
        doubts = as_the_teacher(pupil[0][seen.taught], teacher[0][seen.taught])
        return loss + teachers_loss + DOUBTS * doubts, figures | {"teacher": teachers["exact"], "doubts": doubts}, batch

    generator = torch.Generator(device).manual_seed(options.seed + 1000)
    few = min(JUDGED, batch * 4)
    judge = judge_on(look_often(bank, seats, few, generator), BatchDice(few, generator))
    plan = Plan.of(options, PEAK)
    train(net, plan, device, options.seed, loss_of, lambda net: judge(net.pupil) | {"teacher": judge(net.teacher)["exact"]})
