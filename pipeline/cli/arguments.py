"""The command lines of `pipeline`, each a function of the program's name; nothing heavy is imported to tell or complete them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def build_arguments(prog: str = "python -m pipeline.build") -> argparse.ArgumentParser:
    """Return the command line of a build; what it does not know is handed to Beam."""
    made = argparse.ArgumentParser(
        prog=prog,
        description="Turn a folder of video into a dataset version.",
        epilog="Other options go to Apache Beam, for example --runner=FlinkRunner.",
        allow_abbrev=False,
    )
    made.add_argument("--source", type=Path, required=True, metavar="DIR", help="folder with video and sound, searched in depth")
    made.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of versions; a new one is added")
    made.add_argument("--plan", default="embedded", metavar="P", help="a plan by name, or a TOML file (default: embedded)")
    made.add_argument("--work", type=Path, metavar="DIR", help="work folder that all workers see (default: OUT/.work)")
    made.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="threads (default: one per core)")
    made.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where models run (default: auto)")
    made.add_argument(
        "--media",
        choices=("embed", "reference"),
        default="embed",
        help="in the Parquet files, or beside them (default: embed)",
    )
    made.add_argument(
        "--review-budget", metavar="N", help="at most N clips, or N%% of all, go to people: the most informative first"
    )
    made.add_argument("--part", type=_part, metavar="K/N", help="do only this share of the sources; then run without to assemble")
    made.add_argument("--dry-run", action="store_true", help="say what would be done, and stop")
    made.add_argument(
        "--retry-dead",
        nargs="?",
        const="",
        metavar="REASON",
        help="ask again about what annotators failed on and what became no row; with REASON, only where annotator, file, clip or "
        "reason hold it",
    )
    made.add_argument(
        "--version",
        action=_Version,
        nargs="?",
        metavar="NAME",
        help="name of the dataset version to write (default: v1, v2, …); without a NAME, print Affectory's own version",
    )
    return made


def sample_arguments(prog: str = "python -m pipeline.sample") -> argparse.ArgumentParser:
    """Return the command line of the sample; what it does not know is handed to the build."""
    made = argparse.ArgumentParser(
        prog=prog,
        description="Fetch the embedded models, put a small sample together, and build it.",
        epilog="Other options go to the build.",
        allow_abbrev=False,
    )
    made.add_argument("--source", type=Path, default=Path("raw"), metavar="DIR", help="where the sample is put (default: raw)")
    made.add_argument("--plan", default="embedded", metavar="P", help="a plan by name, or a TOML file (default: embedded)")
    made.add_argument("--out", type=Path, metavar="DIR", help="folder of versions; without it the sample is only put together")
    return made


def versions_arguments(prog: str = "python -m pipeline.versions") -> argparse.ArgumentParser:
    """Return the command line about versions."""
    made = argparse.ArgumentParser(prog=prog, description="What versions there are, and what is in them.")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    about = commands.add_parser("list", help="one line for each version")
    show = commands.add_parser("show", help="ledger, authors and files of one version")
    show.add_argument("name", metavar="V", nargs="?", help="the version (default: the newest)")
    newest = commands.add_parser("latest", help="name and seal of the newest version, for scripts")
    diff = commands.add_parser("diff", help="what differs between two versions, and why")
    diff.add_argument("old", metavar="A", help="a version")
    diff.add_argument("new", metavar="B", help="another one")
    diff.add_argument("--json", action="store_true", help="every change, as one JSON document")
    check = commands.add_parser("verify", help="find any byte that is not as it was written; status 1 if there is one")
    check.add_argument("name", metavar="V", nargs="?", help="the version (default: all)")
    check.add_argument("--seal", metavar="HASH", help="also refuse a version that is whole and another one")
    check.add_argument("--deep", action="store_true", help="also read every row, and compare the sum of their hashes")
    for command in (about, show, newest, diff, check):
        _shards(command)
    return made


def explain_arguments(prog: str = "python -m pipeline.route") -> argparse.ArgumentParser:
    """Return the command line that tells a decision; the clip stands alone or after --explain."""
    made = argparse.ArgumentParser(prog=prog, description="Why a clip went where it went: the numbers behind its decision.")
    clip = made.add_mutually_exclusive_group(required=True)
    # Without a default of its own, the one that is not given leaves the other alone.
    none = argparse.SUPPRESS
    clip.add_argument("explain", metavar="CLIP", nargs="?", default=none, help="clip_id, or how it begins")
    clip.add_argument("--explain", metavar="CLIP", dest="explain", default=none, help=none)
    _shards(made)
    _version(made)
    return made


def document_arguments(prog: str, says: str) -> argparse.ArgumentParser:
    """Return the command line of a command that tells of a version in one document."""
    made = argparse.ArgumentParser(prog=prog, description=says)
    _shards(made)
    _version(made)
    made.add_argument("--out", type=Path, metavar="FILE", help="where to write it (default: standard output)")
    return made


def card_arguments(prog: str = "python -m pipeline.card") -> argparse.ArgumentParser:
    """Return the command line of the card."""
    return document_arguments(prog, "The dataset card of a version.")


def report_arguments(prog: str = "python -m pipeline.report") -> argparse.ArgumentParser:
    """Return the command line of the page."""
    return document_arguments(prog, "One page about a version.")


def export_arguments(prog: str = "python -m pipeline.export") -> argparse.ArgumentParser:
    """Return the command line that writes a version in another form."""
    made = argparse.ArgumentParser(prog=prog, description="Write the clips of a version that may leave in another form.")
    made.add_argument("version", metavar="V", nargs="?", help="the version (default: the newest)")
    _shards(made)
    made.add_argument("--format", metavar="NAME", help="the format; --list names them")
    made.add_argument("--out", type=Path, metavar="DIR", help="folder to make; what lies there already is never touched")
    made.add_argument(
        "--decision", choices=("accept", "review", "reject"), default="accept", help="clips of which route (default: accept)"
    )
    made.add_argument("--split", metavar="NAME", help="clips of this split only")
    made.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the format; may be repeated")
    made.add_argument("--list", action="store_true", help="name the formats; with --format, the settings of that one")
    return made


def publish_arguments(prog: str = "python -m pipeline.publish") -> argparse.ArgumentParser:
    """Return the command line that publishes."""
    made = argparse.ArgumentParser(
        prog=prog,
        description="Publish the accepted clips of a version on the Hub.",
        epilog="The token comes from the environment: HF_TOKEN. HF_ENDPOINT names another server. Media beside the rows go "
        "inside them, in a copy in TMPDIR.",
    )
    _shards(made)
    _version(made)
    made.add_argument("--repo", required=True, metavar="ORG/NAME", help="dataset repository; it is made where there is none")
    made.add_argument("--private", action="store_true", help="a repository that only its owners see")
    made.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="TEXT",
        help="let this text pass though it looks like an address or a path; may be repeated",
    )
    made.add_argument("--dry-run", action="store_true", help="say which files and bytes would go, and ask nobody")
    return made


def takedown_arguments(prog: str = "python -m pipeline.takedown") -> argparse.ArgumentParser:
    """Return the command line that takes somebody out."""
    made = argparse.ArgumentParser(
        prog=prog,
        usage="%(prog)s [-h] [--shards DIR] [--version NAME] [--reason TEXT]\n"
        "       (--clip ID | --source ID|FILE | --person NAME | --unpublishable)",
        description="Make a version without a clip, a source or a person, for good.",
    )
    _shards(made)
    made.add_argument("--version", metavar="NAME", help="the version to take out of (default: the newest)")
    who = made.add_mutually_exclusive_group(required=True)
    who.add_argument("--clip", metavar="ID", help="clip_id, or how it begins")
    who.add_argument("--source", metavar="ID|FILE", help="source_id, how it begins, its name in the rows, or the file itself")
    who.add_argument("--person", metavar="NAME", help="speaker of sources.csv; or SOURCE/S0, SOURCE/P0 within a source")
    who.add_argument(
        "--unpublishable", action="store_true", help="sources without licence or consent; later builds ask sources.csv anew"
    )
    made.add_argument("--reason", metavar="TEXT", help="kept in withdrawn.json only")
    return made


def plan_arguments(prog: str = "python -m pipeline.plan_command") -> argparse.ArgumentParser:
    """Return the command line about plans."""
    made = argparse.ArgumentParser(prog=prog, description="What plans there are, what they say, and what they can say.")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="one line for each plan that is installed")
    show = commands.add_parser("show", help="a plan as it is used: every default filled in, and its hash")
    check = commands.add_parser("check", help="say what is wrong with a plan, and where; status 2 if something is")
    for command, default in ((show, "embedded"), (check, None)):
        command.add_argument(
            "plan", metavar="PLAN", default=default, nargs="?" if default else None, help="its name, or a TOML file"
            + (f" (default: {default})" if default else ""),
        )  # fmt: skip
    keys = commands.add_parser("keys", help="every key of a plan: type, default, range, unit, and what it does")
    keys.add_argument("prefix", metavar="PREFIX", nargs="?", default="", help="only keys that begin so, as route or labels.")
    keys.add_argument("--write", type=Path, metavar="FILE", help="write the page of all keys of this repository, in Markdown")
    return made


def completion_arguments(prog: str = "python -m pipeline.cli.completion") -> argparse.ArgumentParser:
    """Return the command line that prints what a shell reads to complete commands."""
    made = argparse.ArgumentParser(
        prog=prog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Print what a shell reads to complete commands.",
        epilog='bash, zsh:  eval "$(affectory completion bash)"  in ~/.bashrc or ~/.zshrc\n'
        "fish:       affectory completion fish | source   in ~/.config/fish/config.fish",
    )
    made.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell that will read it")
    return made


def _shards(made: argparse.ArgumentParser) -> None:
    made.add_argument("--shards", type=Path, default=Path("shards"), metavar="DIR", help="folder of versions (default: shards)")


def _version(made: argparse.ArgumentParser) -> None:
    made.add_argument("--version", metavar="NAME", help="the version (default: the newest)")


def _part(text: str) -> tuple[int, int]:
    k, slash, n = text.partition("/")
    if not (slash and k.isdigit() and n.isdigit() and 1 <= int(k) <= int(n)):
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N with 1 <= K <= N")
    return int(k), int(n)


class _Version(argparse.Action):
    """With a value an ordinary option; alone, print the program's version and stop, as --version does everywhere."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        if values is None:
            sys.stdout.write(f"affectory {version('affectory')}\n")
            parser.exit()
        setattr(namespace, self.dest, values)
