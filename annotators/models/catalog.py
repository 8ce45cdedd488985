"""Which models there are, which files they have, and where these are to be had: `models.toml`, read and checked.

Installed packages bring files of the same form, by the same door and under the same rules.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from schemas.doors import behind, data_file
from schemas.errors import ModelFileError, UsageError
from schemas.validate import validate

MODELS = "affectory.models"
"""The entry-point group; each names a file of the form of `models.toml`."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive of a Python package."""

    project: str
    file: str
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model."""

    name: str
    """Path in the folder of the model."""
    sha256: str = ""
    bytes: int
    at: str | None = None
    """Path in the hub repository, where it is not `name`."""
    url: str | None = None
    """Where its makers publish it, outside the hub."""
    parts: tuple[str, ...] = ()
    """`archive:member`, joined in this order."""
    shipped: str | None = None
    """Path of a small file that lies in the package of the table; as it is read, `package:path`."""
    checkpoint_sha256: str | None = None
    """What is published is a PyTorch checkpoint with this hash; only its tensors are kept, as safetensors."""

    @property
    def published_sha256(self) -> str:
        """Return the hash of the file as it is published."""
        return self.checkpoint_sha256 or self.sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry of models.toml."""

    name: str
    what: str
    licence: str
    """What is known about the licence of the weights; that of the package that carries them proves little."""
    source: str
    files: tuple[ModelFile, ...]
    hub: str | None = None
    """Repository on the Hugging Face Hub that has the same files."""
    revision: str | None = None
    """Commit of that repository."""
    gated: bool = False
    """The hub gives it only to accounts that have accepted its terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """models.toml."""

    archives: dict[str, Archive]
    models: tuple[Model, ...]


def places() -> tuple[tuple[str, Traversable], ...]:
    """Return the tables of all installed packages, each with the package that it lies in."""
    return tuple((entry.module.partition(".")[0], data_file(entry)) for entry in behind(MODELS).values())


def entries() -> Table:
    """Return all models as one table.

    Raises:
        ModelFileError: a file is not pinned by its sha256, or a hub repository by its commit.
        UsageError: a table cannot be used for another reason, or two say different things under one name.
    """
    tables = [read_table(place, package) for package, place in places()]  # type: ignore[arg-type]
    archives = {name: archive for one in tables for name, archive in one.archives.items()}
    for name, archive in (pair for one in tables for pair in one.archives.items()):
        if archives[name] != archive:
            raise UsageError(f"two installed packages have an archive {name}, and mean different files; rename one of them")
    models = [model for one in tables for model in one.models]
    if twice := _twice(model.name for model in models):
        raise UsageError(f"two installed packages have a model {twice}; rename one of them, or remove a package")
    return Table(archives=archives, models=tuple(models))


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]


@cache
def read_table(place: Traversable, package: str = "annotators") -> Table:
    """Return the table in a file; raise as `entries` does."""
    try:
        read = tomllib.loads(place.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{package}'s {place.name}: {error}") from error
    found: Table = validate(Table, {"archives": {}, **read}, place.name)
    for key, archive in found.archives.items():
        _pinned(f"{place.name}: the archive {key}", archive.sha256)
    for model in found.models:
        if model.hub and not _COMMIT.fullmatch(model.revision or ""):
            raise ModelFileError(f"{place.name}: {model.name} is not pinned: its revision is not a commit of 40 hex digits")
        for file in model.files:
            _usable(f"{place.name}: {model.name}/{file.name}", model, file, found)
    return replace(found, models=tuple(_at_home(model, package) for model in found.models))


def _at_home(model: Model, package: str) -> Model:
    own = (replace(file, shipped=f"{package}:{file.shipped}") if file.shipped else file for file in model.files)
    return replace(model, files=tuple(own))


def find_model(name: str) -> Model:
    """Return the entry of that name, or raise UsageError."""
    models = entries().models
    for model in models:
        if model.name == name:
            return model
    raise UsageError(f"no model {name!r} in models.toml; there are {', '.join(model.name for model in models)}")


def _usable(where: str, model: Model, file: ModelFile, found: Table) -> None:
    _pinned(where, file.sha256)
    _pinned(where, file.published_sha256)
    inside = PurePosixPath(file.name)
    if inside.is_absolute() or ".." in inside.parts:
        raise UsageError(f"{where}: it lies outside the folder of the model")
    if not (model.hub or file.url or file.parts or file.shipped):
        raise UsageError(f"{where}: it comes from nowhere; give a hub repository, a url, parts or a shipped file")
    for part in file.parts:
        archive, _, member = part.partition(":")
        if archive not in found.archives or not member:
            raise UsageError(f"{where}: {part!r} is not a known archive and a path in it")


def _pinned(where: str, sha256: str) -> None:
    if not _SHA256.fullmatch(sha256):
        raise ModelFileError(f"{where} is not pinned: its sha256 is not 64 hex digits")
