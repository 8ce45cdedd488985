"""What a file is by its content where its name says something else, and how long its header says that it lasts."""

import pytest

from annotators.media.containers import misnamed, seconds_of_header
from tests.support import making


@pytest.mark.parametrize(
    ("name", "kind", "called"),
    [
        ("dvd.avi", "vob", "MPEG-PS (MPEG-2 Program Stream)"),
        ("film.mp4", "matroska", "Matroska / WebM"),
        ("film.mkv", "mp4", "QuickTime / MOV"),
        ("film.mp4", "mp4", None),
        ("film.m2ts", "mpegts", None),
        ("film.xyz", "mp4", None),
    ],
)
def test_a_suffix_of_another_container_is_told(tmp_path, name, kind, called):
    codec = ("-c:v", "mpeg2video") if kind in {"vob", "mpegts"} else making.X264
    making.ffmpeg("-f", "lavfi", "-i", making.picture(seconds=1.0), *codec, "-f", kind, tmp_path / name)
    assert misnamed(tmp_path / name) == called


def test_what_is_no_media_has_no_container(tmp_path):
    (tmp_path / "a.mp4").write_text("text")
    assert misnamed(tmp_path / "a.mp4") is None


def test_a_riff_header_says_how_long_the_whole_file_lasts(tmp_path):
    whole = making.spoken(tmp_path / "a.wav")
    assert seconds_of_header(making.broken(tmp_path / "b.wav", whole)) == pytest.approx(8.0, abs=0.01)
    film = tmp_path / "a.avi"
    making.ffmpeg("-i", making.video(tmp_path / "a.mp4", seconds=4.0), "-c:v", "mpeg4", "-c:a", "libmp3lame", film)
    assert seconds_of_header(making.broken(tmp_path / "b.avi", film)) == pytest.approx(4.0, abs=0.1)


def test_other_files_say_nothing(tmp_path):
    assert seconds_of_header(making.video(tmp_path / "a.mp4", seconds=1.0)) == 0.0
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    assert seconds_of_header(tmp_path / "a.wav") == 0.0
