"""What a shell gets when it asks how a line may go on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from annotators.registry import ENTRY_POINTS, PLANS, registered
from pipeline.affectory import COMMANDS
from pipeline.cli import completion
from pipeline.cli.completion import main, model_names, version_names
from pipeline.export.exporter import EXPORTERS

ROOT = Path(__file__).parents[3]


def completed(line, tmp_path):
    """Return what is offered for the last word of a line, as argcomplete's script for bash asks for it."""
    answer = tmp_path / "answer"
    asks = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line.encode())), "COMP_TYPE": "9"}
    env = os.environ | asks | {"IFS": "\v", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "PYTHONPATH": str(ROOT)}
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *sys.path])
    code = "from pipeline.affectory import main; main()"
    subprocess.run([sys.executable, "-c", code], env=env, cwd=tmp_path, check=True, capture_output=True)
    return {word.strip() for word in answer.read_text().split("\v")}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("affectory ver", {"versions"}),
        ("affectory review pu", {"push", "pull"}),
        ("affectory versions d", {"diff"}),
        ("affectory build --re", {"--review-budget", "--retry-dead"}),
        ("affectory build --device cu", {"cuda"}),
        ("affectory build --plan emb", {"embedded"}),
        ("affectory plan show st", {"studio"}),
        ("affectory plan keys labels.v", {"labels.voice_affect"}),
        ("affectory export --format js", {"jsonl"}),
        ("affectory models fetch whisper-l", {"whisper-large-v3"}),
    ],
)
def test_words_options_and_names_are_offered(line, offered, tmp_path):
    assert completed(line, tmp_path) == offered


def test_each_command_is_offered(tmp_path):
    assert {command.words[0] for command in COMMANDS} <= completed("affectory ", tmp_path)


def test_versions_and_clips_of_a_folder_are_offered(felt_version, tmp_path):
    shards = felt_version.parent
    assert completed(f"affectory card --shards {shards} --version ", tmp_path) == {felt_version.name}
    (row,) = pq.read_table(next((felt_version / "data").glob("*.parquet")), columns=["clip_id"]).slice(0, 1).to_pylist()
    assert completed(f"affectory explain --shards {shards} {row['clip_id'][:8]}", tmp_path) == {row["clip_id"]}


def test_a_version_that_cannot_be_read_or_has_an_evil_name_is_no_reason_to_fail(tmp_path):
    for name in ("v1", "v2\x1b[31m"):
        (tmp_path / "shards" / name).mkdir(parents=True)
        (tmp_path / "shards" / name / "manifest.json").write_text("{}")
    assert completed("affectory card --version ", tmp_path) == {"v1"}
    assert "--version" in completed("affectory explain ", tmp_path)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_it_can_read(shell, capsys, tmp_path):
    assert main([shell]) == 0
    script = capsys.readouterr().out
    assert "affectory" in script and "_ARGCOMPLETE" in script
    if binary := shutil.which(shell):
        subprocess.run([binary, "-n"], input=script, text=True, check=True)


def test_what_is_offered_is_what_is_there(tmp_path):
    assert (completion.PLANS, completion.ANNOTATORS, completion.EXPORTERS) == (PLANS, ENTRY_POINTS, EXPORTERS)
    assert "yamnet" in model_names() and "cues.yamnet" in registered()
    assert version_names(tmp_path) == []
