"""The expression net of face-api (`FaceExpressionNet`, MIT): four densely joined blocks of separable convolutions.

The graph is that of `src/faceExpressionNet` and `src/faceFeatureExtractor` in @vladmandic/face-api 1.7.15, weights as published:
one byte each, with scale and least value per tensor.
"""

# mypy: allow-subclassing-any

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

_PIXELS = 112
CLASSES = ("neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
"""In the net's own order (`FACE_EXPRESSION_LABELS`), by the names of label space ekman7."""
RANGE = ".range"
"""Suffix of the tensor (scale, least value) beside a tensor of bytes."""
_WIDTHS = (3, 32, 64, 128, 256)
_MEAN = (122.782, 117.001, 104.298)


class _Separable(nn.Module):
    """3 x 3 within each channel, then 1 x 1 across them."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.depth = nn.Conv2d(inputs, inputs, 3, stride, groups=inputs, bias=False)
        self.point = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.point(self.depth(same(x, self.depth.stride[0])))


class _First(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(same(x, self.stride[0]))


class _Block(nn.Module):
    """Halve the sides, then add up what three more layers find in all that came before."""

    def __init__(self, inputs: int, outputs: int, first: bool) -> None:
        super().__init__()
        self.conv0 = _First(inputs, outputs, 3, 2) if first else _Separable(inputs, outputs, 2)
        self.conv1, self.conv2, self.conv3 = (_Separable(outputs, outputs) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        total = functional.relu(self.conv0(x))
        out = total
        for layer in (self.conv1, self.conv2, self.conv3):
            total = total + layer(out)
            out = functional.relu(total)
        return out


class ExpressionNet(nn.Module):
    """Pictures of a face (batch, 112, 112, 3), RGB bytes, to one logit per class (batch, 7)."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(_Block(*size, first=number == 0) for number, size in enumerate(pairwise(_WIDTHS))))
        self.fc = nn.Linear(_WIDTHS[-1], len(CLASSES))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits."""
        x = (pictures.to(torch.float32) - torch.tensor(_MEAN, device=pictures.device)) / 255
        return self.fc(self.blocks(x.permute(0, 3, 1, 2)).mean(dim=(2, 3)))


def same(x: Tensor, stride: int) -> Tensor:
    """Pad as TensorFlow's "same" does for a kernel of 3: at an even size and stride 2 only below and on the right."""
    return functional.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))


def load_net(place: Path, device: str = "cpu") -> ExpressionNet:
    """Return the net with the weights of a file that `annotators.training.face_expression` made."""
    raw = load_file(place)
    state = {_place(name): _laid_out(name, _floats(name, raw)) for name in raw if not name.endswith(RANGE)}
    net = ExpressionNet()
    net.load_state_dict(state)
    net.eval().to(device)
    return net


def expression_logits(net: ExpressionNet, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the logits, one picture at a time: what a picture gets does not hang on those beside it."""
    if not len(pictures):
        return np.zeros((0, len(CLASSES)))
    device = next(net.parameters()).device
    with torch.inference_mode():
        rows = [net(torch.from_numpy(np.ascontiguousarray(one[None])).to(device)).cpu().numpy()[0] for one in pictures]
    return np.asarray(rows, np.float64)


def _floats(name: str, raw: dict[str, Tensor]) -> Tensor:
    tensor = raw[name]
    if tensor.dtype is not torch.uint8:
        return tensor
    scale, least = raw[name + RANGE]
    return (tensor.to(torch.float64) * scale + least).to(torch.float32)


def _place(name: str) -> str:
    if name.startswith("fc/"):
        return name.replace("/weights", ".weight").replace("/bias", ".bias")
    block, layer, part = name.removeprefix("dense").split("/")
    inner = {"filters": "weight", "depthwise_filter": "depth.weight", "pointwise_filter": "point.weight"}.get(part)
    if inner is None:
        inner = "bias" if (block, layer) == ("0", "conv0") else "point.bias"
    return f"blocks.{block}.{layer}.{inner}"


def _laid_out(name: str, tensor: Tensor) -> Tensor:
    """Turn TensorFlow's order of axes (height, width, in, out) into torch's."""
    if name == "fc/weights":
        return tensor.T.contiguous()
    if name.endswith("depthwise_filter"):
        return tensor.permute(2, 3, 0, 1).contiguous()
    return tensor.permute(3, 2, 0, 1).contiguous() if tensor.ndim == 4 else tensor
