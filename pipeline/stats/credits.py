"""Files, models and measured accuracy of a version, for its card."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from annotators.models.catalog import entries
from pipeline.stats.facts import DataFile, Measured, ModelFacts
from schemas.arrow import media_columns, schema_of
from schemas.claims import MediaFile
from schemas.record import Clip
from schemas.validate import validate
from schemas.versions.manifest import Manifest
from schemas.versions.rows import ACCEPT, FOLDERS, pick_clips, read_clips

_ACCURACY = "accuracy.toml"
Author = Mapping[str, Any]
"""An entry of a plan's `annotators`: name, version, config, models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    measured: tuple[Measured, ...]


def data_files(version: Path, manifest: Manifest) -> tuple[DataFile, ...]:
    """Return the files that are published, in order."""
    return tuple(_data_files(version, manifest))


def features(version: Path, manifest: Manifest) -> str:
    """Return what the files of a version say of their columns to `datasets`, as JSON."""
    schemas = (pq.read_schema(version / one.file) for one in manifest.files)
    about = json.loads(next(schemas, schema_of(Clip)).metadata[b"huggingface"])
    return json.dumps(about["info"]["features"])


def embedded(version: Path) -> bool:
    """Return whether a version holds the bytes of its media: by the first clip that has any, since all are kept alike."""
    named = read_clips(version, [f"{name}.path" for name in media_columns(Clip)], batch=256)
    first = [clip.clip_id for clip in islice(filter(lambda clip: any(_media(clip)), named), 1)]
    return any(held.bytes is not None for clip in pick_clips(version, first, media_columns(Clip)) for held in _media(clip))


def models(authors: Sequence[Author]) -> tuple[ModelFacts, ...]:
    """Return the models of all annotators, with the licences that models.toml states."""
    licences = {model.name: model.licence for model in entries().models}
    return tuple(one for author in authors for one in _models(author, licences))


def measured(authors: Sequence[Author]) -> tuple[Measured, ...]:
    """Return what `python -m tests.accuracy` measured of these annotators with these models."""
    used = {(author["name"], model["name"]) for author in authors for model in author["models"]}
    return tuple(row for row in measurements() if (row.annotator, row.model) in used)


def measurements() -> tuple[Measured, ...]:
    """Return all measurements that ship."""
    text = files("pipeline").joinpath(_ACCURACY).read_text(encoding="utf-8")
    return validate(_Table, tomllib.loads(text), _ACCURACY).measured


def _media(clip: Clip) -> Iterator[MediaFile]:
    return (held for name in media_columns(Clip) if (held := getattr(clip, name)) is not None)


def _data_files(version: Path, manifest: Manifest) -> Iterator[DataFile]:
    for one in sorted(manifest.files, key=lambda one: one.file):
        folder, _, file = one.file.rpartition("/")
        if folder == FOLDERS[ACCEPT]:
            footer = pq.read_metadata(version / one.file)
            unpacked = sum(footer.row_group(n).total_byte_size for n in range(footer.num_row_groups))
            split = file.partition("-")[0]
            yield DataFile(file=one.file, split=split, rows=one.rows, bytes=one.bytes, unpacked=unpacked, sha256=one.sha256)


def _models(author: Author, licences: Mapping[str, str]) -> Iterator[ModelFacts]:
    name = author["name"]
    for model in author["models"]:
        licence = licences.get(model["name"])
        yield ModelFacts(annotator=name, name=model["name"], sha256=model["sha256"], licence=licence)
    asked = json.loads(author["config"]).get("chat")
    if asked:
        yield ModelFacts(annotator=name, name=asked, sha256=None, licence=None)
