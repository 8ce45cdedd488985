"""What lies behind a damage keeps its place in files whose packets have no times, and tags between frames are no damage."""

import numpy as np
import pytest

from annotators.media import decoder
from annotators.media.cutting import CutSettings, cut
from annotators.media.damage import gaps
from annotators.media.skipped import Skip, passed
from schemas.values import Span
from tests.support import making


@pytest.mark.parametrize("suffix", ["mp3", "aac", "ac3", "flac", "ogg", "m4a", "avi", "wmv", "mpg"])
def test_what_follows_a_damage_stays_in_its_place_where_packets_have_no_times_too(tmp_path, suffix):
    beeps = "+".join(f"between(t,{time},{time + 0.2})" for time in (1, 3, 10))
    path, picture = tmp_path / f"whole.{suffix}", ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=12")
    sound = ("-f", "lavfi", "-i", f"aevalsrc='0.02*random(0)+0.5*sin(2*PI*1000*t)*({beeps})':s=48000:d=12")
    both = suffix in {"avi", "wmv", "mpg"}
    making.ffmpeg(*(picture if both else ()), *sound, "-g", 25, "-movflags", "+faststart", path)
    broken = making.spoilt(tmp_path / f"spoilt.{suffix}", path)
    assert decoder.probe(broken).duration == pytest.approx(decoder.probe(path).duration, abs=0.05)
    loud = making.onsets([k / 16000 for k, one in enumerate(abs(decoder.audio(broken)) > 0.1) if one])
    true = making.onsets([k / 16000 for k, one in enumerate(abs(decoder.audio(path)) > 0.1) if one])
    assert [time for time in loud if not 4.0 < time < 9.5] == pytest.approx(true, abs=0.03)
    found = gaps(broken)
    assert {gap.stream for gap in found} == ({"audio", "video"} if both else {"audio"})
    assert all(4.0 < gap.span.start < gap.span.end < 9.5 and 1.0 < gap.span.duration < 3.5 for gap in found)


def test_tags_between_joined_recordings_are_not_sound_that_is_lost(tmp_path):
    whole = making.spoken(tmp_path / "a.mp3").read_bytes()
    for name, tag in (("old", b"TAG" + bytes(125)), ("new", b"ID3\x04\0\0\0\0\x0e\x00" + bytes(14 << 7))):
        (tmp_path / f"{name}.mp3").write_bytes(whole + tag + whole)
        assert gaps(tmp_path / f"{name}.mp3") == ()
        assert decoder.probe(tmp_path / f"{name}.mp3").duration == pytest.approx(16.0, abs=0.15)


def test_what_comes_after_each_skip_is_later_by_all_before_it():
    found = passed((Skip(clock=2.0, seconds=1.5), Skip(clock=4.0, seconds=0.25)), np.array([1.0, 1.999, 2.0, 3.9, 4.0, 9.0]))
    assert found.tolist() == [0.0, 0.0, 1.5, 1.5, 1.75, 1.75]


def test_a_clip_behind_a_damage_shows_what_the_whole_file_shows_there(tmp_path):
    path = tmp_path / "a.avi"
    sound = ("-f", "lavfi", "-i", "aevalsrc='0.5*sin(2*PI*1000*t)*between(t,10,10.2)':s=48000:d=12")
    making.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=12", *sound, "-c:v", "mpeg4", "-q:v", 3, "-g", 25, path)
    clips = []
    for source in (path, making.spoilt(tmp_path / "b.avi", path, 0.4, 0.6)):
        clips.append(tmp_path / f"{source.stem}.mp4")
        made = cut(source, decoder.probe(source), Span(start=9.0, end=11.0), clips[-1], CutSettings(preset="ultrafast"))
        assert made.actual == Span(start=9.0, end=11.0)
    for one, other in zip(*(decoder.frames(clip, 25.0) for clip in clips), strict=True):
        assert np.abs(one.image.astype(float) - other.image).mean() < 2.0
    one, other = (decoder.audio(clip) for clip in clips)
    assert np.abs(one - other).max() < 0.02
