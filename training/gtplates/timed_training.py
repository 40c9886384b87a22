"""Training against the clock: the rate falls to nothing exactly when the time is up, whatever the machine's speed.

Or by a number of steps, and then nothing that is learnt depends on the time: on a processor core a training can be repeated."""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

LOG_SECONDS = 5.0
JUDGE_SECONDS = 30.0
SAVE_SECONDS = 60.0
Figures = dict[str, Tensor]
Forward = Callable[[Tensor], Tensor | tuple[Tensor, ...]]


@dataclass
class Plan:
    out: Path
    until: float  # seconds since the epoch: several trainings started by one command end together
    peak: float
    weight_decay: float = 0.02
    clip: float = 5.0
    warm_up: float = 0.02
    keep: float = 0.999
    steps: int | None = None  # ends after so many instead of by the clock

    @classmethod
    def of(cls, options: argparse.Namespace, peak: float) -> Plan:
        return cls(options.out, options.until, options.peak or peak, steps=options.steps)

    def done(self, step: int, begun: float, now: float) -> float:
        """The share of the training that is behind."""
        if self.steps is not None:
            return step / self.steps
        return (now - begun) / (self.until - begun) if now < self.until else 1.0


def rate(progress: float, plan: Plan) -> float:
    """Warm-up, then a cosine that ends a little before the training does, so that the moving average settles."""
    fall = min(1.0, max(0.0, (progress - plan.warm_up) / (0.98 - plan.warm_up)))
    return plan.peak * min(1.0, progress / plan.warm_up + 0.01) * (0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * fall)))


class Average:
    """The moving average of a network's weights: what is judged, kept and exported."""

    def __init__(self, net: nn.Module) -> None:
        self.values = {k: v.detach().clone() for k, v in net.state_dict().items()}

    def update(self, net: nn.Module, step: int, most: float) -> None:
        keep = min(most, step / (step + 50.0))
        own, new = [], []
        for key, value in net.state_dict().items():
            if value.is_floating_point():
                own.append(self.values[key])
                new.append(value.detach())
            else:
                self.values[key].copy_(value)
        torch._foreach_lerp_(own, new, 1 - keep)


def save(path: Path, state: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def train(
    net: nn.Module, plan: Plan, device: torch.device, seed: int,
    loss_of: Callable[[Forward, torch.Generator], tuple[Tensor, Figures, int]],
    judge: Callable[[nn.Module], dict[str, float]] | None = None, clock: Callable[[], float] = time.time,
) -> None:
    """`loss_of` gives a loss, figures for the log and how many looks they come from; `judge` scores a network of averaged weights."""
    fast, net = device.type == "cuda", net.to(device).to(memory_format=torch.channels_last).train()
    judged = type(net)().to(device).eval() if judge else None
    optimiser = torch.optim.AdamW(net.parameters(), plan.peak, weight_decay=plan.weight_decay, fused=fast)
    average, generator = Average(net), torch.Generator(device).manual_seed(seed)
    begun = told = scored = saved = clock()
    step, looks, sums = 0, 0, {}

    # The network alone runs in bf16: corners and transforms of the pictures need every bit.
    def forward(view: Tensor) -> Tensor | tuple[Tensor, ...]:
        with torch.autocast(device.type, torch.bfloat16, enabled=fast):
            return net(view.contiguous(memory_format=torch.channels_last))

    while (done := plan.done(step, begun, now := clock())) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate(done, plan)
        loss, figures, count = loss_of(forward, generator)
        optimiser.zero_grad()
        loss.backward()
        if torch.isfinite(nn.utils.clip_grad_norm_(net.parameters(), plan.clip)):
            optimiser.step()
        step, looks = step + 1, looks + count
        average.update(net, step, plan.keep)
        for key, value in figures.items():
            sums.setdefault(key, []).append(value.detach())
        if now - told > LOG_SECONDS:
            means = " ".join(f"{key} {torch.stack(values).float().mean().item():.4f}" for key, values in sums.items())
            print(f"{now - begun:.0f}s step {step} looks/s {looks / (now - begun):.0f} {means}", flush=True)
            told, sums = now, {}
        if judged is not None and now - scored > JUDGE_SECONDS:
            judged.load_state_dict(average.values)
            print(f"{now - begun:.0f}s judged", *(f"{key} {value:.4f}" for key, value in judge(judged).items()), flush=True)
            scored = clock()
        if now - saved > SAVE_SECONDS:
            save(plan.out, _state(average, step, looks, now - begun))
            saved = clock()
    save(plan.out, _state(average, step, looks, clock() - begun))
    print(f"step {step} weights {fingerprint(average.values)}", flush=True)
    if judged is not None:
        judged.load_state_dict(average.values)
        print("at the end", *(f"{key} {value:.4f}" for key, value in judge(judged).items()), flush=True)


def fingerprint(weights: dict[str, Tensor]) -> str:
    """Equal for equal weights; a checkpoint's own sum is not, for it tells the seconds too."""
    total = hashlib.sha256()
    for key in sorted(weights):
        total.update(key.encode() + weights[key].cpu().contiguous().numpy().tobytes())
    return total.hexdigest()[:16]


def _state(average: Average, step: int, looks: int, seconds: float) -> dict:
    return {"average": {k: v.cpu() for k, v in average.values.items()}, "step": step, "looks": looks, "seconds": seconds}
