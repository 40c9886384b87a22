"""How far the reader's probabilities are to be believed: fitted on rendered and real training plates, folded into its graph."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .batch_dice import BatchDice
from .batched_scene import look_often
from .plate_bank import PlateBank
from .seats import Seats
from .train_reader import likeliest, views
from .training import checkpoint_file

ROUNDS = 200


@dataclass
class Calibration:
    """`temperature` divides the characters' logits; the logit of `sure` becomes scale · logit + shift."""

    temperature: float = 1.0
    scale: float = 1.0
    shift: float = 0.0


def calibration_file(name: str) -> Path:
    return checkpoint_file(name).with_suffix(".json")


def load_calibration(name: str) -> Calibration:
    file = calibration_file(name)
    return Calibration(**json.loads(file.read_text())) if file.exists() else Calibration()


def _fitted(parameters: list[Tensor], loss_of) -> None:
    optimiser = torch.optim.LBFGS(parameters, max_iter=ROUNDS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = loss_of()
        loss.backward()
        return loss

    optimiser.step(closure)


def fit(characters: Tensor, text: Tensor, sure: Tensor, right: Tensor) -> Calibration:
    """(n, 7, 36) logits of plates with their (n, 7) text; logits of `sure` of all looks and whether the reading was right."""
    log_temperature = torch.zeros(1, requires_grad=True)
    _fitted([log_temperature], lambda: F.cross_entropy((characters / log_temperature.exp()).flatten(0, 1), text.flatten()))
    scale, shift = torch.ones(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    _fitted([scale, shift], lambda: F.binary_cross_entropy_with_logits(sure * scale + shift, right.float()))
    return Calibration(log_temperature.exp().item(), scale.item(), shift.item())


def off_by(sure: Tensor, right: Tensor, bins: int = 10) -> list[tuple[float, float, int]]:
    """Probability told, share right and number, by tenths of the looks: what the card shows."""
    order = sure.argsort()
    return [(sure[part].mean().item(), right[part].float().mean().item(), len(part)) for part in order.chunk(bins)]


@torch.no_grad()
def answers(net: nn.Module, bank: PlateBank, seats: Seats, count: int, seed: int):
    generator = torch.Generator(bank.device).manual_seed(seed)
    seen = views(look_often(bank, seats, count, generator), BatchDice(count, generator))
    characters, layout, sure = (torch.cat(part) for part in zip(*(net(part) for part in seen.view.split(256))))
    return seen, characters, sure, seen.read & (likeliest(characters, layout) == seen.text).all(1)


def calibrate(net: nn.Module, bank: PlateBank, seats: Seats, count: int, name: str) -> None:
    seen, characters, sure, right = answers(net, bank, seats, count, 77)
    found = fit(characters[seen.taught], seen.text[seen.taught], sure, right)
    calibration_file(name).write_text(json.dumps(asdict(found)))
    print(found)
    _, _, sure, right = answers(net, bank, seats, count // 2, 78)
    for told, share, number in off_by((sure * found.scale + found.shift).sigmoid(), right):
        print(f"told {told:.3f}  right {share:.3f}  of {number}")
