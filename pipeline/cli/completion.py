"""`affectory completion SHELL`: how a shell completes commands, options, and the names that options take."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, cast

from pipeline.cli.arguments import completion_arguments
from schemas.doors import behind
from schemas.errors import AffectoryError

PLANS, EXPORTERS, ANNOTATORS = "affectory.plans", "affectory.exporters", "affectory.annotators"
"""Groups of entry points."""
MOST_CLIPS = 1000
"""So many clips are offered at most."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    from argcomplete.shell_integration import shellcode  # noqa: PLC0415

    args = completion_arguments().parse_args(argv)
    sys.stdout.write(shellcode(["affectory"], shell=args.shell) + "\n")
    return 0


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell that asks how its line may go on, and end the process."""
    import argcomplete  # noqa: PLC0415

    argcomplete.autocomplete(parser, default_completer=cast(Any, offered))


def offered(prefix: str, action: argparse.Action, parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    """Return what may stand for an argument, by its name on the command line; paths where it names one."""
    from argcomplete.completers import DirectoriesCompleter, FilesCompleter  # noqa: PLC0415

    shards = getattr(parsed_args, "shards", None) or Path("shards")
    versions, clips = partial(version_names, shards), partial(clip_ids, shards, prefix)
    by_place: Mapping[str, Callable[[], Iterable[str]]] = {
        "plan": lambda: behind(PLANS), "prefix": lambda: behind(ANNOTATORS), "format": lambda: behind(EXPORTERS),
        "version": versions, "name": versions, "old": versions, "new": versions, "explain": clips, "clip": clips,
        "names": model_names,
    }  # fmt: skip
    try:
        found = list(by_place[action.dest]()) if action.dest in by_place else []
    except (AffectoryError, OSError, ValueError):
        found = []
    if action.dest == "plan" or action.metavar == "FILE":
        return [*found, *FilesCompleter()(prefix)]
    return [*found, *DirectoriesCompleter()(prefix)] if action.metavar == "DIR" else found


def version_names(shards: Path) -> list[str]:
    """Return the versions in a folder, but for names that would do something to a terminal."""
    names = sorted(place.parent.name for place in shards.glob("*/manifest.json"))
    return [name for name in names if name.isprintable()]


def clip_ids(shards: Path, prefix: str) -> list[str]:
    """Return the clips of the newest version whose ids begin so.

    Raises:
        UsageError: there is no version.
    """
    from schemas.versions.rows import opened, read_clips  # noqa: PLC0415

    folder, _ = opened(shards, None)
    clips = (clip.clip_id for clip in read_clips(folder, ("clip_id",), batch=4096))
    return list(islice((clip for clip in clips if clip.startswith(prefix)), MOST_CLIPS))


def model_names() -> list[str]:
    """Return the models of all tables that are installed."""
    from annotators.models import catalog  # noqa: PLC0415

    return [model.name for model in catalog.entries().models]


if __name__ == "__main__":
    sys.exit(main())
