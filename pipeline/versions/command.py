"""`python -m pipeline.versions list|show|diff|verify`: what versions there are, hold and differ in, and if they are whole."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pyarrow import ArrowException

from pipeline.cli.arguments import versions_arguments
from pipeline.versions.difference_text import as_json, as_text
from pipeline.versions.integrity import damages
from pipeline.versions.listing import version_lines, version_text
from pipeline.versions.membership import Version
from schemas.errors import AffectoryError, UsageError, printable
from schemas.versions.manifest import MANIFEST, SUMS, versions
from schemas.versions.rows import opened


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 1 where damage was found, 2 for bad usage."""
    args = versions_arguments().parse_args(argv)
    try:
        return _done(args)
    except AffectoryError as error:
        sys.stderr.write(f"pipeline.versions: {error}\n")
        return 2
    except (OSError, ArrowException) as error:
        sys.stderr.write(f"pipeline.versions: a file is missing or damaged, verify names it: {error}\n")
        return 1


def _done(args: argparse.Namespace) -> int:
    match args.command:
        case "list":
            return _say(version_lines(args.shards, _names(args.shards)))
        case "show":
            return _say(version_text(*opened(args.shards, args.name)))
        case "latest":
            folder, manifest = opened(args.shards, None)
            return _say(iter([f"{folder.name} {manifest.seal}"]))
        case "diff":
            old, new = (Version(*opened(args.shards, name)) for name in (args.old, args.new))
            return _say(as_json(old, new) if args.json else as_text(old, new))
    return _verify(args)


def _say(lines: Iterator[str]) -> int:
    for line in lines:
        sys.stdout.write(printable(line).replace("\n", "\\n") + "\n")
    return 0


def _names(out: Path) -> list[str]:
    names = versions(out)
    if not names:
        raise UsageError(f"{out} holds no version; python -m pipeline.build --out {out} makes one")
    return names


def _verify(args: argparse.Namespace) -> int:
    out, name = args.shards, args.name
    names = [name] if name else sorted({path.parent.name for what in (MANIFEST, SUMS) for path in out.glob(f"*/{what}")})
    if not names or not all((out / one).is_dir() for one in names):
        raise UsageError(f"{out / name if name else out} holds no version; python -m pipeline.versions list tells what there is")
    if args.seal and not name:
        raise UsageError("--seal is that of one version: name it")
    return max([_whole(out / one, args.deep, args.seal) for one in names])


def _whole(version: Path, deep: bool, seal: str | None) -> int:
    begun = time.monotonic()
    found = 0
    for damage in damages(version, deep, seal):
        found = 1
        _say(iter([f"{version.name}: {damage.file} {damage.says}"]))
    if not found:
        _say(iter([f"{version.name}: as it was written ({time.monotonic() - begun:.1f} s)"]))
    return found
