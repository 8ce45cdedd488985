"""One name for all commands."""

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from pipeline.affectory import COMMANDS, main, resolved, usage

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_each_command_is_the_main_of_its_module(command, capsys):
    assert callable(import_module(command.module).main)
    with pytest.raises(SystemExit) as ended:
        main([*command.words, "--help"])
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_the_help_fits_a_screen(capsys):
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert all(any(line.strip().startswith(" ".join(one.words)) for line in lines) for one in COMMANDS)


def test_an_unknown_command_is_told_with_the_nearest_one(capsys):
    assert main(["biuld", "--source", "raw"]) == 2
    assert "no command 'biuld'; did you mean build?" in capsys.readouterr().err
    assert main(["review", "psuh"]) == 2
    assert "did you mean review push?" in capsys.readouterr().err


def test_arguments_go_to_the_command_as_they_are():
    command, rest = resolved(["review", "push", "--shards", "x"])
    assert (command.module, rest) == ("label_studio.push", ["--shards", "x"])
    assert resolved(["explain", "ab12", "--shards", "x"])[1] == ["--explain", "ab12", "--shards", "x"]
    assert resolved(["explain", "--help"])[1] == ["--help"]


def test_an_error_of_a_command_is_its_own(tmp_path, capsys):
    assert main(["versions", "show", "v9", "--shards", str(tmp_path)]) == 2
    assert "holds no version" in capsys.readouterr().err


def test_it_starts_without_what_is_heavy():
    code = "import sys, pipeline.affectory; print([m for m in ('torch', 'apache_beam', 'pyarrow', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_is_installed_under_its_name():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"affectory": "pipeline.affectory:main"}
    assert usage().startswith("usage: affectory COMMAND")
