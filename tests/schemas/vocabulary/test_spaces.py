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
