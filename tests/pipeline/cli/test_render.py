"""A document about a version, on standard output or in a file, or one line that says why there is none."""

import pytest

from pipeline.cli.render import run_document
from schemas.errors import UsageError
from tests.support.versioned import bare, version


def named(place, manifest, name):
    return f"{name}: {manifest.ledger.clips - manifest.ledger.dead_clips} clips of {place.parent.name}\n"


@pytest.fixture
def out(tmp_path):
    for name, count in (("v1", 1), ("v2", 2)):
        version(tmp_path / "shards", name, [bare(k) for k in range(count)])
    return tmp_path / "shards"


@pytest.mark.parametrize(("more", "said"), [((), "v2: 2 clips of shards\n"), (("--version", "v1"), "v1: 1 clips of shards\n")])
def test_it_tells_of_the_newest_version_or_of_the_one_that_is_named(out, capsys, more, said):
    assert run_document("pipeline.card", "Say it.", named, ["--shards", str(out), *more]) == 0
    assert capsys.readouterr().out == said


def test_into_a_file_it_writes_the_same_and_says_nothing(out, tmp_path, capsys):
    assert run_document("pipeline.card", "Say it.", named, ["--shards", str(out), "--out", str(tmp_path / "card.md")]) == 0
    assert (tmp_path / "card.md").read_text() == "v2: 2 clips of shards\n"
    assert capsys.readouterr().out == ""


def test_what_is_no_version_is_one_line_and_exit_status_2(tmp_path, capsys):
    assert run_document("pipeline.card", "Say it.", named, ["--shards", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("pipeline.card: ") and said.count("\n") == 1


def test_what_cannot_be_told_leaves_no_file(out, tmp_path, capsys):
    def fail(place, manifest, name):
        raise UsageError("it is too old")

    assert run_document("pipeline.card", "Say it.", fail, ["--shards", str(out), "--out", str(tmp_path / "card.md")]) == 2
    assert capsys.readouterr().err == "pipeline.card: it is too old\n"
    assert not (tmp_path / "card.md").exists()
