import numpy as np
import onnx
import pytest
import torch

from gtplates.batched_street import blank
from gtplates.detector_graph import DetectorGraph
from gtplates.detector_targets import Targets
from gtplates.dice import Dice
from gtplates.export import RefinerGraph, halved, shared, worst_difference
from gtplates.models import detector_size, session
from gtplates.nets import Detector, Refiner
from gtplates.scenery import PLATE

STREET = (384, 256)
QUADS = [np.float32([[60, 40], [150, 52], [148, 82], [58, 70]]), np.float32([[250, 150], [300, 150], [300, 200], [250, 200]])]


class Perfect(torch.nn.Module):
    """Answers with what the detector is taught."""

    def forward(self, luma: torch.Tensor) -> torch.Tensor:
        streets = blank(1, STREET, Dice.seeded(0, "cpu"))
        streets.corners[0, :2], streets.status[0, :2] = torch.from_numpy(np.stack(QUADS)), PLATE
        streets.rows[0, 1], streets.believed[0, :2] = 1, True
        taught = Targets(streets)
        return torch.cat([torch.logit(taught.heat, 1e-4)[:, None], taught.corners, taught.rows[:, None] * 8.0 - 4], 1)


def test_what_the_detector_is_taught_comes_back_as_corners_best_first_and_once() -> None:
    corners, score, rows = DetectorGraph(Perfect())(torch.zeros(1, 1, *STREET[::-1], dtype=torch.uint8))
    found = [i for i in range(len(score)) if score[i] > 0.5]
    assert len(found) == 2
    for i in found:
        nearest = min(QUADS, key=lambda quad: abs(quad - corners[i].numpy()).max())
        assert np.allclose(nearest, corners[i].numpy(), atol=1e-3)
        assert (rows[i] > 0.5) == (nearest is QUADS[1])


def steady_refiner() -> Refiner:
    """Untrained, but near "the corners are right": wild corners would turn a view inside out and compare nothing."""
    net = Refiner()
    with torch.no_grad():
        net.head[3].weight.mul_(0.02)
        net.head[3].bias.copy_(torch.tensor([0.2, 0.2, 0.8, 0.2, 0.8, 0.8, 0.2, 0.8]))
    return net


def test_an_exported_graph_answers_as_torch_does_at_any_size(tmp_path) -> None:
    for graph, inputs in ((RefinerGraph(steady_refiner()).eval(), ["luma", "corners"]), (DetectorGraph(timid_detector()).eval(), ["luma"])):
        given = [torch.zeros(1, 1, 128, 192, dtype=torch.uint8), torch.tensor(QUADS[0])[None]][: len(inputs)]
        file = tmp_path / "graph.onnx"
        torch.onnx.export(graph, tuple(given), str(file), input_names=inputs, dynamic_axes={"luma": {2: "h", 3: "w"}}, opset_version=18, dynamo=False)
        whole = onnx.load(str(file))
        assert worst_difference(graph, whole.SerializeToString(), inputs, rounds=3) < 1e-3
        if "corners" in inputs:
            _agree_far_right_of_a_large_frame(graph, whole)
        assert worst_difference(graph, halved(shared(whole)).SerializeToString(), inputs, rounds=3) < 0.05


def timid_detector() -> Detector:
    net = Detector()
    torch.nn.init.constant_(net.out.bias, -4)
    return net


def _agree_far_right_of_a_large_frame(graph: torch.nn.Module, whole: onnx.ModelProto) -> None:
    luma = np.random.default_rng(1).integers(0, 255, (1, 1, 1080, 1920)).astype(np.uint8)
    corners = QUADS[0][None] + np.float32([1760, 990])
    ours = graph(torch.from_numpy(luma), torch.from_numpy(corners)).detach().numpy()
    theirs = session(whole.SerializeToString()).run(None, {"luma": luma, "corners": corners})[0]
    assert np.abs(ours - theirs).max() < 0.5


@pytest.mark.parametrize(("size", "wanted"), [((700, 480), (608, 416)), ((1280, 720), (960, 544)), ((2560, 1440), (1280, 736)), ((1920, 1080), (960, 544)), ((1080, 1920), (544, 960)), ((3840, 2160), (1920, 1088)), ((100, 80), (192, 160)), ((14000, 90), (9024, 64))])
def test_the_detectors_picture_keeps_its_shape_in_steps_of_32(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert detector_size(*size) == wanted
