"""`python -m pipeline.sample --out shards/`: fetch the embedded models, put a small sample together, and build it."""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from annotators.models import fetch, used_by
from annotators.packages import Packaged, extract
from pipeline import build
from schemas.checked import checked
from schemas.errors import AffectoryError, UsageError

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
    return tuple(checked(SampleSource, source, "sample.toml") for source in table["sources"])


def assemble(folder: Path) -> None:
    """Put the sample into a folder, with `sources.csv` and one planted file that is no video; what is there and whole stays."""
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
    with (folder / "sources.csv").open("w", encoding="utf-8", newline="") as text:
        table = csv.writer(text)
        table.writerow(["file", "licence", "language", "origin"])
        table.writerows([[source.file, source.licence, source.language or "", source.origin] for source in sample()])


def _same(place: Path, sha256: str) -> bool:
    return place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == sha256


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.sample", description=__doc__, epilog="Other options go to pipeline.build.", allow_abbrev=False
    )
    parser.add_argument("--source", type=Path, default=Path("raw"), metavar="DIR", help="where the sample is put (default: raw)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of versions; without it the sample is only put together")
    args, rest = parser.parse_known_args(argv)
    try:
        assemble(args.source)
        for model in used_by("embedded") if args.out else ():
            sys.stderr.write(f"fetching the model {model}\n")
            fetch(model)
    except AffectoryError as error:
        sys.stderr.write(f"pipeline.sample: {error}\n")
        return 2
    if args.out is None:
        return 0
    return build.main(["--source", str(args.source), "--out", str(args.out), *rest])


if __name__ == "__main__":
    sys.exit(main())
