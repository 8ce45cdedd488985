"""Probing and decoding, on media made with known marks and read back by another decoder."""

import os
import threading
from itertools import pairwise

import numpy as np
import pytest

from annotators.media import decoder
from annotators.media.cutting import CutSettings, cut
from schemas.errors import ItemError
from schemas.values import Span
from tests.support import making


def flashes(path, rate=50, span=None):
    white, found = False, []
    for frame in decoder.frames(path, rate, span=span, width=32):
        now = bool(frame.image.mean() > 128)
        found += [frame.time] if now and not white else []
        white = now
    return found


@pytest.mark.parametrize("shape", making.SHAPES)
def test_marks_are_where_another_decoder_sees_them(shape, shaped):
    path = shaped(shape)
    shown, heard = making.marks_of(path)
    samples = decoder.audio(path)
    assert flashes(path) == pytest.approx(shown, abs=0.021)
    assert making.onsets(np.flatnonzero(np.abs(samples) > 0.1) / 16000) == pytest.approx(heard, abs=0.008)
    assert samples.dtype == np.float32 and np.abs(samples).max() <= 1
    span = Span(start=1.92, end=4.5)
    assert flashes(path, span=span) == pytest.approx([at for at in shown if 1.92 <= at < 4.5], abs=0.021)


def test_the_grid_is_even_and_a_standing_picture_is_held(tmp_path):
    path = making.variable(tmp_path / "a.mp4")
    times = [frame.time for frame in decoder.frames(path, 10, span=Span(start=1.9, end=2.55))]
    assert times == pytest.approx([1.9 + k / 10 for k in range(7)])
    held = next(decoder.frames(path, 10, span=Span(start=2.7, end=2.9), width=32))
    assert held.image.mean() > 128


def test_a_displayed_picture_is_turned_and_has_square_pixels(tmp_path):
    turned = making.rotated(tmp_path / "b.mp4", making.video(tmp_path / "a.mp4"))
    video = decoder.probe(turned).video
    assert (video.width, video.height, abs(video.rotation)) == (240, 320, 90)
    assert next(decoder.frames(turned, 1)).image.shape == (320, 240, 3)
    wide = making.anamorphic(tmp_path / "c.mp4")
    assert (decoder.probe(wide).video.width, next(decoder.frames(wide, 1)).image.shape) == (427, (240, 427, 3))


def test_the_default_track_is_heard_else_the_first(tmp_path):
    for default, loud in ((0, False), (1, True)):
        path = making.tracks(tmp_path / f"{default}.mkv", default)
        assert decoder.probe(path).audio.tracks == 2
        assert bool(np.abs(decoder.audio(path)).max() > 0.1) is loud


def test_one_frame_and_odd_sizes_are_media(tmp_path):
    (only,) = decoder.frames(making.one_frame(tmp_path / "one.mp4"), 25)
    assert only.time == 0
    assert next(decoder.frames(making.video(tmp_path / "odd.mp4", size="321x241"), 1)).image.shape == (241, 321, 3)


def test_what_cannot_be_used_is_told_in_words(tmp_path):
    empty, text, gone = tmp_path / "empty.mp4", tmp_path / "text.mp4", making.silent(tmp_path / "s.mp4")
    empty.write_bytes(b"")
    text.write_text("hello\n" * 100)
    with pytest.raises(ItemError, match="the file is empty"):
        decoder.probe(empty)
    with pytest.raises(ItemError, match="not a media file that ffmpeg can read") as caught:
        decoder.probe(text)
    assert str(tmp_path) not in str(caught.value) and "0x" not in str(caught.value)
    with pytest.raises(ItemError, match="no sound"):
        decoder.audio(gone)
    with pytest.raises(ItemError, match="no picture"):
        next(decoder.frames(making.spoken(tmp_path / "a.wav"), 1))


def test_a_hostile_name_is_only_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = making.video(tmp_path / "a.mp4").rename(tmp_path / making.HOSTILE)
    assert decoder.probe(path.relative_to(tmp_path)).duration == pytest.approx(8, abs=0.05)
    assert len(list(decoder.frames(path, 1))) == 8 and len(decoder.audio(path)) == pytest.approx(128000, abs=800)
    assert [p.name for p in tmp_path.iterdir()] == [making.HOSTILE]


def test_a_name_that_is_no_unicode_is_only_a_name(tmp_path):
    path = making.video(tmp_path / "a.mp4").rename(tmp_path / os.fsdecode(b"\xff\xfe.mp4"))
    assert len(list(decoder.frames(path, 1))) == 8 and len(decoder.audio(path)) == pytest.approx(128000, abs=800)


