from dataclasses import replace

import pytest

from pipeline.export.outlet import Outlet
from schemas.claims import MediaFile
from schemas.errors import UsageError
from tests.support.versioned import bare

CLIP = bare(0)


def held(**media):
    return replace(CLIP, **media)


def test_media_that_are_embedded_or_beside_the_version_are_written_under_the_clip_s_id(tmp_path):
    (tmp_path / "version" / "media").mkdir(parents=True)
    (tmp_path / "version" / "media" / "x.flac").write_bytes(b"sound")
    (tmp_path / "made").mkdir()
    out = Outlet(tmp_path / "made", tmp_path / "version")
    clip = held(video=MediaFile(bytes=b"moving"), audio=MediaFile(path="media/x.flac"))
    assert out.media(clip, "video") == f"media/{clip.clip_id}.mp4"
    assert out.media(clip, "audio") == f"media/{clip.clip_id}.flac"
    assert out.media(clip, "image") is None
    assert (tmp_path / "made" / "media" / f"{clip.clip_id}.mp4").read_bytes() == b"moving"
    assert (tmp_path / "made" / "media" / f"{clip.clip_id}.flac").read_bytes() == b"sound"


def test_a_file_that_is_gone_is_named(tmp_path):
    (tmp_path / "made").mkdir()
    with pytest.raises(UsageError, match=r"media/gone\.mp4, which clip .* names, cannot be read: No such file"):
        Outlet(tmp_path / "made", tmp_path).media(held(video=MediaFile(path="media/gone.mp4")), "video")


def test_a_clip_is_left_out_with_a_reason_or_not_at_all(tmp_path):
    out = Outlet(tmp_path, tmp_path)
    out.leave_out(CLIP, "no face")
    out.leave_out(CLIP, "no face")
    assert out.left_out == {"no face": 2}
    with pytest.raises(ValueError, match="without a reason"):
        out.leave_out(CLIP, "")
