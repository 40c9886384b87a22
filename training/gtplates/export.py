"""Checkpoints → ONNX files that carry the geometry with them; each compared with torch before it is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .detector_graph import DetectorGraph
from .calibrate import Calibration, load_calibration
from .geometry import READER_VIEW, REFINER_VIEW, homography, project, sampled, window
from .models import session
from .nets import Detector, Reader, Refiner
from .sums import write_sums
from .train_refiner import PASSES
from .training import load_average

OPSET = 18
SMALL = 4096  # weights of fewer values stay fp32: they save nothing and biases are worth their precision


class ReaderGraph(nn.Module):
    def __init__(self, net: Reader, calibration: Calibration) -> None:
        super().__init__()
        self.net, self.calibration = net, calibration

    def forward(self, luma: Tensor, corners: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        view = sampled(*window(luma, homography(corners), READER_VIEW), READER_VIEW)
        characters, layout, sure = self.net(view)
        known = self.calibration
        return (characters / known.temperature).softmax(-1), layout.softmax(-1), (sure * known.scale + known.shift).sigmoid(), view


class RefinerGraph(nn.Module):
    def __init__(self, net: Refiner) -> None:
        super().__init__()
        self.net = net

    def forward(self, luma: Tensor, corners: Tensor) -> Tensor:
        for _ in range(PASSES):
            matrix = homography(corners)
            found = self.net(sampled(*window(luma, matrix, REFINER_VIEW), REFINER_VIEW))
            corners = project(matrix, REFINER_VIEW.to_plate(found))
        return corners


def shared(model: onnx.ModelProto) -> onnx.ModelProto:
    """Equal weights once: the refiner's passes are unrolled and each brought its own copy."""
    kept: dict[bytes, str] = {}
    same: dict[str, str] = {}
    for tensor in list(model.graph.initializer):
        key = onnx.numpy_helper.to_array(tensor).tobytes() + str((tensor.data_type, list(tensor.dims))).encode()
        if kept.setdefault(key, tensor.name) != tensor.name:
            same[tensor.name] = kept[key]
            model.graph.initializer.remove(tensor)
    for node in model.graph.node:
        node.input[:] = [same.get(name, name) for name in node.input]
    return model


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights stored as fp16 and cast when loaded: half the file, computed in fp32."""
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and np.prod(tensor.dims) >= SMALL:
            name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
            casts.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)
    return model


def graphs(reader: str, refiner: str, detector: str | None) -> dict[str, tuple[nn.Module, list[str], list[str]]]:
    made: dict[str, tuple[nn.Module, list[str], list[str]]] = {
        "reader": (
            ReaderGraph(load_average(Reader(), reader), load_calibration(reader)), ["luma", "corners"], ["characters", "layout", "sure", "view"],
        ),
        "refiner": (RefinerGraph(load_average(Refiner(), refiner)), ["luma", "corners"], ["refined"]),
    }
    if detector:
        made["detector"] = (DetectorGraph(load_average(Detector(), detector)), ["luma"], ["corners", "score", "two_rows"])
    return made


def _samples(inputs: list[str], rng: np.random.Generator) -> dict[str, np.ndarray]:
    height, width = int(rng.integers(200, 900)), int(rng.integers(300, 1400))
    if inputs == ["luma"]:
        height, width = height // 32 * 32, width // 32 * 32
    coarse = torch.from_numpy(rng.uniform(0, 255, (1, 1, height // 12 + 1, width // 12 + 1)))
    luma = F.interpolate(coarse, size=(height, width), mode="bilinear").numpy().astype(np.uint8)
    middle, half = rng.uniform([0.2, 0.2], [0.8, 0.8]) * [width, height], np.array([rng.uniform(20, 250), rng.uniform(8, 80)])
    quad = middle + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half + rng.normal(0, 3, (4, 2))
    return {"luma": luma} | ({"corners": quad[None].astype(np.float32)} if "corners" in inputs else {})


def worst_difference(graph: nn.Module, file: bytes | Path, inputs: list[str], rounds: int = 8) -> float:
    """The largest difference between torch and onnxruntime, as a share of an output's own scale."""
    ort, rng, worst = session(file), np.random.default_rng(0), 0.0
    for _ in range(rounds):
        given = _samples(inputs, rng)
        with torch.no_grad():
            ours = graph(*(torch.from_numpy(given[name]) for name in inputs))
        theirs = ort.run(None, given)
        ours = [part.numpy() for part in (ours if isinstance(ours, tuple) else (ours,))]
        if inputs == ["luma"]:  # candidates that are none come in any order: only a likely best one is compared
            best = slice(0, int(ours[1][0] > 0.3))
            ours, theirs = ([a[best], b[:1], c[best]] for a, b, c in (ours, theirs))
        for a, b in zip(ours, theirs):
            if b.size:
                worst = max(worst, float(np.abs(a - b).max() / max(1.0, np.abs(b).max())))
    return worst


def export(reader: str, refiner: str, detector: str | None, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, (graph, inputs, outputs) in graphs(reader, refiner, detector).items():
        graph.eval()
        given = _samples(inputs, np.random.default_rng(1))
        axes = {"luma": {2: "height", 3: "width"}}
        part = folder / f"{name}.part"
        with torch.no_grad():
            torch.onnx.export(
                graph, tuple(torch.from_numpy(given[i]) for i in inputs), str(part), input_names=inputs, output_names=outputs,
                dynamic_axes=axes, opset_version=OPSET, dynamo=False,
            )
        full = onnx.load(str(part))
        part.unlink()
        exact = worst_difference(graph, full.SerializeToString(), inputs)
        small = halved(shared(full))
        onnx.checker.check_model(small)
        rounded = worst_difference(graph, small.SerializeToString(), inputs)
        if exact > 1e-3 or rounded > 0.05:
            raise SystemExit(f"{name}: torch and onnxruntime differ by {exact:.2g} (fp16 weights {rounded:.2g})")
        (folder / f"{name}.onnx").write_bytes(small.SerializeToString())
        print(f"{name}.onnx {(folder / f'{name}.onnx').stat().st_size} bytes, torch − onnxruntime {exact:.2g}, with fp16 weights {rounded:.2g}")
    write_sums(folder)
