"""`python -m annotators.training.face_expression FOLDER OUT`: the expression net of face-api, its bytes as safetensors.

FOLDER is what `npm pack @vladmandic/face-api@1.7.15` unpacks to; nothing is trained, and no byte of a weight is changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from annotators.face.expression_net import RANGE
from schemas.errors import UsageError

SHA256 = "9a9840f2cf1f4c7eab95f197512569345c00d2426754d4608b92af30e0300f3d"
# One entry: safetensors writes several in an order that changes from run to run.
_ABOUT = {
    "about": "FaceExpressionNet of @vladmandic/face-api 1.7.15, model/face_expression_model.bin, sha256 "
    f"{SHA256}. MIT License, Copyright (c) Vladimir Mandic; after face-api.js, MIT, Copyright (c) 2018 Vincent Mühler"
}
_MODEL = "face_expression_model"


def net_tensors(manifest: Sequence[Any], content: bytes) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield each tensor under its own name, and (scale, least value) of those of bytes beside it.

    Raises:
        UsageError: the manifest does not describe the content to the last byte.
    """
    at = 0
    for entry in (weight for group in manifest for weight in group["weights"]):
        size = math.prod(entry["shape"])
        packed = entry.get("quantization")
        kind = np.dtype(packed["dtype"] if packed else "<f4")
        part = content[at : (at := at + size * kind.itemsize)]
        if len(part) < size * kind.itemsize:
            raise UsageError(f"{_MODEL}.bin ends before {entry['name']} does")
        yield entry["name"], np.frombuffer(part, kind).reshape(entry["shape"])
        if packed:
            yield entry["name"] + RANGE, np.asarray([packed["scale"], packed["min"]], np.float64)
    if at != len(content):
        raise UsageError(f"{_MODEL}.bin holds {len(content) - at} bytes too many")


def write_head(folder: Path, out: Path) -> None:
    """Write the safetensors file.

    Raises:
        UsageError: the weights are not the pinned ones.
    """
    content = (folder / f"{_MODEL}.bin").read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise UsageError(f"{folder / _MODEL}.bin is not the pinned file")
    manifest = json.loads((folder / f"{_MODEL}-weights_manifest.json").read_text(encoding="utf-8"))
    save_file(dict(net_tensors(manifest, content)), out, metadata=_ABOUT)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m annotators.training.face_expression", description=__doc__)
    parser.add_argument("folder", type=Path, help="the unpacked npm package")
    parser.add_argument("out", type=Path, help="annotators/heads/face-expression.safetensors")
    args = parser.parse_args(argv)
    try:
        write_head(args.folder / "model", args.out)
    except (OSError, UsageError) as error:
        sys.stderr.write(f"annotators.training.face_expression: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
