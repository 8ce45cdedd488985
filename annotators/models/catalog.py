"""models.toml, read and checked: which models there are, which files they have, and where these are to be had."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from schemas.errors import ModelFileError, UsageError
from schemas.validate import validate

TABLE = Path(__file__).with_name("models.toml")
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
    """Path in the package `annotators` of a small file that we made ourselves."""
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


def table() -> Table:
    """Return the table of models.

    Raises:
        ModelFileError: a file is not pinned by its sha256, or a hub repository by its commit.
        UsageError: the table cannot be used for another reason.
    """
    return read_table(TABLE)


@cache
def read_table(place: Path) -> Table:
    """Return the table in a file; raise as `table` does."""
    found: Table = validate(Table, tomllib.loads(place.read_text(encoding="utf-8")), place.name)
    for key, archive in found.archives.items():
        _pinned(f"{place.name}: the archive {key}", archive.sha256)
    for model in found.models:
        if model.hub and not _COMMIT.fullmatch(model.revision or ""):
            raise ModelFileError(f"{place.name}: {model.name} is not pinned: its revision is not a commit of 40 hex digits")
        for file in model.files:
            _usable(f"{place.name}: {model.name}/{file.name}", model, file, found)
    return found


def find_model(name: str) -> Model:
    """Return the entry of that name, or raise UsageError."""
    for model in table().models:
        if model.name == name:
            return model
    raise UsageError(f"no model {name!r} in models.toml; there are {', '.join(model.name for model in table().models)}")


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
