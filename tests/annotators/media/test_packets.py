"""The packets of a file are those that another reader finds in it."""

import av
import numpy as np
import pytest

from annotators.media.packets import read_packets
from schemas.errors import ItemError


@pytest.mark.parametrize("shape", ["constant", "late sound", "clock at 10 s, ts", "webm"])
def test_they_are_those_that_another_reader_finds(shape, shaped):
    found = read_packets(shaped(shape))
    with av.open(str(shaped(shape))) as file:
        others = [p for p in file.demux() if p.size]
    assert found.stream.tolist() == [p.stream_index for p in others]
    assert found.shown == pytest.approx([float(p.pts * p.time_base) for p in others], abs=1e-5)
    assert found.size.tolist() == [p.size for p in others]
    assert found.place.tolist() == [-1 if p.pos is None else p.pos for p in others]
    assert found.key.tolist() == [p.is_keyframe for p in others]
    assert np.nanmax(found.lasts[found.of(0)]) == pytest.approx(0.04, abs=0.001)


def test_what_an_edit_list_leaves_out_is_hidden(shaped):
    found = read_packets(shaped("edit list"))
    assert found.hidden.any() and (found.shown[found.hidden] < 0).all()


def test_a_file_that_is_no_media_is_told_as_such(tmp_path):
    (tmp_path / "a.mp4").write_text("hello\n" * 100)
    with pytest.raises(ItemError, match="not a media file that ffmpeg can read"):
        read_packets(tmp_path / "a.mp4")
