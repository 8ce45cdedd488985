from importlib.metadata import EntryPoint

import pytest

from annotators import registry
from annotators.registry import plan_names
from pipeline.plan import read_plan
from schemas.errors import UsageError


@pytest.mark.parametrize("name", plan_names())
def test_every_shipped_plan_can_work(name):
    plan = read_plan(name)
    assert [annotator.name for annotator in plan.annotators]
    assert plan.hash == read_plan(name).hash


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[segment]\nmin_seconds = 0\n", "min_seconds"),
        ("[segment]\nlongest = 3\n", "'longest'"),
        ("[colours]\n", "'colours'"),
        ("[[annotators]]\nname = 'turns.nobody'\n", "turns.nobody"),
        ("[[annotators]]\nname = 'words.faster_whisper'\nbeams = 1\n", "'beams'"),
        ("[[annotators]]\nname = 'words.faster_whisper'\n", "turns"),
        ("[[annotators]]\nname = 'words.faster_whisper'\nmodel = 'whisper-giant'\n", "whisper-giant"),
        ("[annotators]\nname = 'x'\n", "double brackets"),
        ("[segment\n", "mine.toml"),
        ("annotators = ['words.subtitles']\n", "double brackets"),
        ("[segment]\nmax_seconds = inf\n", "max_seconds: a finite number"),
        ("[segment]\nmin_seconds = 20\nmax_seconds = 2\n", "min_seconds 20.0 is more than max_seconds 2.0"),
        ("[release]\nshard_bytes = 0\n", "shard_bytes"),
        ("[release]\nrow_group_rows = -1\n", "row_group_rows"),
        ("[cut]\npreset = 'turbo'\n", "preset"),
        ("[[annotators]]\nname = 'shots.content'\n" * 2, "shots.content stands there twice"),
        ("[[annotators]]\nmodel = 'x'\n", "has no name"),
        ("[review]\nspace = 'mer6'\n", "people label in mer6, machines are compared in ekman7"),
        ("review = 3\n", r"\[review\]: the table"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_and_the_place_is_named(tmp_path, text, says):
    with pytest.raises(UsageError, match=says):
        read_plan(written(tmp_path, text))


def test_people_are_asked_in_the_label_space_in_which_machines_are_compared(tmp_path):
    assert read_plan(written(tmp_path, "[assess]\nspace = 'mafw11'\n")).review.space == "mafw11"
    assert read_plan(written(tmp_path, "[review]\nannotators = 3\n")).review.space == "ekman7"


def test_a_plan_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="embedded"):
        read_plan("nowhere")


def test_the_hash_changes_with_a_setting_and_not_with_a_comment(tmp_path):
    text = "[segment]\nmin_seconds = 1.0\n"
    first = read_plan(written(tmp_path, text)).hash
    assert read_plan(written(tmp_path, "# why\n" + text)).hash == first
    assert read_plan(written(tmp_path, text.replace("1.0", "1.5"))).hash != first


@pytest.mark.parametrize(
    ("target", "says"), [("nosuch:X", "cannot be imported"), ("schemas:Nope", "cannot"), ("schemas.values:Span", "subclass")]
)
def test_an_entry_point_that_leads_nowhere_is_named(tmp_path, monkeypatch, target, says):
    monkeypatch.setattr(registry, "registered", lambda: {"a.b": EntryPoint("a.b", target, registry.ENTRY_POINTS)})
    with pytest.raises(UsageError, match=rf"a\.b.*{says}"):
        read_plan(written(tmp_path, "[[annotators]]\nname = 'a.b'\n"))
