"""`python -m annotators.training.face_expression --data package/model --out annotators/heads/face-expression.safetensors`

Brings the expression net of face-api (MIT) from its own format into safetensors, byte for byte; nothing is trained.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

NAME = "face_expression_model"
ABOUT = {
    "source": "face-api 1.7.15 (npm @vladmandic/face-api), model/face_expression_model.bin",
    "licence": "MIT, Copyright (c) Vladimir Mandic; after face-api.js, Copyright (c) 2018 Vincent Muehler",
}


def converted(folder: Path) -> dict[str, torch.Tensor]:
    """Return all tensors; those kept as bytes have a scale and an offset beside them."""
    data = (folder / f"{NAME}.bin").read_bytes()
    (manifest,) = json.loads((folder / f"{NAME}-weights_manifest.json").read_text(encoding="utf-8"))
    made, at = {}, 0
    for weight in manifest["weights"]:
        count, packed = int(np.prod(weight["shape"])), weight.get("quantization")
        kind = np.uint8 if packed else np.float32
        array = np.frombuffer(data, kind, count, at).reshape(weight["shape"])
        at += array.nbytes
        made[weight["name"]] = torch.from_numpy(array.copy())
        if packed:
            made[f"{weight['name']}:scale"] = torch.tensor([packed["scale"]], dtype=torch.float32)
            made[f"{weight['name']}:offset"] = torch.tensor([packed["min"]], dtype=torch.float32)
    if at != len(data):
        raise ValueError(f"{NAME}.bin has {len(data)} bytes, of which {at} are explained")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Convert."""
    parser = argparse.ArgumentParser(prog="python -m annotators.training.face_expression", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder `model` of the npm package")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    args = parser.parse_args(argv)
    save_file(converted(args.data), args.out, ABOUT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
