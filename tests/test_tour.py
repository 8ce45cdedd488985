"""The tour of the pages goes from a folder of video to rows that anybody loads, by the commands that it shows."""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from label_studio.server.environment import environment
from pipeline.versions.command import main as versions
from schemas.errors import TransientError
from tests.tour import tour

PAGE = (Path(__file__).parent.parent / "docs" / "tour.md").read_text()


def commands(text):
    """Return the commands of a transcript, those that take several lines whole."""
    return re.findall(r"^\$ (.*?(?:<<'END'\n.*?\nEND)?)$", text, re.M | re.S)


def _reviews(file):
    return pq.read_table(file, columns=["reviews"]).to_pylist()


@pytest.mark.server
@pytest.mark.slow
def test_the_tour_works_as_its_page_shows_it(tmp_path, capsys):
    try:
        environment()
    except TransientError as error:
        pytest.skip(f"Label Studio's own environment cannot be made: {error}")
    tour(tmp_path)
    said = capsys.readouterr().out
    (shown,) = re.findall(r"<!-- tour -->\n```\n(.*?)```\n<!-- /tour -->", PAGE, re.S)
    assert commands(said) == commands(shown)
    assert len(commands(said)) == 12
    parts = dict(zip(commands(said), re.split(r"^\$ ", said, flags=re.M)[1:], strict=True))
    diff, publish, load = [part for command, part in parts.items()][-3:]
    reviewed = int(re.search(r"(\d+) for people to review", said)[1])
    assert f"{reviewed} re-routed" in diff
    # The page cuts the list of clips; which one the adjudicator decided, and where it stands, is the models' doing.
    assert versions(["diff", "v1", "v2", "--shards", str(tmp_path / "shards")]) == 0
    assert "decided by an adjudicator" in capsys.readouterr().out
    assert "lab/feelings now has v2" in publish
    decided = [row["reviews"] for file in (tmp_path / "shards/v2/data").glob("train-*") for row in _reviews(file)]
    assert load.count("'decision'") == sum(bool(reviews) for reviews in decided) > 0
