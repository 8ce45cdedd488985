"""Model files in the cache, held to the hashes of models.toml: `python -m annotators.models fetch|list|verify`.

Only `fetch` goes to the network: whatever else needs a model takes it from the cache or says which command puts it there.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from annotators import catalog
from annotators.catalog import Model, ModelFile, find
from annotators.mirrors import publish, sha256
from schemas.cache import cache
from schemas.errors import AffectoryError, ModelFileError, UsageError
from schemas.provenance import ModelRef, digest

PLANS = Path(__file__).parent.parent / "pipeline" / "plans"
_checking = threading.Lock()
_good: set[tuple[Path, int, int, str]] = set()


def ref(name: str) -> ModelRef:
    """Return name and hash of a model, for the provenance of what is made with it."""
    return ModelRef(name=name, sha256=digest({file.name: file.sha256 for file in find(name).files}))


def path(name: str) -> Path:
    """Return the folder of a model in the cache, checked against its hashes.

    Raises:
        ModelFileError: it is missing or corrupt; the message holds the command that mends it.
    """
    model = find(name)
    for file in model.files:
        _check(model, file)
    return folder(name)


def require(names: Iterable[str]) -> None:
    """Raise ModelFileError unless the cache has all these models; their bytes are checked when they are loaded."""
    for name in dict.fromkeys(names):
        model = find(name)
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
    model = find(name)
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


def used_by(plan: str) -> tuple[str, ...]:
    """Return the models that a plan names: every setting called `model` or ending in `_model`, defaults included."""
    from annotators.annotator import configured  # noqa: PLC0415

    place = PLANS / f"{plan}.toml"
    place = place if place.is_file() else Path(plan)
    if not place.is_file():
        raise UsageError(f"--plan {plan}: no such plan")
    tables = tomllib.loads(place.read_text(encoding="utf-8")).get("annotators", [])
    names = [name for table in tables for name in configured(table, f"--plan {plan}:").model_names()]
    return tuple(dict.fromkeys(names))


def _mend(model: Model) -> str:
    token = "HF_TOKEN=… " if model.gated else ""
    return f"run: {token}python -m annotators.models fetch {model.name}"


def _check(model: Model, file: ModelFile) -> None:
    place = folder(model.name) / file.name
    try:
        state = place.stat()
    except FileNotFoundError as error:
        raise ModelFileError(f"the model file {place} is missing; {_mend(model)}") from error
    stamp = (place, state.st_mtime_ns, state.st_size, file.sha256)
    with _checking:
        if stamp in _good:
            return
        if sha256(place) != file.sha256:
            raise ModelFileError(f"the model file {place} is corrupt: it has not the pinned sha256; {_mend(model)}")
        _good.add(stamp)


def _put(model: Model, file: ModelFile, scratch: Path, down: set[str]) -> None:
    from annotators.pickles import to_safetensors  # noqa: PLC0415

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


def _state(model: Model) -> str:
    try:
        path(model.name)
    except ModelFileError as error:
        return "corrupt" if "corrupt" in str(error) else "not here"
    return "good"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m annotators.models", description="Model files, pinned by hash.")
    parser.add_argument("do", choices=("fetch", "list", "verify"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="models (default: those of the plan)")
    parser.add_argument("--plan", default="embedded", help="embedded, studio or a TOML file (default: embedded)")
    parser.add_argument("--cache", metavar="DIR", help="in place of $AFFECTORY_CACHE and ~/.cache/affectory")
    args = parser.parse_intermixed_args(argv)
    if args.cache:
        os.environ["AFFECTORY_CACHE"] = args.cache
    logging.basicConfig(format="%(message)s")
    logging.getLogger("annotators").setLevel(logging.INFO)
    try:
        if args.do == "list":
            return _list()
        return _each(args.do, args.names or used_by(args.plan))
    except AffectoryError as error:
        sys.stderr.write(f"annotators.models: {error}\n")
        return 2


def _list() -> int:
    for model in catalog.table().models:
        size = sum(file.bytes for file in model.files) / 1e6
        sys.stdout.write(f"{model.name:<34}{size:>7.1f} MB  {_state(model):<9} {model.what}; {model.licence}\n")
    return 0


def _each(do: str, names: Sequence[str]) -> int:
    """Fetch or verify each; a failure does not keep the others from their turn."""
    status = 0
    for name in names:
        try:
            place = fetch(name) if do == "fetch" else path(name)
        except AffectoryError as error:
            sys.stderr.write(f"annotators.models: {error}\n")
            status = 2
        else:
            sys.stdout.write(f"{name}: good, in {place}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
