"""A training that begins where another ended."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn


def begin(net: nn.Module, start: Path | None) -> nn.Module:
    """The network with the averaged weights of `start`; without one as it is made."""
    if start is not None:
        net.load_state_dict(torch.load(start, map_location="cpu", weights_only=True)["average"])
    return net
