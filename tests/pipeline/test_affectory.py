"""One name for all commands: every command line, its help, and what it costs to tell it."""

import argparse
import contextlib
import io
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from pipeline.affectory import COMMANDS, main, resolved, usage, whole_parser

ROOT = Path(__file__).parents[2]
COLUMNS, LINES, LINES_OF_BUILD = 80, 24, 40
"""A screen."""
LINE_MODULES = ("pipeline.cli.arguments", "label_studio.arguments", "annotators.models.arguments")
HEAVY = ("torch", "apache_beam", "pyarrow", "numpy", "pydantic", "mediapipe", "datasets")


def within(parser):
    """Yield a command line and those of its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from within(inner)


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", str(COLUMNS))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_each_help_fits_a_screen_and_describes_every_argument(command, screen):
    for parser in within(command.parser()):
        lines = parser.format_help().splitlines()
        assert len(lines) <= (LINES_OF_BUILD if command.words == ("build",) else LINES)
        assert max(map(len, lines)) <= COLUMNS
        assert all(action.help for action in parser._actions if not isinstance(action, argparse._SubParsersAction))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_a_default_that_is_no_switch_is_told(command):
    for parser in within(command.parser()):
        for action in parser._actions:
            if action.default not in (None, argparse.SUPPRESS, False, "", []) and action.option_strings:
                assert "(default: " in action.help, action.option_strings


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_it_tells_the_same_as_its_module_but_for_the_name(command, screen, capsys):
    for line in (["--help"], ["--no-such-option", "--help"]):
        told = []
        for run in (lambda line=line: main([*command.words, *line]), lambda line=line: import_module(command.module).main(line)):
            with pytest.raises(SystemExit) as ended:
                run()
            assert ended.value.code == 0
            told.append(" ".join(capsys.readouterr().out.split()))
        ours, theirs = told
        prog = theirs.removeprefix("usage: ").partition(" [-h]")[0]
        assert prog.startswith("python -m ")
        assert theirs.replace(prog, " ".join(("affectory", *command.words))) == ours


def test_every_function_of_the_modules_of_command_lines_is_that_of_a_command():
    made = {f"{module}:{name}" for module in LINE_MODULES for name in vars(import_module(module)) if name.endswith("_arguments")}
    ours = {command.arguments for command in COMMANDS if command.arguments}
    assert made - ours == {"pipeline.cli.arguments:document_arguments"}, "what card and report share"
    assert ours <= made


def test_all_commands_fit_a_screen(capsys):
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= COLUMNS
    assert all(any(line.strip().startswith(" ".join(one.words)) for line in lines) for one in COMMANDS)


def test_one_command_line_of_all_is_made_for_shells():
    top = whole_parser()
    with contextlib.redirect_stdout(io.StringIO()) as told, pytest.raises(SystemExit):
        top.parse_args(["review", "push", "--help"])
    assert "--preferences" in told.getvalue()
    assert top.parse_args(["versions", "diff", "v1", "v2"]).new == "v2"


def test_a_word_that_several_commands_share_tells_them(capsys):
    assert main(["review", "--help"]) == main(["review"]) == 0
    listed = [line.split()[:2] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert listed == 2 * [["review", word] for word in ("serve", "push", "pull", "status")]


def test_an_unknown_command_is_told_with_the_nearest_one(capsys):
    assert main(["biuld", "--source", "raw"]) == 2
    assert "no command 'biuld'; did you mean build?" in capsys.readouterr().err
    assert main(["review", "psuh"]) == 2
    assert "did you mean review push?" in capsys.readouterr().err


def test_arguments_go_to_the_command_as_they_are():
    command, rest = resolved(["review", "push", "--shards", "x"])
    assert (command.module, rest) == ("label_studio.push", ["--shards", "x"])
    assert resolved(["explain", "ab12"])[1] == ["ab12"]
    assert resolved(["review"]) is None


def test_a_clip_is_explained_by_its_name_alone_or_behind_the_option_of_the_module(tmp_path, capsys):
    for line in (["ab12"], ["--explain", "ab12"]):
        assert main(["explain", *line, "--shards", str(tmp_path)]) == 2
        assert "holds no version" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["explain", "ab12", "--explain", "ab12"])


def test_what_is_wrong_with_a_line_is_told_under_our_name(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["versions", "shwo"])
    assert ended.value.code == 2
    assert "affectory versions: error: argument COMMAND: invalid choice: 'shwo'" in capsys.readouterr().err


def test_its_own_version_is_told(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("affectory 0.")


def test_an_error_of_a_command_is_its_own(tmp_path, capsys):
    assert main(["versions", "show", "v9", "--shards", str(tmp_path)]) == 2
    assert "holds no version" in capsys.readouterr().err


def test_help_is_told_and_lines_are_completed_without_what_is_heavy():
    code = (
        "import contextlib, io, sys\n"
        "from pipeline.affectory import COMMANDS, main, whole_parser\n"
        "for command in COMMANDS:\n"
        "    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main([*command.words, '--help'])\n"
        "whole_parser()\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_it_is_installed_under_its_name():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"affectory": "pipeline.affectory:main"}
    assert usage().startswith("usage: affectory COMMAND")


def test_the_help_of_a_build_by_its_address_says_nothing_beside():
    done = subprocess.run([sys.executable, "-m", "pipeline.build", "--help"], capture_output=True, text=True, check=True)
    assert done.stderr == ""
