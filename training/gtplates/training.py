"""Where checkpoints lie and how a network is read from one."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from .pictures import CACHE


PUPIL = "pupil."  # of two networks that were trained together, the one that is shipped


def checkpoint_file(name: str) -> Path:
    return CACHE / "checkpoints" / f"{name}.pt"


def load_average(net: nn.Module, name: str) -> nn.Module:
    """The network as it is exported and judged: the moving average of its weights."""
    state = torch.load(checkpoint_file(name), map_location="cpu", weights_only=True)
    weights = state["average"]
    pupil = {key.removeprefix(PUPIL): value for key, value in weights.items() if key.startswith(PUPIL)}
    net.load_state_dict(pupil or weights)
    return net.eval()
