"""The commands that tell of a version in one document, on standard output or in a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.cli.arguments import document_arguments
from schemas.atomic import write_atomic
from schemas.errors import AffectoryError
from schemas.versions.manifest import Manifest
from schemas.versions.rows import opened


def run_document(prog: str, says: str, make: Callable[[Path, Manifest, str], str], argv: Sequence[str] | None) -> int:
    """Write what `make` says of the version that the command line names; return the exit status."""
    args = document_arguments(f"python -m {prog}", says).parse_args(argv)
    try:
        version, manifest = opened(args.shards, args.version)
        made = make(version, manifest, version.name)
    except AffectoryError as error:
        sys.stderr.write(f"{prog}: {error}\n")
        return 2
    if args.out is None:
        sys.stdout.write(made)
    else:
        write_atomic(args.out, made.encode())
    return 0
