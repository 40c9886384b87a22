"""The trial's networks (LPR/trial/onnx), run by the trial's own code on the pictures that ours are judged by."""

from __future__ import annotations

import os
import sys

import cv2
import numpy as np

from .models import session
from .pictures import samples
from .reading import Reading


class Trial:
    def __init__(self) -> None:
        folder = samples() / "trial"
        os.environ["LPR"] = str(samples())
        sys.path.insert(0, str(folder))
        import evaluate  # type: ignore[import-not-found]

        self.code = evaluate
        self.reader, self.refiner = session(folder / "onnx" / "reader.onnx"), session(folder / "onnx" / "refiner.onnx")

    def text_of(self, view: np.ndarray) -> str:
        characters, layout = self.reader.run(None, {"x": view[None, None].astype(np.float32)})
        return self.code.decode(characters[0], layout[0])[0]

    def refine(self, luma: np.ndarray, corners: np.ndarray) -> np.ndarray:
        return self.code.refine(self.refiner, cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR), np.float32(corners))

    def read(self, luma: np.ndarray, corners: np.ndarray) -> tuple[Reading, float]:
        """It tells no probability that the reading is right."""
        if not np.isfinite(corners).all():
            return Reading("", "old", 0.0, ""), 0.0
        characters, layout = self.code.read(self.reader, cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR), corners)
        text, score = self.code.decode(characters, layout)
        return Reading(text, "", float(score), ""), 0.0
