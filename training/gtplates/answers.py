"""python -m gtplates.answers FILE …: what the reference reads in each picture, a JSON object a line, for other run times to be held against."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2

from .models import Models
from .pictures import luma

LEAST_SCORE, LOOKED_AT = 0.3, 5


def main(files: list[str]) -> None:
    cv2.setNumThreads(1)
    models = Models()
    for file in files:
        full, plates = luma(Path(file)), []
        for found in models.detect(full, LEAST_SCORE)[:LOOKED_AT]:
            corners = models.refine(full, found.corners)
            reading, sure = models.read(full, corners)
            plates.append({"text": reading.text, "confidence": sure, "score": found.score, "corners": corners.tolist()})
        plates.sort(key=lambda plate: -plate["confidence"] * plate["score"])
        print(json.dumps({"file": file, "plates": plates}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
