"""Plans are listed, shown, checked, and their keys told."""

from pathlib import Path

import pytest

from annotators.registry import plan_names
from pipeline.plan import read_plan
from pipeline.plan_command import main

ROOT = Path(__file__).parents[2]


def told(capsys, *line):
    status = main(list(line))
    return status, capsys.readouterr()


def test_the_page_of_all_keys_is_up_to_date(tmp_path, capsys):
    assert main(["keys", "--write", str(tmp_path / "plan.md")]) == 0
    assert (tmp_path / "plan.md").read_text() == (ROOT / "docs/plan.md").read_text(), "affectory plan keys --write docs/plan.md"


def test_each_plan_has_a_line_that_says_what_it_is_for(capsys):
    lines = told(capsys, "list")[1].out.splitlines()
    assert [line.split()[0] for line in lines] == list(plan_names())
    assert all(line.endswith(".") and len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("name", plan_names())
def test_a_plan_that_is_shown_is_the_plan_and_says_its_hash(name, capsys, tmp_path):
    status, out = told(capsys, "show", name)
    shown = tmp_path / "shown.toml"
    shown.write_text(out.out)
    assert status == 0
    assert read_plan(str(shown)).hash == read_plan(name).hash
    assert out.out.startswith(f"# plan {name}, hash {read_plan(name).hash}\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[rout]\n", "unknown table 'rout'; did you mean route?"),
        ("[route]\nambigity = 1\n", "[route]: there is no 'ambigity'; there are min_seconds,"),
        ("[route]\nambigity = 1\n", "did you mean ambiguity?"),
        ("[route]\nambiguity = 2\n", "[route]: ambiguity: Input should be less than or equal to 1"),
        ("[[annotators]]\nname = 'cues.yamet'\n", "did you mean cues.yamnet?"),
        ("[[annotators]]\nname = 'cues.yamnet'\nsensitvity = 1\n", "cues.yamnet: there is no 'sensitvity'"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_with_its_place_and_the_nearest_name(text, says, tmp_path, capsys):
    (tmp_path / "mine.toml").write_text(text)
    status, out = told(capsys, "check", str(tmp_path / "mine.toml"))
    assert (status, out.out) == (2, "")
    assert "mine.toml" in out.err and says in out.err


def test_a_good_plan_is_said_to_be_good(capsys):
    assert told(capsys, "check", "embedded")[1].out == f"embedded: good, 19 annotators, hash {read_plan('embedded').hash}\n"


def test_keys_are_told_by_how_they_begin(capsys):
    lines = told(capsys, "keys", "segment.")[1].out.splitlines()
    assert lines[0] == "segment.min_seconds = 1.0   (float > 0, s)"
    assert max(map(len, lines)) <= 80
    status, out = told(capsys, "keys", "nothing")
    assert status == 2 and "no key of a plan begins with 'nothing'; tables are segment, cut" in out.err
