from dataclasses import replace

from annotators.face.seeing.action_units import ACTION_UNITS, action_units
from schemas.vocabulary.spaces import space
from tests.support.seen import face


def test_every_shape_of_the_table_is_one_of_arkits_and_belongs_to_one_unit():
    named = [name for names in ACTION_UNITS.values() for name in names]
    assert set(named) <= set(space("arkit52").labels)
    assert len(named) == len(set(named))


def test_a_unit_is_the_mean_of_left_and_right_at_each_time():
    track = face("F0", (0.0, 0.1), (0.2, 0.6))
    left = space("arkit52").labels.index("mouthSmileLeft")
    rows = tuple((*row[:left], 0.5, *row[left + 1 :]) for row in track.blendshapes)
    units = action_units(replace(track, blendshapes=rows))
    assert units["AU26"] == (0.2, 0.6)
    assert units["AU12"] == (0.25, 0.25)
    assert set(units) == set(ACTION_UNITS)


def test_a_track_without_a_mesh_has_none():
    assert action_units(face("F0", (0.0, 0.1))) == {}
