"""A row says what was done to picture and sound."""

from dataclasses import replace

import numpy as np
import pytest

from annotators.media import decoder
from annotators.media.sound import Sound
from annotators.media.treatments import treatments
from schemas.values import Span
from tests.support import making


def done(path):
    info = decoder.probe(path)
    return treatments(info, decoder.sound(path) if info.audio else None, True)


def test_nothing_is_said_of_what_is_as_players_show_it(tmp_path):
    assert done(making.video(tmp_path / "a.mp4")) == ()


def test_turned_and_stretched_pictures_and_rates_that_vary_are_told(tmp_path):
    plain = making.video(tmp_path / "a.mp4")
    assert done(making.rotated(tmp_path / "r.mp4", plain)) == ("picture: turned by 90 degrees",)
    assert done(making.anamorphic(tmp_path / "s.mp4")) == ("picture: pixels made square",)
    assert done(making.variable(tmp_path / "v.mp4")) == ("picture: a rate that varies, made constant",)


def test_how_channels_became_one_and_that_there_are_other_tracks_is_told(tmp_path):
    assert done(making.video(tmp_path / "a.mp4", layout="stereo")) == ("sound: the mean of 2 channels",)
    assert "sound: one of 2 tracks" in done(making.tracks(tmp_path / "t.mkv"))


@pytest.mark.parametrize(("name", "transfer"), [("HDR (PQ)", "smpte2084"), ("HDR (HLG)", "arib-std-b67")])
def test_hdr_and_interlaced_pictures_are_told_where_they_are_encoded_anew(tmp_path, name, transfer):
    info = decoder.probe(making.video(tmp_path / "a.mp4"))
    info = replace(info, video=replace(info.video, hdr=name, interlaced=True))
    told = ("picture: interlaced, made progressive", f"picture: {name}, mapped to what a screen shows")
    assert treatments(info, None, True) == told
    assert treatments(info, None, False) == ()


def test_the_share_of_clipped_samples_is_that_of_the_span():
    sound = Sound(np.zeros(100, np.float32), (), None, np.array([10, 11, 50]))
    assert sound.clipped_in(Span(start=0.0, end=0.02), 1000) == pytest.approx(2 / 20)
    assert sound.clipped_in(Span(start=0.06, end=0.1), 1000) == 0.0
