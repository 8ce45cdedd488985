"""A clip without its sound: as long as before, its picture untouched, and no player finds a sound in it."""

import struct

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_studio.project.silent import silenced
from schemas.errors import ItemError
from tests.support import making


def box(name, content=b""):
    return struct.pack(">I4s", 8 + len(content), name) + content


def track(kind):
    return box(b"trak", box(b"tkhd", b"\0" * 4) + box(b"mdia", box(b"hdlr", b"\0" * 8 + kind + b"\0" * 12)))


def held(file):
    """Return the kinds of streams in a file and the bytes of its pictures, as PyAV finds them."""
    with av.open(str(file)) as movie:
        kinds = sorted(stream.type for stream in movie.streams)
        return kinds, [bytes(packet) for packet in movie.demux(video=0)]


def test_a_real_clip_loses_its_sound_and_nothing_else(tmp_path):
    made = tmp_path / "a.mp4"
    making.video(made, seconds=1.0)
    quiet = tmp_path / "silent.mp4"
    quiet.write_bytes(silenced(made.read_bytes()))
    (before, pictures), (after, same) = held(made), held(quiet)
    assert (before, after) == (["audio", "video"], ["video"])
    assert len(pictures) > 20
    assert same == pictures


def test_only_tracks_of_sound_are_renamed_and_nothing_moves():
    movie = box(b"ftyp", b"isom") + box(b"moov", track(b"vide") + track(b"soun") + track(b"soun")) + box(b"mdat", b"soun" * 9)
    made = silenced(movie)
    places = [place for place in range(len(movie)) if movie[place] != made[place]]
    assert len(made) == len(movie)
    assert (movie.count(b"trak"), made.count(b"trak"), made.count(b"free")) == (3, 1, 2)
    assert made[places[0] :].startswith(b"free")
    assert silenced(made) == made


def test_boxes_of_64_bit_and_up_to_the_end_are_read():
    inside = track(b"soun")
    large = struct.pack(">I4sQ", 1, b"moov", 16 + len(inside)) + inside
    endless = struct.pack(">I4s", 0, b"moov") + inside
    assert all(b"trak" not in silenced(movie) and b"free" in silenced(movie) for movie in (large, endless))


@pytest.mark.parametrize(
    ("movie", "message"),
    [
        (b"", "no moov box"),
        (box(b"ftyp"), "no moov box"),
        (box(b"moov", box(b"trak")), "a track does not say what it holds"),
        (struct.pack(">I4s", 999, b"moov"), "a box at byte 0 does not fit"),
        (struct.pack(">I4s", 4, b"moov"), "a box at byte 0 does not fit"),
    ],
)
def test_what_is_no_mp4_is_refused(movie, message):
    with pytest.raises(ItemError, match=message):
        silenced(movie)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_it_ends_with_as_many_or_a_reason(movie):
    try:
        assert len(silenced(box(b"moov", movie))) == 8 + len(movie)
    except ItemError as error:
        assert "the video is no mp4" in str(error)
