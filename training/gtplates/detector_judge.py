"""Plates found in whole real pictures against boxes beside any label: the curve over thresholds that a detector is chosen by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import nn

from .detector_graph import DetectorGraph
from .models import detector_size
from .picture_pack import PackedPicture

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
FOUND, BESIDE = 0.5, 0.3  # intersection over union with a labelled box


def upright(corners: np.ndarray) -> np.ndarray:
    """(…, 4, 2) → (…, 4): left, top, right, bottom."""
    return np.concatenate([corners.min(-2), corners.max(-2)], -1)


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of every box with every other."""
    low, high = np.maximum(boxes[:, None, :2], others[None, :, :2]), np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = (high - low).clip(min=0).prod(-1)
    area = lambda group: (group[:, 2:] - group[:, :2]).prod(-1)  # noqa: E731
    return shared / (area(boxes)[:, None] + area(others)[None] - shared + 1e-9)


@dataclass
class Tally:
    """One picture: the best score on each plate (0: none), the plates' widths, and the scores of boxes on nothing labelled."""

    found: np.ndarray
    widths: np.ndarray
    beside: np.ndarray


def tally(corners: np.ndarray, scores: np.ndarray, plates: np.ndarray, maybe: np.ndarray) -> Tally:
    """`plates` and `maybe`: labelled corners (n, 4, 2); what lies on a `maybe` counts neither way."""
    boxes, wanted, doubtful = upright(corners), upright(plates.reshape(-1, 4, 2)), upright(maybe.reshape(-1, 4, 2))
    on = overlaps(boxes, wanted)
    found = np.where(on > FOUND, scores[:, None], 0).max(0) if len(boxes) else np.zeros(len(wanted))
    middle = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    excused = ((middle >= doubtful[None, :, :2]) & (middle <= doubtful[None, :, 2:])).all(-1).any(1) | (overlaps(boxes, doubtful) > 0.1).any(1)
    off = (on < BESIDE).all(1) & ~excused & (scores > 0)
    return Tally(found, wanted[:, 2] - wanted[:, 0], scores[off])


def curve(tallies: list[Tally]) -> list[tuple[float, float, float]]:
    """(threshold, share of the plates found, boxes a picture off the labels)."""
    found, beside = np.concatenate([t.found for t in tallies]), np.concatenate([t.beside for t in tallies])
    return [(t, float((found >= t).mean()), float((beside >= t).sum() / len(tallies))) for t in THRESHOLDS]


def found_at(tallies: list[Tally], allowed: float) -> tuple[float, float]:
    """The threshold that leaves `allowed` boxes a picture off the labels, and the share of plates found there."""
    beside = np.sort(np.concatenate([t.beside for t in tallies]))[::-1]
    count = int(allowed * len(tallies))
    threshold = float(beside[count]) + 1e-6 if count < len(beside) else 0.02
    return threshold, float((np.concatenate([t.found for t in tallies]) >= threshold).mean())


def judge_on(pictures: list[PackedPicture], device: torch.device) -> Callable[[nn.Module], dict[str, float]]:
    """Scores a network on packed pictures as a run time shows them to it."""
    shown = []
    for picture in pictures:
        height, width = picture.luma.shape
        w, h = detector_size(width, height)
        small = cv2.resize(picture.luma, (w, h), interpolation=cv2.INTER_AREA if w < width else cv2.INTER_LINEAR)
        scale = np.float32([w / width, h / height])
        plates = np.array([p.corners for p in picture.plates if not p.sealed], np.float32).reshape(-1, 4, 2) * scale
        maybe = np.array([*picture.maybe, *(p.corners for p in picture.plates if p.sealed)], np.float32).reshape(-1, 4, 2) * scale
        shown.append((torch.from_numpy(small).to(device)[None, None], plates, maybe))

    @torch.no_grad()
    def judge(net: nn.Module) -> dict[str, float]:
        graph, tallies = DetectorGraph(net), []
        for luma, plates, maybe in shown:
            corners, scores, _ = (part.cpu().numpy() for part in graph(luma))
            tallies.append(tally(corners, scores, plates, maybe))
        figures = {f"found_at_{allowed}_beside": found_at(tallies, allowed)[1] for allowed in (0.05, 0.1, 0.3, 1.0)}
        for threshold, found, beside in curve(tallies):
            if threshold in (0.3, 0.5):
                figures |= {f"found_{threshold}": found, f"beside_{threshold}": beside}
        return figures

    return judge
