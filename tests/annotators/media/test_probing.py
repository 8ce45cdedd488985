"""What a file holds, on media made with known streams and times."""

from fractions import Fraction

import pytest

from annotators.media.probing import _rate, probe, shown_at
from schemas.errors import ItemError
from tests.support import making


def test_a_plain_file_is_what_it_was_made_as(plain):
    info = probe(plain)
    assert info.duration == pytest.approx(8.0, abs=0.05)
    assert (info.video.codec, info.video.width, info.video.height, info.video.rotation) == ("h264", 320, 240, 0)
    assert (info.video.rate, info.video.constant, info.video.start) == (Fraction(25), True, 0.0)
    assert info.video.end == pytest.approx(8.0)
    assert (info.audio.codec, info.audio.channels, info.audio.sample_rate, info.audio.tracks) == ("aac", 1, 48000, 1)


def test_the_rate_of_television_is_exact(shaped):
    assert probe(shaped("ntsc")).video.rate == Fraction(30000, 1001)


@pytest.mark.parametrize(("shape", "late"), [("late sound", "audio"), ("late picture", "video")])
def test_a_stream_that_begins_late_says_when(shape, late, shaped):
    info = probe(shaped(shape))
    starts = {"audio": info.audio.start, "video": info.video.start}
    wanted = {"late sound": 0.4, "late picture": 0.6}[shape]
    assert starts.pop(late) == pytest.approx(wanted, abs=0.03)
    assert starts.popitem()[1] == pytest.approx(0.0, abs=0.03)


# ffmpeg lets an MPEG-TS begin 1.4 s later, to fill its buffers.
@pytest.mark.parametrize(("shape", "origin"), [("clock at 10 s, mkv", 10.0), ("clock at 10 s, ts", 11.4)])
def test_a_clock_that_starts_elsewhere_is_told_and_moves_no_time(shape, origin, shaped):
    info = probe(shaped(shape))
    assert info.origin == pytest.approx(origin, abs=0.1)
    assert info.duration == pytest.approx(8.0, abs=0.1)
    assert info.video.start == pytest.approx(0.0, abs=0.1)


def test_a_turned_picture_has_the_size_that_is_shown(shaped):
    video = probe(shaped("rotated")).video
    assert (video.width, video.height, abs(video.rotation)) == (240, 320, 90)


@pytest.mark.parametrize(("time", "key", "since"), [(0.0, 0.0, 0.0), (1.99, 0.0, 1.96), (2.0, 2.0, 2.0), (3.37, 2.0, 3.36)])
def test_a_picture_is_decoded_from_the_last_key_frame_and_stands_since_its_own_time(time, key, since, plain):
    assert shown_at(plain, probe(plain), time) == pytest.approx((key, since), abs=1e-3)


def test_before_the_first_picture_none_stands(shaped):
    path = shaped("late picture")
    assert shown_at(path, probe(path), 0.1)[1] is None


def test_without_picture_nothing_is_shown_at_any_time(tmp_path):
    path = making.spoken(tmp_path / "a.wav")
    assert probe(path).video is None
    with pytest.raises(ItemError, match="it has no picture"):
        shown_at(path, probe(path), 1.0)


def test_a_file_that_was_changed_is_looked_at_again(plain, tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(plain.read_bytes())
    assert probe(path).audio is not None
    making.silent(path, 2.0)
    assert probe(path).audio is None


@pytest.mark.parametrize(
    ("text", "rate"), [("25/1", Fraction(25)), ("30000/1001", Fraction(30000, 1001)), ("0/0", 0), ("N/A", 0), (None, 0), ("", 0)]
)
def test_a_rate_that_is_none_counts_as_zero(text, rate):
    assert _rate(text) == rate


def test_a_cover_is_no_video_and_a_variable_rate_is_told(plain, tmp_path):
    assert probe(making.covered(tmp_path / "a.mp3")).video is None
    assert not probe(making.variable(tmp_path / "v.mp4")).video.constant
    assert not probe(making.offset(tmp_path / "v.mkv", tmp_path / "v.mp4", 0)).video.constant
    assert probe(plain).video.constant


def test_a_file_that_breaks_off_says_how_much_is_missing(tmp_path):
    whole = making.video(tmp_path / "a.mkv", seconds=20.0)
    info = probe(making.broken(tmp_path / "b.mkv", whole))
    assert 1.0 < info.duration < 19.0
    assert info.duration + info.missing == pytest.approx(probe(whole).duration, abs=0.1)
    assert probe(whole).missing == 0.0


def test_a_file_without_its_index_cannot_be_decoded(tmp_path):
    whole = making.video(tmp_path / "a.mp4", seconds=20.0)
    with pytest.raises(ItemError, match="moov atom not found"):
        probe(making.broken(tmp_path / "b.mp4", whole))


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile '{}'\n"])
def test_a_playlist_in_disguise_opens_nothing(text, tmp_path):
    making.spoken(tmp_path / "secret.wav")
    trap = tmp_path / "trap.mp4"
    trap.write_text(text.format(tmp_path / "secret.wav"))
    with pytest.raises(ItemError):
        probe(trap)
