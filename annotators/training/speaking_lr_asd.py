"""`python -m annotators.training.speaking_lr_asd CHECKPOINT OUT`: LR-ASD's weights as safetensors.

CHECKPOINT is `weight/finetuning_TalkSet.model` or `weight/pretrain_AVA.model` of Junhua-Liao/LR-ASD at commit 1b6dcd2. Nothing
is trained: each batch normalisation is folded into the convolution before it, in double precision.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from schemas.errors import UsageError

_COMMIT = "1b6dcd2"
_EPSILON = 1e-3
_KNOWN = {
    "6b4ef53694e874e96cf630198dc479c78aebb3993bbf166aee3d926dfe7d9342": "weight/finetuning_TalkSet.model",
    "85e6c77fc981595234790d1e128ebb60352d37726b2445e0ef8891e2512fe9e3": "weight/pretrain_AVA.model",
}
_STAGES = {
    "seen": ("model.visualEncoder", {"space": "s", "time": "t"}),
    "heard": ("model.audioEncoder", {"tone": "m", "time": "t"}),
}


def folded(weight: Tensor, norm: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a convolution without bias that a batch normalisation follows."""
    scale = norm["weight"].double() / torch.sqrt(norm["running_var"].double() + _EPSILON)
    sides = (-1, *(1,) * (weight.dim() - 1))
    bias = norm["bias"].double() - norm["running_mean"].double() * scale
    return (weight.double() * scale.reshape(sides)).float(), bias.float()


def lr_asd_tensors(state: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of `SpeakingNet` out of the state dictionary of LR-ASD."""

    def layer(name: str, weight: str, norm: str) -> Iterator[tuple[str, Tensor]]:
        parts = {part: state[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")}
        folds, bias = folded(state[f"{weight}.weight"], parts)
        yield f"{name}.weight", folds
        yield f"{name}.bias", bias

    for stage, (source, pairs) in _STAGES.items():
        for number in range(3):
            for pair, letter in pairs.items():
                for place, word in enumerate(("first", "second"), 1):
                    block = f"{source}.block{number + 1}"
                    name = f"{stage}.{number}.{pair}.{word}"
                    for key, tensor in layer(name, f"{block}.{letter}_{place}", f"{block}.{letter}_norm_{place}"):
                        yield key, _flat(tensor, pair, stage)
    for name, source in (("gate", "model.fusion"), ("last_gate", "model.detector.attention")):
        for key, tensor in layer(f"{name}.weigh", f"{source}.attention", f"{source}.bn"):
            yield key, tensor.squeeze(-1) if tensor.dim() == 3 else tensor
    for name, source in (("ahead", "gru_forward"), ("back", "gru_backward")):
        for part in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            yield f"{name}.{part}", state[f"model.detector.{source}.{part}"]
    for name, source in (("speaks", "lossAV.FC"), ("moves", "lossV.FC")):
        for part in ("weight", "bias"):
            yield f"{name}.{part}", state[f"{source}.{part}"]


def _flat(tensor: Tensor, pair: str, stage: str) -> Tensor:
    """Return a convolution over three axes as one over the two that it is about."""
    if tensor.dim() != 5 or stage == "heard":
        return tensor
    return tensor.squeeze(2) if pair == "space" else tensor.squeeze(4)


def write_lr_asd(checkpoint: Path, out: Path) -> None:
    """Write the safetensors file.

    Raises:
        UsageError: the checkpoint is not one of the two that are known by hash.
    """
    sha256 = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    if sha256 not in _KNOWN:
        raise UsageError(f"{checkpoint}: not a checkpoint of LR-ASD {_COMMIT}, its sha256 is {sha256}")
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    # One entry: safetensors writes several in an order that changes from run to run.
    about = {
        "about": f"LR-ASD, Junhua-Liao/LR-ASD {_COMMIT} {_KNOWN[sha256]}, sha256 {sha256}, normalisations folded. "
        "MIT License, Copyright (c) 2025 Junhua Liao"
    }
    save_file({name: tensor.contiguous().clone() for name, tensor in lr_asd_tensors(state)}, out, about)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m annotators.training.speaking_lr_asd", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="a weight file of LR-ASD")
    parser.add_argument("out", type=Path, help="the safetensors file to write")
    args = parser.parse_args(argv)
    try:
        write_lr_asd(args.checkpoint, args.out)
    except (UsageError, OSError) as error:
        sys.stderr.write(f"annotators.training.speaking_lr_asd: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
