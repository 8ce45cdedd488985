"""What lies before and behind a damage is used, and where picture or sound are missing is told, with the reason."""

from pathlib import Path

import pytest

from annotators.media import decoder
from annotators.media.damage import ABSENT, CUT_OFF, UNREADABLE, gaps
from tests.support import making


def whole(folder: Path, suffix: str) -> Path:
    """Write 12 s of which each takes about as many bytes, with beeps at 1, 3 and 10 s."""
    beeps = "+".join(f"between(t,{time},{time + 0.2})" for time in (1, 3, 10))
    path = folder / f"whole.{suffix}"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=12"]
    sound = ["-f", "lavfi", "-i", f"aevalsrc='0.02*random(0)+0.5*sin(2*PI*1000*t)*({beeps})':s=48000:d=12"]
    coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", 25, "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"]
    making.ffmpeg(*picture, *sound, *coded, path)
    return path


@pytest.mark.parametrize(("suffix", "reason"), [("mp4", UNREADABLE), ("mkv", ABSENT), ("ts", ABSENT)])
def test_a_damage_in_the_middle_is_told_and_what_is_around_it_stays_where_it_was(tmp_path, suffix, reason):
    path = making.spoilt(tmp_path / f"spoilt.{suffix}", whole(tmp_path, suffix))
    found = gaps(path)
    assert {gap.stream for gap in found} == {"audio", "video"}
    assert {gap.reason for gap in found} == {reason}
    assert all(4.0 < gap.span.start < gap.span.end < 9.5 for gap in found)
    assert all(1.0 < gap.span.duration < 4.0 for gap in found)
    start = decoder.probe(path).video.start
    loud = making.onsets([k / 16000 - start for k, one in enumerate(abs(decoder.audio(path)) > 0.1) if one])
    assert [round(time) for time in loud if not 4.0 < time < 9.5] == [1, 3, 10]


@pytest.mark.parametrize("suffix", ["mkv", "flv", "avi"])
def test_what_should_follow_where_a_file_breaks_off_is_told(tmp_path, suffix):
    path = making.broken(tmp_path / f"broken.{suffix}", whole(tmp_path, suffix))
    info = decoder.probe(path)
    audio, video = (gap for gap in gaps(path) if gap.reason == CUT_OFF)
    assert audio.span == video.span
    assert audio.span.start == pytest.approx(info.duration, abs=0.001)
    assert audio.span.end == pytest.approx(12.0, abs=0.2)


def test_a_whole_file_has_no_gap(tmp_path):
    assert gaps(whole(tmp_path, "mkv")) == ()
    assert gaps(making.variable(tmp_path / "variable.mp4")) == ()
    assert gaps(making.late_sound(tmp_path / "late.mp4")) == ()
    assert gaps(making.one_frame(tmp_path / "one.mp4")) == ()
    assert gaps(making.silent(tmp_path / "silent.mp4")) == ()


def test_a_pause_in_which_nothing_was_recorded_is_a_gap(tmp_path):
    plain = making.video(tmp_path / "plain.mp4", seconds=8.0)
    holed = tmp_path / "holed.mkv"
    making.ffmpeg("-i", plain, "-c:v", "copy", "-af", "aselect='not(between(t,3,5))'", "-c:a", "pcm_s16le", holed)
    (gap,) = gaps(holed)
    assert (gap.stream, gap.reason) == ("audio", ABSENT)
    assert (gap.span.start, gap.span.end) == pytest.approx((3.0, 5.0), abs=0.05)


def test_an_mp3_that_breaks_off_is_told_by_its_first_frame(tmp_path):
    (gap,) = gaps(making.broken(tmp_path / "b.mp3", making.spoken(tmp_path / "a.mp3")))
    assert (gap.stream, gap.reason) == ("audio", CUT_OFF)
    assert (gap.span.start, gap.span.end) == pytest.approx((4.0, 8.0), abs=0.2)


def test_a_wave_file_that_breaks_off_is_told_by_its_header_and_one_from_a_pipe_is_whole(tmp_path):
    whole = making.spoken(tmp_path / "a.wav")
    (gap,) = gaps(making.broken(tmp_path / "b.wav", whole))
    assert (gap.stream, gap.reason) == ("audio", CUT_OFF)
    assert (gap.span.start, gap.span.end) == pytest.approx((4.0, 8.0), abs=0.01)
    data = bytearray(whole.read_bytes())
    place = data.find(b"data") + 4
    data[4:8] = data[place : place + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "c.wav").write_bytes(data)
    assert gaps(tmp_path / "c.wav") == ()
