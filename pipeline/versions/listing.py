"""Versions in words: one line each, or all that a manifest says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from pipeline.versions.causes import authors_of
from schemas.errors import UsageError
from schemas.provenance import Provenance
from schemas.versions.manifest import MANIFEST, Manifest, read_manifest
from schemas.versions.split_facts import LINKS

_TITLES = ("version", "accepted", "review", "rejected", "dead", "clips of", "size", "written", "plan")


def version_lines(out: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield a table of versions, oldest first; a version whose manifest cannot be read says so."""
    lines = [_TITLES, *(_line(out / name) for name in names)]
    widths = [max(len(line[k]) for line in lines if len(line) == len(_TITLES)) for k in range(len(_TITLES))]
    for line in lines:
        if len(line) == len(_TITLES):
            cells = (
                cell.rjust(width) if 0 < k < 7 else cell.ljust(width)
                for k, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            yield "  ".join(cells).rstrip()
        else:
            yield "  ".join(line)


def _line(version: Path) -> tuple[str, ...]:
    try:
        manifest = read_manifest(version)
    except UsageError as error:
        return (version.name, str(error))
    if manifest is None:
        return (version.name, "is gone")
    counts = manifest.ledger
    dead = counts.copies + counts.dead_sources + counts.dead_clips
    # The time of the file: a version holds no clock, so that the same inputs give the same bytes.
    written = datetime.fromtimestamp((version / MANIFEST).stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M")
    size = _size(sum(file.bytes for file in manifest.files))
    numbers = (counts.accepted, counts.review, counts.rejected, dead)
    return (
        version.name,
        *map(str, numbers),
        f"{manifest.seconds:.0f} s",
        size,
        written,
        f"{manifest.plan['name']} {manifest.plan_hash}",
    )


def version_text(version: Path, manifest: Manifest) -> Iterator[str]:
    """Yield the lines that tell one version: ledger, splits, reasons, authors with their models, files."""
    yield f"{version}  {manifest.seconds:.0f} s of clips, Affectory {manifest.affectory}, schema {manifest.schema}"
    yield f"plan {manifest.plan['name']} {manifest.plan_hash}, inputs {manifest.inputs}, rows {manifest.rows_sha256}"
    yield "ledger"
    yield from (f"  {count:>9}  {name.replace('_', ' ')}" for name, count in asdict(manifest.ledger).items())
    yield from _counted("accepted clips by split", manifest.splits)
    if manifest.grouped is not None:
        yield from _counted("links, each within one split", {LINKS[link.kind]: link.links for link in manifest.grouped.links})
    yield from _counted("dead letters by reason", manifest.reasons)
    yield "authors"
    for author in authors_of(version).values() or _planned(manifest):
        yield f"  {author.key}"
        yield from (f"    {name} {json.dumps(value, ensure_ascii=False)}" for name, value in json.loads(author.config).items())
        yield from (f"    model {ref.name} {ref.sha256}" for ref in author.models)
    yield "files"
    yield from (f"  {file.rows:>9} rows  {_size(file.bytes):>9}  {file.sha256}  {file.file}" for file in manifest.files)


def _planned(manifest: Manifest) -> list[Provenance]:
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(list[Provenance]).validate_python(manifest.plan["annotators"])


def _counted(title: str, counts: dict[str, int]) -> Iterator[str]:
    if counts:
        yield title
        yield from (f"  {count:>9}  {name}" for name, count in counts.items())


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