def test_threads_share_one_decode(tmp_path, monkeypatch):
    path, calls, decode = making.spoken(tmp_path / "a.wav"), [], decoder._decode
    monkeypatch.setattr(decoder, "_decode", lambda *a: calls.append(a) or decode(*a))
    threads = [threading.Thread(target=decoder.audio, args=(path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1


def test_pictures_are_the_same_in_every_run(plain):
    first, second = ([(f.time, f.image.tobytes()) for f in decoder.frames(plain, 5)] for _ in range(2))
    assert first == second
    assert all(b - a == pytest.approx(0.2) for a, b in pairwise(time for time, _ in first))
    assert decoder.still(np.zeros((8, 8, 3), np.uint8)) == decoder.still(np.zeros((8, 8, 3), np.uint8))


def test_a_file_that_goes_away_is_told_as_such(tmp_path):
    path = making.video(tmp_path / "a.mp4")
    decoder.probe(path)
    path.unlink()
    for read in (decoder.probe, decoder.audio):
        with pytest.raises(ItemError, match="cannot be read any more: No such file"):
            read(path)


def combed(image):
    """How much a line differs from the two beside it, on average."""
    lines = image.astype(float)
    return np.abs(2 * lines[2:-2:2] - lines[1:-3:2] - lines[3:-1:2]).mean()


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_two_pictures_in_one_become_one(order, tmp_path):
    bar = "color=black:s=320x240:r=50:d=3[b];color=white:s=24x240:r=50:d=3[w];[b][w]overlay=x='mod(n*8,296)':y=0"
    first = "interleave_top" if order == "tff" else "interleave_bottom"
    path = tmp_path / "fields.mp4"
    made = ("-filter_complex", f"{bar},tinterlace={first},fieldorder={order}[v]", "-map", "[v]", "-c:v", "libx264")
    making.ffmpeg(*made, "-pix_fmt", "yuv420p", "-flags", "+ildct+ilme", "-x264opts", f"{order}=1", path)
    assert decoder.probe(path).video.interlaced
    made = cut(path, decoder.probe(path), Span(start=1.0, end=2.0), tmp_path / "cut.mp4", CutSettings())
    for shown in (decoder.frames(path, 5), decoder.frames(tmp_path / "cut.mp4", 5)):
        assert max(combed(frame.image) for frame in shown) < 1.0
    assert made.fps == 25


@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
def test_high_brightness_is_brought_to_what_a_screen_shows(transfer, tmp_path):
    plain, path = making.silent(tmp_path / "a.mp4", 2.0), tmp_path / "hdr.mov"
    light = "scale=out_color_matrix=bt709,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
    light += ",zscale=t=linear:npl=203,format=gbrpf32le"
    coded = f"{light},zscale=t={transfer}:m=bt2020nc:p=bt2020:r=tv:npl=203,format=yuv420p10le"
    tags = f"log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    making.ffmpeg("-i", plain, "-vf", coded, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", tags, path)
    assert decoder.probe(path).video.hdr
    cut(path, decoder.probe(path), Span(start=0.5, end=1.5), tmp_path / "cut.mp4", CutSettings())
    wanted, *_ = decoder.frames(plain, 1)
    for shown in (decoder.frames(path, 1), decoder.frames(tmp_path / "cut.mp4", 1)):
        assert np.abs(next(shown).image.mean() - wanted.image.mean()) < 8
    for width in (31, 64, 90):  # at which the height is odd, or the width
        assert np.abs(next(decoder.frames(path, 1, width=width)).image.mean() - wanted.image.mean()) < 8


@pytest.mark.parametrize(("first", "second"), [("0", "default"), ("default", "default"), ("0", "0")])
def test_what_moves_is_shown_and_no_cover(first, second, tmp_path, plain):
    path = tmp_path / "a.mkv"
    cover = ("-f", "lavfi", "-i", "color=red:s=320x240:r=1:d=8")
    marked = ("-disposition:v:0", first, "-disposition:v:1", second)
    making.ffmpeg(
        *cover, "-i", plain, "-map", "0:v", "-map", "1", "-c:v:0", "mjpeg", "-c:v:1", "copy", "-c:a", "copy", *marked, path
    )
    assert decoder.probe(path).video.codec == "h264"
    assert flashes(path) == pytest.approx(making.MARKS, abs=0.041)
    assert flashes(path, span=Span(start=2.5, end=4.5)) == pytest.approx([2.6, 4.2], abs=0.041)
