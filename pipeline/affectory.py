"""`affectory COMMAND …`: every command under one name; each is also a module, as `python -m pipeline.build`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

from pipeline.cli.completion import complete
from schemas.errors import did_you_mean

COMPLETES = "_ARGCOMPLETE"
"""Set by a shell that asks how a line may go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: the words that call it, the module whose `main` it is, and what it does, in a line."""

    words: tuple[str, ...]
    module: str
    says: str
    arguments: str = ""
    """`module:function` that makes the command line of a program name; the module's own `parser` where it is empty."""
    parse: str = "parse_args"
    """The method of the command line that reads it."""

    def parser(self) -> argparse.ArgumentParser:
        """Return the command line under our name."""
        module, _, name = (self.arguments or f"{self.module}:parser").partition(":")
        made: argparse.ArgumentParser = getattr(import_module(module), name)(" ".join(("affectory", *self.words)))
        return made


_LINES = "pipeline.cli.arguments:"
COMMANDS = (
    Command(
        words=("build",),
        module="pipeline.build",
        arguments=_LINES + "build_arguments",
        parse="parse_known_args",
        says="a folder of video becomes the next version",
    ),
    Command(
        words=("sample",),
        module="pipeline.sample",
        arguments=_LINES + "sample_arguments",
        parse="parse_known_args",
        says="the same on the bundled sample",
    ),
    Command(
        words=("review", "serve"),
        module="label_studio.serve",
        arguments="label_studio.arguments:serve_arguments",
        says="a reviewer's own Label Studio",
    ),
    Command(
        words=("review", "push"),
        module="label_studio.push",
        arguments="label_studio.arguments:push_arguments",
        says="what is for people becomes tasks",
    ),
    Command(
        words=("review", "pull"),
        module="label_studio.pull",
        arguments="label_studio.arguments:pull_arguments",
        says="what people answered comes back",
    ),
    Command(
        words=("review", "status"),
        module="label_studio.status",
        arguments="label_studio.arguments:status_arguments",
        says="how far the review is, and how well people agree",
    ),
    Command(
        words=("versions",),
        module="pipeline.versions.command",
        arguments=_LINES + "versions_arguments",
        says="list, show, diff and verify versions",
    ),
    Command(
        words=("explain",),
        module="pipeline.explain",
        arguments=_LINES + "explain_arguments",
        says="the numbers behind one clip's decision",
    ),
    Command(
        words=("card",),
        module="pipeline.card.card",
        arguments=_LINES + "card_arguments",
        says="the dataset card of a version",
    ),
    Command(
        words=("report",),
        module="pipeline.report.page",
        arguments=_LINES + "report_arguments",
        says="one page about a version",
    ),
    Command(
        words=("export",),
        module="pipeline.export.command",
        arguments=_LINES + "export_arguments",
        says="a version in another form, as JSON Lines",
    ),
    Command(
        words=("publish",),
        module="pipeline.publish.command",
        arguments=_LINES + "publish_arguments",
        says="a version on the Hub",
    ),
    Command(
        words=("takedown",),
        module="pipeline.takedown.command",
        arguments=_LINES + "takedown_arguments",
        says="a version without a clip, a source or a person",
    ),
    Command(
        words=("plan",),
        module="pipeline.plan_command",
        arguments=_LINES + "plan_arguments",
        says="list, show and check plans; what they can say",
    ),
    Command(
        words=("models",),
        module="annotators.models.command",
        arguments="annotators.models.arguments:models_arguments",
        parse="parse_intermixed_args",
        says="fetch, list and verify model files",
    ),
    Command(
        words=("completion",),
        module="pipeline.cli.completion",
        arguments=_LINES + "completion_arguments",
        says="what bash, zsh or fish reads to complete commands",
    ),
)


def usage(words: Sequence[str] = ()) -> str:
    """Return the commands that begin with these words, one a line; all where none does."""
    found = [command for command in COMMANDS if command.words[: len(words)] == tuple(words)] or COMMANDS
    lines = [f"  {' '.join(command.words):<16}{command.says}" for command in found]
    return "usage: affectory COMMAND …\n\n" + "\n".join(lines) + "\n\naffectory COMMAND --help tells more.\n"


def resolved(argv: Sequence[str]) -> tuple[Command, list[str]] | None:
    """Return the command that the words call and the arguments for it, None where there is none."""
    for command in COMMANDS:
        count = len(command.words)
        if tuple(argv[:count]) == command.words:
            return command, list(argv[count:])
    return None


def whole_parser() -> argparse.ArgumentParser:
    """Return one command line of all commands, for shells to complete."""
    top = argparse.ArgumentParser(prog="affectory")
    commands: dict[tuple[str, ...], Any] = {(): top.add_subparsers()}
    for command in COMMANDS:
        room, word = command.words[:-1], command.words[-1]
        if room not in commands:
            commands[room] = commands[()].add_parser(room[-1], help="people decide").add_subparsers()
        commands[room].add_parser(word, help=command.says, parents=[command.parser()], add_help=False)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    if COMPLETES in os.environ:
        complete(whole_parser())
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help", "help"} or words in (["review"], ["review", "-h"], ["review", "--help"]):
        sys.stdout.write(usage(words[:1]))
        return 0
    if words == ["--version"]:
        sys.stdout.write(f"affectory {version('affectory')}\n")
        return 0
    found = resolved(words)
    if found is None:
        return _unknown(" ".join(words[:2] if words[0] == "review" else words[:1]))
    command, rest = found
    # Read here first: help, and what is wrong with the line, are told under our name and before anything heavy is imported.
    getattr(command.parser(), command.parse)(rest)
    logging.disable(logging.WARNING)  # at its import, Beam warns about clients of a cloud that nobody asked for
    run = import_module(command.module).main
    logging.disable(logging.NOTSET)
    done: int = run(rest)
    return done


def _unknown(said: str) -> int:
    hint = did_you_mean(said, [" ".join(command.words) for command in COMMANDS])
    sys.stderr.write(f"affectory: no command {said!r}{hint}\n{usage()}")
    return 2


if __name__ == "__main__":
    sys.exit(main())
