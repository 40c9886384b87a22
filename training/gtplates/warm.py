"""A training that begins where another ended."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

# The reader grew by two idle blocks: the older trunk's places in today's.
SMALL_TRUNK = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 7}
SMALL_TRUNK_LAST = "trunk.6.second.1.weight"


def begin(net: nn.Module, start: Path | None) -> nn.Module:
    """The network with the averaged weights of `start`; without one as it is made."""
    if start is None:
        return net
    state = torch.load(start, map_location="cpu", weights_only=True)["average"]
    own = net.state_dict()
    if "trunk.8.first.0.weight" in own and SMALL_TRUNK_LAST in state and "trunk.8.first.0.weight" not in state:
        state = {_moved(key): value for key, value in state.items()}
    missing, unknown = net.load_state_dict(state, strict=False)
    grown = tuple(f"trunk.{place}." for place in (5, 8))
    if unknown or any(not key.startswith(grown) for key in missing):
        raise ValueError(f"{start} is not of this network: {unknown or missing}")
    return net


def _moved(key: str) -> str:
    if not key.startswith("trunk."):
        return key
    _, place, rest = key.split(".", 2)
    return f"trunk.{SMALL_TRUNK[int(place)]}.{rest}"
