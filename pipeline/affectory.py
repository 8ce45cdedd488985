"""`affectory COMMAND …`: every command under one name; each is also a module, as `python -m pipeline.build`."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: the words that call it, the module whose `main` it is, and what it does, in a line."""

    words: tuple[str, ...]
    module: str
    says: str
    before: tuple[str, ...] = ()
    """Arguments that stand before those of the user."""


COMMANDS = (
    Command(words=("build",), module="pipeline.build", says="a folder of video becomes the next version"),
    Command(words=("sample",), module="pipeline.sample", says="the same on the bundled sample"),
    Command(words=("review", "serve"), module="label_studio.serve", says="a reviewer's own Label Studio"),
    Command(words=("review", "push"), module="label_studio.push", says="what is for people becomes tasks"),
    Command(words=("review", "pull"), module="label_studio.pull", says="what people answered comes back"),
    Command(words=("review", "status"), module="label_studio.status", says="how far the review is, and how well people agree"),
    Command(words=("versions",), module="pipeline.versions.command", says="list, show, diff and verify versions"),
    Command(words=("explain",), module="pipeline.explain", says="the numbers behind one clip's decision", before=("--explain",)),
    Command(words=("card",), module="pipeline.card.card", says="the dataset card of a version"),
    Command(words=("report",), module="pipeline.report.page", says="one page about a version"),
    Command(words=("export",), module="pipeline.export.command", says="a version in another form, as JSON Lines"),
    Command(words=("publish",), module="pipeline.publish.command", says="a version on the Hub"),
    Command(words=("takedown",), module="pipeline.takedown.command", says="a version without a clip, a source or a person"),
    Command(words=("models",), module="annotators.models.command", says="fetch, list and verify model files"),
)


def usage() -> str:
    """Return all commands, one a line."""
    lines = [f"  {' '.join(command.words):<16}{command.says}" for command in COMMANDS]
    return "usage: affectory COMMAND …\n\n" + "\n".join(lines) + "\n\naffectory COMMAND --help tells more.\n"


def resolved(argv: Sequence[str]) -> tuple[Command, list[str]] | None:
    """Return the command that the words call and the arguments for it, None where there is none."""
    for command in COMMANDS:
        count = len(command.words)
        if tuple(argv[:count]) == command.words:
            rest = list(argv[count:])
            asks = not rest or rest[0] in {"-h", "--help"}
            return command, rest if asks else [*command.before, *rest]
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write(usage())
        return 0
    found = resolved(words)
    if found is None:
        said = " ".join(words[:2] if words[0] == "review" else words[:1])
        near = difflib.get_close_matches(said, [" ".join(command.words) for command in COMMANDS], 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        sys.stderr.write(f"affectory: no command {said!r}{hint}\n{usage()}")
        return 2
    command, rest = found
    done: int = import_module(command.module).main(rest)
    return done
