"""`python -m pipeline.plan_command list|show|check|keys`: what plans there are, what they say, and what they can say."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from importlib.resources.abc import Traversable
from textwrap import wrap
from typing import Any

from annotators.annotator import Annotator
from annotators.registry import plan_file, plan_names
from pipeline.cli.arguments import plan_arguments
from pipeline.judge.rule import Rule
from pipeline.plan import Plan, read_plan
from pipeline.plan_keys import PlanTable, plan_tables, toml_value
from schemas.atomic import write_atomic
from schemas.errors import AffectoryError, UsageError, printable


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 2 where the plan cannot work."""
    args = plan_arguments().parse_args(argv)
    try:
        text = "\n".join(_told(args)) + "\n"
    except AffectoryError as error:
        sys.stderr.write(f"pipeline.plan: {error}\n")
        return 2
    if args.command == "keys" and args.write is not None:
        write_atomic(args.write, text.encode())
    else:
        sys.stdout.write(printable(text))
    return 0


def _told(args: argparse.Namespace) -> Iterator[str]:
    match args.command:
        case "list":
            return iter([f"{name:<12}{first_comment(plan_file(name))}" for name in plan_names()])
        case "show":
            return plan_toml(read_plan(args.plan))
        case "check":
            plan = read_plan(args.plan)
            return iter([f"{args.plan}: good, {len(plan.annotators)} annotators, hash {plan.hash}"])
    tables = plan_tables()
    if args.write is not None:
        return reference([table for table in tables if table.ours])
    return _keys(tables, args.prefix)


def first_comment(path: Traversable) -> str:
    """Return the first line of a plan where it is a comment: what the plan is for."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() if first.startswith("#") else ""


def plan_toml(plan: Plan) -> Iterator[str]:
    """Yield a plan as TOML with every default filled in; reading it gives the same plan."""
    yield f"# plan {plan.name}, hash {plan.hash}"
    for field in fields(plan):
        if is_dataclass(settings := getattr(plan, field.name)):
            yield from ("", f"[{field.name}]", *_values(asdict(settings)))  # type: ignore[arg-type]
    for table, named in (("annotators", plan.annotators), ("rules", plan.rules)):
        for one in named:
            yield from ("", f"[[{table}]]", f"name = {toml_value(one.name)}", *_settings(table, one))


def _settings(table: str, one: Annotator[Any, Any] | Rule) -> Iterator[str]:
    values = {field.name: getattr(one, field.name) for field in fields(one) if field.init}
    yield from _values({name: value for name, value in values.items() if not is_dataclass(value)})
    for name, value in values.items():
        if is_dataclass(value) and not isinstance(value, type):
            yield from (f"[{table}.{name}]", *_values(asdict(value)))


def _values(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield f"# {name} is left out: none" if value is None else f"{name} = {toml_value(value)}"


def _keys(tables: Sequence[PlanTable], prefix: str) -> Iterator[str]:
    """Yield the keys that begin so, two lines each.

    Raises:
        UsageError: there is none.
    """
    found = [key for table in tables for key in table.keys if key.path.startswith(prefix)]
    if not found:
        raise UsageError(f"no key of a plan begins with {prefix!r}; tables are {', '.join(table.name for table in tables)}")
    for key in found:
        told = ", ".join(part for part in (f"{key.kind} {key.bounds}".strip(), key.unit) if part)
        yield f"{key.path} = {key.default}   ({told})"
        yield from wrap(key.says, 80, initial_indent="    ", subsequent_indent="    ")


def reference(tables: Sequence[PlanTable]) -> Iterator[str]:
    """Yield the page about all keys, in Markdown."""
    yield from (
        "# Every key of a plan",
        "",
        "Written by `affectory plan keys --write docs/plan.md` from the settings themselves. `affectory plan keys` prints it for",
        "what is installed, annotators of other packages included; `affectory plan show` fills a plan in, and `affectory plan",
        "check` says what is wrong with one. A key that is left out has its default; none is said by leaving the key out.",
        "",
        "## Tables",
    )
    for number, table in enumerate(tables):
        if table.kind != "table" and tables[number - 1].kind != table.kind:
            title = table.kind.capitalize()
            yield from ("", f"## {title}", "", f"Each in a table `[[{table.kind}]]` of its own, called by `name`.")
        yield from ("", f"### `[{table.name}]`" if table.kind == "table" else f"### `{table.name}`", "", table.says)
        if table.keys:
            yield from ("", "| key | type | default | range | unit | |", "|---|---|---|---|---|---|")
        for key in table.keys:
            cells = (f"`{key.name}`", key.kind, f"`{key.default}`", key.bounds, key.unit, key.says)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
