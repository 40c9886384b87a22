"""The exported networks as a run time uses them: the reference for any other implementation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime

from .reading import Reading, read

MODELS = Path(__file__).resolve().parents[2] / "models"
USUAL_PIXELS = 640 * 384
# Above so many pixels of the picture: so many for the detector (lib/vision/detector-size.ts has the same rule).
DETECTOR_PIXELS = ((6_000_000, 1920 * 1088), (2_500_000, 1280 * 736), (500_000, 960 * 544))


def session(model: Path | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


@dataclass
class Found:
    corners: np.ndarray
    score: float
    two_rows: float


def detector_size(width: int, height: int) -> tuple[int, int]:
    """Both sides multiples of 32, the more pixels the larger the picture, whatever its shape; never enlarged more than twice."""
    return scaled_size(width, height, next((pixels for above, pixels in DETECTOR_PIXELS if width * height > above), USUAL_PIXELS))


def scaled_size(width: int, height: int, pixels: float) -> tuple[int, int]:
    scale = min(math.sqrt(pixels / (width * height)), 2.0)
    return (max(32, round(width * scale / 32) * 32), max(32, round(height * scale / 32) * 32))


class Models:
    def __init__(self, folder: Path = MODELS) -> None:
        self.folder = folder
        self.reader, self.refiner = session(folder / "reader.onnx"), session(folder / "refiner.onnx")
        self.detector = session(folder / "detector.onnx") if (folder / "detector.onnx").exists() else None

    def text_reader(self) -> Callable[[np.ndarray], str]:
        """The reader without its geometry, for pictures that are straightened already (held-out renders)."""
        whole = onnx.load(str(self.folder / "reader.onnx"))
        net = session(onnx.utils.Extractor(whole).extract_model(["view"], ["characters", "layout"]).SerializeToString())

        def text_of(view: np.ndarray) -> str:
            characters, layout = net.run(None, {"view": view[None, None].astype(np.float32)})
            return reading_of(characters[0], layout[0]).text

        return text_of

    def detect(self, luma: np.ndarray, threshold: float, size: tuple[int, int] | None = None) -> list[Found]:
        """Plates of a whole picture, best first, corners in its own pixels; `size` of the detector's input, when not the usual."""
        height, width = luma.shape
        w, h = size or detector_size(width, height)
        small = cv2.resize(luma, (w, h), interpolation=cv2.INTER_AREA if w < width else cv2.INTER_LINEAR)
        corners, score, rows = self.detector.run(None, {"luma": small[None, None]})
        # Whole-number pixel centres: (x + 0.5) scales, not x.
        back = (corners + 0.5) * np.float32([width / w, height / h]) - 0.5
        return [Found(c, float(s), float(r)) for c, s, r in zip(back, score, rows) if s >= threshold]

    def refine(self, luma: np.ndarray, corners: np.ndarray) -> np.ndarray:
        return self.refiner.run(None, {"luma": luma[None, None], "corners": corners[None].astype(np.float32)})[0][0]

    def read(self, luma: np.ndarray, corners: np.ndarray) -> tuple[Reading, float]:
        given = {"luma": luma[None, None], "corners": corners[None].astype(np.float32)}
        characters, layout, sure, _ = self.reader.run(None, given)
        return reading_of(characters[0], layout[0]), float(sure[0])


def reading_of(characters: np.ndarray, layout: np.ndarray) -> Reading:
    return read(np.log(np.maximum(characters, 1e-9)), np.log(np.maximum(layout, 1e-9)))
