import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from schemas.vocabulary.spaces import axes, space, spaces


def test_every_map_is_total_and_lands_on_labels_of_its_target():
    for one in spaces():
        for onto, pairs in one.maps.items():
            assert set(pairs) == set(one.labels), (one.name, onto)
            assert set(pairs.values()) <= set(space(onto).labels), (one.name, onto)


def test_no_space_names_a_label_twice_and_each_has_a_source_and_a_licence():
    for one in spaces():
        assert len(set(one.labels)) == len(one.labels), one.name
        assert one.source
        assert one.licence


@given(st.dictionaries(st.sampled_from(space("goemotions28").labels), st.floats(0, 1), min_size=1))
def test_projecting_moves_scores_and_loses_none(scores):
    projected = space("goemotions28").project(scores, "ekman7")
    assert list(projected) == list(space("ekman7").labels)
    assert sum(projected.values()) == pytest.approx(sum(scores.values()))


def test_a_label_of_another_space_is_refused():
    with pytest.raises(UsageError, match="joyful"):
        space("ekman7").project({"joyful": 1.0}, "ekman7")


def test_a_space_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="ekman7"):
        space("ekman8")


def test_the_sizes_are_those_of_the_sources():
    sizes = {name: len(space(name).labels) for name in ("ekman7", "mer6", "goemotions28", "vce27", "arkit52")}
    assert sizes == {"ekman7": 7, "mer6": 6, "goemotions28": 28, "vce27": 27, "arkit52": 52}


def test_the_axes_run_from_minus_one_to_one():
    assert {(axis.name, axis.low, axis.high) for axis in axes()} == {(n, -1, 1) for n in ("valence", "arousal", "dominance")}


def lab(folder, *spaces):
    """Install a package with these label spaces; return what a new process says of all."""
    folder.joinpath("lab").mkdir()
    folder.joinpath("lab", "__init__.py").touch()
    folder.joinpath("lab", "spaces.json").write_text(
        json.dumps({"spaces": [{"source": "", "licence": "", **one} for one in spaces]})
    )
    place = folder / "lab-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n")
    (place / "entry_points.txt").write_text("[affectory.spaces]\nlab = lab:spaces.json\n")
    ask = "from schemas.vocabulary.spaces import space; print(space('mood2').project({'up': .75, 'down': .25}, 'ekman7'))"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    return subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, text=True, check=False)


MOOD = {"name": "mood2", "labels": ["up", "down"], "maps": {"ekman7": {"up": "happiness", "down": "sadness"}}}


def test_a_space_of_another_package_maps_onto_the_built_in_ones(tmp_path):
    said = lab(tmp_path, MOOD).stdout
    assert "'happiness': 0.75" in said and "'sadness': 0.25" in said


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ({**MOOD, "name": "ekman7"}, "there is a ekman7 already"),
        ({**MOOD, "maps": {"ekman8": {}}}, "its map leads to ekman8, which is no label space"),
        ({**MOOD, "maps": {"ekman7": {"up": "happiness"}}}, "its map to ekman7 is wrong about down"),
        ({**MOOD, "maps": {"ekman7": {"up": "joy", "down": "sadness"}}}, "its map to ekman7 is wrong about joy"),
        ({**MOOD, "labels": "up"}, "labels"),
    ],
)
def test_a_space_that_cannot_work_is_refused_with_its_place(space, reason, tmp_path):
    assert reason in lab(tmp_path, space).stderr
