"""The expression net of face-api (github.com/vladmandic/face-api 1.7.15, MIT): a face in, seven probabilities out.

112 x 112 RGB through four blocks of separable convolutions. The weights are bytes, each tensor with its own scale and offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch.nn import functional

SIZE = 112
NAMES = ("neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
"""What the outputs stand for, in Ekman's words."""
_MEAN = torch.tensor([122.782, 117.001, 104.298]).view(3, 1, 1)


@dataclass(frozen=True)
class ExpressionNet:
    """The net in memory."""

    weights: dict[str, torch.Tensor]
    threads: int

    @classmethod
    def load(cls, place: Path, threads: int) -> Self:
        """Return the net from a file with bytes, scales and offsets."""
        kept = load_file(place)
        weights = {
            name: tensor.float() * kept[f"{name}:scale"] + kept[f"{name}:offset"] if tensor.dtype == torch.uint8 else tensor
            for name, tensor in kept.items()
            if ":" not in name
        }
        return cls(weights, threads)

    def __call__(self, faces: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return logits (faces, 7) of RGB pictures (faces, 112, 112, 3)."""
        torch.set_num_threads(self.threads)
        with torch.inference_mode():
            x = (torch.from_numpy(faces).permute(0, 3, 1, 2).float() - _MEAN) / 255
            for block in range(4):
                x = self._block(x, f"dense{block}")
            x = functional.avg_pool2d(x, 7).flatten(1)
            out: npt.NDArray[np.float32] = (x @ self.weights["fc/weights"] + self.weights["fc/bias"]).numpy()
            return out

    def _block(self, x: torch.Tensor, name: str) -> torch.Tensor:
        total = torch.relu(self._conv(x, f"{name}/conv0", 2))
        out = total
        for number in (1, 2, 3):
            made = self._conv(out, f"{name}/conv{number}", 1)
            # The sums are rectified for the next convolution, and once more as a whole.
            total = total + made
            out = torch.relu(total)
        return out

    def _conv(self, x: torch.Tensor, name: str, stride: int) -> torch.Tensor:
        # "Same" padding of TensorFlow: at stride 2 only behind, at stride 1 on both sides.
        x = functional.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
        bias = self.weights[f"{name}/bias"]
        if f"{name}/filters" in self.weights:
            return functional.conv2d(x, self.weights[f"{name}/filters"].permute(3, 2, 0, 1), bias, stride)
        depth = self.weights[f"{name}/depthwise_filter"].permute(2, 3, 0, 1)
        point = self.weights[f"{name}/pointwise_filter"].permute(3, 2, 0, 1)
        return functional.conv2d(functional.conv2d(x, depth, None, stride, groups=len(depth)), point, bias)
