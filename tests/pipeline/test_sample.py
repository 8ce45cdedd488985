import csv

import pytest

from pipeline import sample
from schemas.errors import UsageError


def test_every_file_of_the_sample_states_its_licence_and_origin_and_nothing_that_is_not_known():
    rows = list(csv.DictReader(sample._terms().splitlines()))
    assert [row["file"] for row in rows] == [source.file for source in sample.sample()]
    assert all(row["licence"] and row["origin"] for row in rows)
    assert {row["consent"] for row in rows} == {""}


@pytest.mark.parametrize(
    ("name", "content"), [("interview.mp4", ""), ("deep/talk.WAV", ""), ("sources.csv", "file,licence\na.mp4,CC0\n")]
)
def test_a_folder_with_somebodys_own_media_is_left_alone(tmp_path, name, content, capsys):
    (tmp_path / "deep").mkdir()
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match="--source"):
        sample.assemble(tmp_path)
    assert sample.main(["--source", str(tmp_path)]) == 2
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]
    assert (tmp_path / name).read_text() == content
