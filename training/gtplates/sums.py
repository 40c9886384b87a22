"""models/SHA256SUMS: what the product believes a network's file by. `sha256sum -c` checks the same lines."""

from __future__ import annotations

import hashlib
from pathlib import Path

NAMES = ("detector.onnx", "reader.onnx", "refiner.onnx")


def write_sums(folder: Path) -> None:
    there = [name for name in NAMES if (folder / name).exists()]
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in there]
    (folder / "SHA256SUMS").write_text("".join(lines))
