"""Where clocks break, what is a gap, and which stamps are damaged: on made-up stamps, and on files with marks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.media import decoder
from annotators.media.cutting import CutSettings, cut
from annotators.media.packets import Packets
from annotators.media.timeline import FAR, lay, runs
from schemas.values import Span
from tests.annotators.media.test_decoder import flashes
from tests.support import making

STEP = 0.02


def clock(*parts):
    """Stamps of packets one after the other: (start, count) of each part."""
    return np.concatenate([start + STEP * np.arange(count) for start, count in parts])


def packets(**streams):
    """Streams one after the other in the file; all packets are shown as they are decoded, last STEP, and are keys."""
    times = np.concatenate(list(streams.values()))
    numbers = np.concatenate([np.full(len(stamps), k) for k, stamps in enumerate(streams.values())])
    yes = np.ones(len(times), np.bool_)
    known = {"place": numbers, "size": numbers, "key": yes, "hidden": ~yes}
    return Packets(stream=numbers, shown=times, decoded=times, lasts=np.full(len(times), STEP), **known)


@pytest.mark.parametrize(
    ("parts", "lengths", "damaged"),
    [
        ([(0, 100)], [100], []),
        ([(0, 100), (60, 100)], [200], []),  # a gap
        ([(0, 100), (0, 100)], [100, 100], []),  # set back
        ([(0, 100), (1.95, 100)], [200], []),  # an overlap of one or two packets
        ([(0, 100), (FAR + 3, 100)], [100, 100], []),  # set forward
        ([(0, 50), (20000, 1), (1.02, 50)], [101], [50]),  # one stamp is damaged
        ([(0, 50), (30, 2), (1.04, 50)], [102], [50, 51]),
        ([(0, 50), (-30, 1), (1.02, 50)], [101], [50]),
        ([(0, 50), (9000, 1), (5.0, 50)], [101], [50]),  # one stamp is damaged before a gap
        ([(0, 50), (20000, 1)], [50], [50]),  # the last one
        ([(20000, 1), (0.02, 50)], [50], [0]),  # the first one
        ([(0, 1)], [1], []),
    ],
)
def test_a_clock_goes_on_has_a_gap_or_was_set_anew(parts, lengths, damaged):
    found, places = runs(clock(*parts))
    assert places.tolist() == damaged
    assert [run[-1] - run[0] + 1 for run in found] == lengths


def test_pictures_that_come_less_than_once_a_second_are_not_damaged():
    found, damaged = runs(5.0 * np.arange(20))
    assert (len(found), len(damaged)) == (1, 0)


@given(st.lists(st.integers(30, 90), min_size=1, max_size=5), st.floats(0, 1000), st.floats(-0.5, 0.5))
def test_whatever_the_clock_says_each_part_lies_behind_the_one_before(counts, start, late):
    """Recordings joined byte by byte, each with a clock that starts again: nothing is lost, and two streams stay in step."""
    ends = [count * STEP for count in counts]
    stamps = [clock((start, count)) for count in counts]
    both = [(part, part + late) for part in stamps]
    joined = [packets(video=a, audio=b) for a, b in both]
    whole = Packets(**{name: np.concatenate([getattr(one, name) for one in joined]) for name in Packets.__dataclass_fields__})
    laid = lay(whole, {0: -np.inf, 1: -np.inf})
    assert laid.duration == pytest.approx(sum(ends) + abs(late) * len(counts), abs=1e-6)
    assert len(laid.stretches) == len(counts)
    assert laid.tracks[1].times - laid.tracks[0].times == pytest.approx(late, abs=1e-6)


def test_a_gap_lies_where_there_is_nothing():
    (track,) = lay(packets(audio=clock((10, 100), (20, 100))), {0: 10.0}).tracks
    assert track.gaps == (Span(start=2.0, end=10.0),)
    assert (track.start, track.end) == pytest.approx((0.0, 12.0))


def test_no_stream_is_an_empty_line():
    assert lay(packets(audio=clock((0, 10))), {}).duration == 0.0


def heard(path, span=None):
    return making.onsets(np.flatnonzero(np.abs(decoder.audio(path, span)) > 0.1) / 16000)


JOINED = {
    "set back": ((0.0, 0.0), 8.02),
    "set back, late": ((100.0, 3.0), 8.02),
    "a minute is missing": ((0.0, 60.0), 59.92),
    "set forward": ((0.0, 20000.0), 8.02),
    "through the end of its range": ((95439.7, 95447.7), 8.0),
}


@pytest.mark.parametrize("kind", JOINED)
def test_joined_recordings_are_heard_and_seen_one_after_the_other(kind, tmp_path, plain):
    offsets, second = JOINED[kind]
    parts = [making.offset(tmp_path / f"{k}.ts", plain, offset).read_bytes() for k, offset in enumerate(offsets)]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    marks = [*making.MARKS, *(second + mark for mark in making.MARKS)]
    # An MPEG-TS does not say that AAC begins with 21 ms of nothing.
    assert heard(path) == pytest.approx(marks, abs=0.045)
    assert flashes(path) == pytest.approx(marks, abs=0.045)
    info = decoder.probe(path)
    assert len(info.stretches) == (2 if "set" in kind else 1)
    assert bool(info.audio.gaps) == ("missing" in kind)
    span = Span(start=second - 1.0, end=second + 3.0)
    made = cut(path, info, span, tmp_path / "cut.mp4", CutSettings())
    inside = [mark - made.actual.start for mark in marks if span.start < mark < span.end]
    assert flashes(tmp_path / "cut.mp4") == pytest.approx(inside, abs=0.045)
    assert heard(tmp_path / "cut.mp4") == pytest.approx(inside, abs=0.045)


@pytest.mark.parametrize(("stream", "number"), [("v", 60), ("v", 0), ("a", 60), ("a", 374)])
@pytest.mark.parametrize("off", [18000, 100])
def test_a_stamp_that_lies_hours_away_moves_nothing(stream, number, off, tmp_path, plain):
    path = tmp_path / "a.mkv"
    making.ffmpeg("-i", plain, "-c", "copy", f"-bsf:{stream}", f"setts=pts='if(eq(N,{number}),PTS+{off}/TB,PTS)'", path)
    assert decoder.probe(path).duration == pytest.approx(8.0, abs=0.05)
    assert heard(path) == pytest.approx(making.MARKS, abs=0.045)
    assert flashes(path) == pytest.approx(making.MARKS, abs=0.065)
