"""The detector as it is exported: cells' answers → the best candidates, each plate once."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .nets import CORNER_UNIT, DETECTOR_STRIDE

CANDIDATES = 16
OVERLAP = 0.4


class DetectorGraph(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, luma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        out = self.net(luma.float())
        heat = out[:, :1].sigmoid()
        peak = torch.where(F.max_pool2d(heat, 3, 1, 1) == heat, heat, torch.zeros_like(heat))
        score, place = peak.flatten().topk(CANDIDATES)
        # The number of columns from the picture itself: a plain out.shape[3] would be fixed at export.
        columns = torch.ones_like(out[0, 0, 0]).sum().long()
        x, y = place % columns, torch.div(place, columns, rounding_mode="floor")
        centre = (torch.stack([x, y], -1).float() + 0.5) * DETECTOR_STRIDE
        values = out[0].flatten(1)[:, place].T
        corners = values[:, 1:9].reshape(-1, 4, 2) * CORNER_UNIT + centre[:, None]
        return corners, score * self._first_of_its_place(corners), values[:, 9].sigmoid()

    def _first_of_its_place(self, corners: Tensor) -> Tensor:
        """0 for a candidate whose upright box overlaps a better one's: two cells of one plate."""
        low, high = corners.amin(1), corners.amax(1)
        shared = (torch.minimum(high[:, None], high[None]) - torch.maximum(low[:, None], low[None])).clamp(min=0).prod(-1)
        area = (high - low).prod(-1)
        overlap = shared / (area[:, None] + area[None] - shared + 1e-6)
        better = torch.triu(torch.ones(CANDIDATES, CANDIDATES, device=corners.device), 1)
        return ((overlap * better).amax(0) < OVERLAP).float()
