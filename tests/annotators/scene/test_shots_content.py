"""Shots of pictures made on the spot, with cuts at known times."""

import pytest

from annotators.scene.shots_content import ContentShots
from schemas.record import Origin, Source
from tests.support import making

SHOTS = ContentShots()


def source(path, streams="video", duration=8.0):
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file=path.name, duration=duration, streams=streams)
    return Source(source=origin, path=str(path))


def joined(out, *colours, rate=25):
    """Write pictures of one colour each, for so many seconds each."""
    inputs = [f"color={colour}:s=160x120:r={rate}:d={seconds}" for colour, seconds in colours]
    labels = "".join(f"[{k}]" for k in range(len(inputs)))
    given = [part for one in inputs for part in ("-f", "lavfi", "-i", one)]
    making.ffmpeg(*given, "-filter_complex", f"{labels}concat=n={len(inputs)}", *making.X264, out)
    return out


def spans(record, shots=SHOTS):
    (claims,) = shots.annotate(None, [record])
    assert all(claim.by == shots.key for claim in claims)
    return [(claim.span.start, claim.span.end) for claim in claims]


def test_a_hard_cut_begins_a_shot_with_the_first_picture_behind_it(tmp_path):
    path = joined(tmp_path / "a.mp4", ("red", 2), ("blue", 2), ("green", 2))
    assert SHOTS.cuts(path) == (2.0, 4.0)
    assert spans(source(path, duration=6.0)) == [(0.0, 2.0), (2.0, 4.0), (4.0, 6.0)]


def test_a_picture_that_never_changes_is_one_shot(tmp_path):
    assert spans(source(joined(tmp_path / "a.mp4", ("gray", 3)), duration=3.0)) == [(0.0, 3.0)]


def test_a_change_from_dark_to_dark_is_a_cut_where_the_colour_is_another(tmp_path):
    path = joined(tmp_path / "a.mp4", ("0x300000", 2), ("0x003030", 2))
    assert SHOTS.cuts(path) == (2.0,)


def test_a_flash_makes_at_most_one_cut_and_none_so_soon_after_another(tmp_path):
    path = joined(tmp_path / "a.mp4", ("black", 2), ("white", 0.2), ("black", 2))
    assert SHOTS.cuts(path) == (2.0,)
    assert ContentShots(shortest=0.0).cuts(path) == pytest.approx((2.0, 2.2))


def test_nothing_but_the_threshold_decides_what_a_cut_is(tmp_path):
    path = joined(tmp_path / "a.mp4", ("0x404040", 2), ("0x606060", 2))
    change = 0x20 / 3
    assert ContentShots(threshold=change - 1.5).cuts(path) == (2.0,)
    assert ContentShots(threshold=change + 1.5).cuts(path) == ()


def test_of_a_fast_picture_every_second_one_is_compared(tmp_path):
    path = joined(tmp_path / "a.mp4", ("red", 2), ("blue", 2), rate=60)
    assert SHOTS.cuts(path) == pytest.approx((2.0,), abs=1 / 30)


def test_sound_alone_has_no_shot(tmp_path):
    assert spans(source(making.spoken(tmp_path / "a.wav"), streams="audio")) == []
