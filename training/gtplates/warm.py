"""Start from networks whose batch normalisation was folded away at export (LPR/trial/onnx): a first day of training saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from .nets import Detector, Reader, Refiner

# Names in the exported graph → names here; convolutions with a normalisation are matched in order of execution.
NAMED = {
    Reader: {
        "context.weight": "ctx.weight", "context.bias": "ctx.bias", "position": "pos", "attention.weight": "att.weight",
        "attention.bias": "att.bias", "place": "bias", "own": "cls", "own_bias": "cb", "shared.bias": "sh.bias",
        "layout.weight": "fmt.weight", "layout.bias": "fmt.bias",
    },
    Refiner: {"head.1.weight": "h.1.weight", "head.1.bias": "h.1.bias", "head.3.weight": "h.3.weight", "head.3.bias": "h.3.bias"},
    Detector: {
        "down32.weight": "l32.weight", "down32.bias": "l32.bias", "down16.weight": "l16.weight", "down16.bias": "l16.bias",
        "out.weight": "o.weight", "out.bias": "o.bias",
    },
}


def _weights(path: Path) -> tuple[dict[str, Tensor], list[tuple[Tensor, Tensor]], Tensor | None]:
    graph = onnx.load(str(path)).graph
    values = {t.name.removesuffix("_h"): torch.from_numpy(onnx.numpy_helper.to_array(t).astype(np.float32)) for t in graph.initializer}
    folded = [
        (values[n.input[1]], values[n.input[2]]) for n in graph.node if n.op_type == "Conv" and n.input[1].startswith("onnx::")
    ]
    shared = [values[n.input[1]] for n in graph.node if n.op_type == "MatMul" and n.input[1].startswith("onnx::")]
    return values, folded, shared[0] if shared else None


def start_from(net: nn.Module, path: Path, sample: Tensor) -> None:
    """Load folded weights and give every normalisation the statistics of `sample`, so that training goes on where it stopped."""
    values, folded, shared = _weights(path)
    own = dict(net.named_parameters())
    with torch.no_grad():
        for name, source in NAMED[type(net)].items():
            own[name].copy_(values[source].reshape(own[name].shape))
        if shared is not None:
            own["shared.weight"].copy_(shared.T)
    queue, pending = list(folded), {}

    def before_conv(module: nn.Conv2d, _: object) -> None:
        weight, bias = queue.pop(0)
        # A network for colour pictures reads a grey one as three equal channels: their kernels add up.
        module.weight.copy_(weight.sum(1, keepdim=True) if weight.shape[1] == 3 and module.in_channels == 1 else weight)
        pending["bias"] = bias

    def before_norm(module: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3))
        module.running_mean.copy_(mean)
        module.running_var.copy_(variance)
        module.weight.copy_((variance + module.eps).sqrt())
        module.bias.copy_(pending.pop("bias") + mean)

    hooks = [m.register_forward_pre_hook(before_conv) for m in net.modules() if isinstance(m, nn.Conv2d) and m.bias is None]
    hooks += [m.register_forward_pre_hook(before_norm) for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    net.eval()
    with torch.no_grad():
        net(sample)
    for hook in hooks:
        hook.remove()
    if queue:
        raise ValueError(f"{path} holds {len(queue)} convolutions more than the network")
