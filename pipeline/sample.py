"""`python -m pipeline.sample --out shards/`: fetch the embedded models, put a small sample together, and build it."""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from annotators.models.local import fetch
from annotators.models.packages import Packaged, extract
from annotators.registry import used_by
from pipeline import build
from pipeline.cli.arguments import sample_arguments
from pipeline.ingest.folder import MEDIA, TABLE
from schemas.errors import AffectoryError, UsageError
from schemas.validate import validate

BROKEN = "not_a_video.mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSource:
    """One file of the sample, and the package that carries it."""

    file: str
    licence: str
    origin: str
    project: str
    archive: str
    archive_sha256: str
    member: str
    sha256: str
    language: str | None = None


def sample() -> tuple[SampleSource, ...]:
    """Return what the sample is made of."""
    table = tomllib.loads(files("pipeline").joinpath("sample.toml").read_text(encoding="utf-8"))
    return tuple(validate(SampleSource, source, "sample.toml") for source in table["sources"])


def assemble(folder: Path) -> None:
    """Put the sample into a folder, with `sources.csv` and one planted file that is no video; what is there and whole stays.

    Raises:
        UsageError: the folder holds something else, or a package has not the pinned file.
        TransientError: the Python index cannot be reached.
    """
    _mind(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for source in sample():
        place = folder / source.file
        if not _same(place, source.sha256):
            sys.stderr.write(f"fetching {source.file} ({source.licence})\n")
            package = Packaged(
                project=source.project, archive=source.archive, archive_sha256=source.archive_sha256, member=source.member
            )
            extract(package, place)
            if not _same(place, source.sha256):
                raise UsageError(f"{source.file} is not the pinned file")
    (folder / BROKEN).write_text("This text was planted to show what becomes of a file that is no video.\n", encoding="utf-8")
    (folder / TABLE).write_text(_terms(), encoding="utf-8")


def _terms() -> str:
    """Return `sources.csv`; what is not known of a source (consent, speakers, split) stays empty."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "licence", "consent", "language", "origin", "speakers", "split"])
    for source in sample():
        table.writerow([source.file, source.licence, "", source.language or "", source.origin, "", ""])
    return text.getvalue()


def _mind(folder: Path) -> None:
    """Raise UsageError where a folder holds somebody's own media, which the sample must not mix with or write over."""
    ours = {BROKEN, *(source.file for source in sample())}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        stranger = path.suffix.lower() in MEDIA and path.relative_to(folder).as_posix() not in ours
        if stranger or (path == folder / TABLE and path.read_text(encoding="utf-8") != _terms()):
            raise UsageError(
                f"{path} is not of the sample; choose another folder for it with --source DIR, "
                f"or build your own: python -m pipeline.build --source {folder} --out DIR"
            )


def _same(place: Path, sha256: str) -> bool:
    return place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == sha256


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    args, rest = sample_arguments().parse_known_args(argv)
    logging.basicConfig(format="%(message)s")
    logging.getLogger("annotators").setLevel(logging.INFO)
    try:
        assemble(args.source)
        for source in sample():
            sys.stdout.write(f"{args.source / source.file}: {source.origin}; {source.licence}\n")
        sys.stdout.write(f"{args.source / BROKEN}: a text, planted to show a dead letter\n")
        for model in used_by(args.plan) if args.out else ():
            fetch(model)
    except AffectoryError as error:
        sys.stderr.write(f"pipeline.sample: {error}\n")
        return 2
    if args.out is None:
        return 0
    return build.main(["--source", str(args.source), "--out", str(args.out), "--plan", args.plan, *rest])


if __name__ == "__main__":
    sys.exit(main())
