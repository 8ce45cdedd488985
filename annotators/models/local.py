"""Model files in the cache, held to the hashes of models.toml.

Only `fetch` goes to the network: whatever else needs a model takes it from the cache or says which command puts it there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from annotators.models.catalog import Model, ModelFile, find_model
from annotators.models.mirrors import publish, sha256
from schemas.cache import cache
from schemas.errors import ModelFileError
from schemas.provenance import ModelRef, digest


def ref(name: str) -> ModelRef:
    """Return name and hash of a model, for the provenance of what is made with it."""
    return ModelRef(name=name, sha256=digest({file.name: file.sha256 for file in find_model(name).files}))


def path(name: str) -> Path:
    """Return the folder of a model in the cache, checked against its hashes.

    Raises:
        ModelFileError: it is missing or corrupt; the message holds the command that mends it.
    """
    model = find_model(name)
    for file in model.files:
        _check(model, file)
    return folder(name)


def require(names: Iterable[str]) -> None:
    """Raise ModelFileError unless the cache has all these models; their bytes are checked when they are loaded."""
    for name in dict.fromkeys(names):
        model = find_model(name)
        for file in model.files:
            if not (folder(name) / file.name).is_file():
                raise ModelFileError(f"the model {name} is not in {folder(name)}; {_mend(model)}")


def folder(name: str) -> Path:
    """Return where a model lies in the cache, or would."""
    return cache() / "models" / name


def fetch(name: str) -> Path:
    """Put a model into the cache, or mend it there; what is there and whole is left alone.

    Several processes may do so at once: each file comes into its place whole, by one rename.
    """
    model = find_model(name)
    place = folder(name)
    place.mkdir(parents=True, exist_ok=True)
    down: set[str] = set()
    with tempfile.TemporaryDirectory(dir=place, prefix=".") as scratch:
        for file in model.files:
            try:
                _check(model, file)
            except ModelFileError:
                _put(model, file, Path(scratch), down)
                _check(model, file)
    return place


def _mend(model: Model) -> str:
    token = "HF_TOKEN=… " if model.gated else ""
    return f"run: {token}python -m annotators.models fetch {model.name}"


def _check(model: Model, file: ModelFile) -> None:
    place = folder(model.name) / file.name
    try:
        state = place.stat()
    except FileNotFoundError as error:
        raise ModelFileError(f"the model file {place} is missing; {_mend(model)}") from error
    if _hashed(place, state.st_mtime_ns, state.st_size) != file.sha256:
        raise ModelFileError(f"the model file {place} is corrupt: it has not the pinned sha256; {_mend(model)}")


@lru_cache(maxsize=1024)
def _hashed(place: Path, changed: int, size: int) -> str:
    """Return the hash of a file as it was when it had that time and size: many annotators ask for one model."""
    return sha256(place)


def _put(model: Model, file: ModelFile, scratch: Path, down: set[str]) -> None:
    from annotators.models.pickles import to_safetensors  # noqa: PLC0415

    made = publish(model, file, scratch, down)
    if file.checkpoint_sha256 is not None:
        to_safetensors(made, scratch / "converted")
        made = scratch / "converted"
    # Whole before it has its name, also after a power cut; and readable for whoever shares the cache.
    with made.open("rb") as data:
        os.fsync(data.fileno())
    made.chmod(0o644)
    place = folder(model.name) / file.name
    place.parent.mkdir(parents=True, exist_ok=True)
    made.replace(place)
