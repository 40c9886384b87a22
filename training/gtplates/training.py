"""What the three trainers share: schedule, moving average, checkpoints, resuming."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .pictures import CACHE


@dataclass
class Plan:
    name: str
    steps: int
    peak: float
    weight_decay: float = 0.02
    clip: float = 5.0
    seed: int = 0


def learning_rate(step: int, plan: Plan) -> float:
    """Warm-up, a long flat stretch (so that a run can be prolonged), a linear fall over the last 40 %."""
    left = (plan.steps - step) / (0.4 * plan.steps)
    return plan.peak * min(1.0, (step + 1) / 100, max(0.02, left))


def checkpoint_file(name: str) -> Path:
    return CACHE / "checkpoints" / f"{name}.pt"


def load_average(net: nn.Module, name: str) -> nn.Module:
    """The network as it is exported and judged: the moving average of its weights."""
    state = torch.load(checkpoint_file(name), map_location="cpu", weights_only=True)
    net.load_state_dict(state["average"])
    return net.eval()


def _save(path: Path, state: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def train(net: nn.Module, plan: Plan, loss_of: Callable[[nn.Module, np.random.Generator], tuple[Tensor, dict[str, float]]]) -> None:
    """Runs to `plan.steps`; killed and started again it goes on from the last checkpoint (every four minutes)."""
    path = checkpoint_file(plan.name)
    optimiser = torch.optim.AdamW(net.parameters(), plan.peak, weight_decay=plan.weight_decay)
    average = {k: v.clone() for k, v in net.state_dict().items()}
    step, spent = 0, 0.0
    if path.exists():
        state = torch.load(path, map_location="cpu", weights_only=True)
        net.load_state_dict(state["net"])
        if "optimiser" in state:
            optimiser.load_state_dict(state["optimiser"])
        average, step, spent = state["average"], state["step"], state["cpu_seconds"]
    torch.manual_seed(plan.seed + step)
    rng = np.random.default_rng([plan.seed, step])
    sums: dict[str, list[float]] = {}
    begun, saved, told = time.process_time(), time.monotonic(), time.monotonic()
    net.train()
    while step < plan.steps:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, plan)
        loss, figures = loss_of(net, rng)
        optimiser.zero_grad()
        loss.backward()
        if torch.isfinite(nn.utils.clip_grad_norm_(net.parameters(), plan.clip)):
            optimiser.step()
        step += 1
        _average(average, net, step)
        for key, value in figures.items():
            sums.setdefault(key, []).append(value)
        if time.monotonic() - told > 60 or step == plan.steps:
            cpu = spent + time.process_time() - begun
            print(f"{plan.name} step {step}/{plan.steps} cpu {cpu:.0f}s", *(f"{k} {np.mean(v):.4f}" for k, v in sums.items()), flush=True)
            told, sums = time.monotonic(), {}
        if time.monotonic() - saved > 240 or step == plan.steps:
            cpu = spent + time.process_time() - begun
            _save(path, {"net": net.state_dict(), "average": average, "optimiser": optimiser.state_dict(), "step": step, "cpu_seconds": cpu})
            saved = time.monotonic()


def _average(average: dict[str, Tensor], net: nn.Module, step: int) -> None:
    keep = min(0.998, step / (step + 50.0))
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if value.is_floating_point():
                average[key].lerp_(value, 1 - keep)
            else:
                average[key].copy_(value)
