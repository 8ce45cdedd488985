"""Samples lie where their own times put them, and mixing cancels nothing."""

import numpy as np
import pytest

from annotators.media import decoder
from annotators.media.sound import louder_of_opposed, mono, power_of, stereo
from schemas.values import Span
from tests.support import making

RNG = np.random.default_rng(0)
NOISE = RNG.uniform(-0.5, 0.5, 16000 * 4).astype(np.float32)


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        (NOISE, NOISE, NOISE),
        (NOISE, -NOISE, NOISE),
        (0.5 * NOISE, -NOISE, -NOISE),
        (NOISE, np.zeros_like(NOISE), NOISE / 2),
        (NOISE, NOISE[::-1], (NOISE + NOISE[::-1]) / 2),
    ],
)
def test_two_channels_become_their_mean_but_for_those_that_would_cancel(left, right, wanted):
    both = np.stack([left, right], axis=1)
    assert mono(both, louder_of_opposed(both, 16000)) == pytest.approx(wanted, abs=1e-6)


def test_a_passage_out_of_phase_is_enough_to_take_one_channel():
    right = NOISE.copy()
    right[:16000] *= -1
    both = np.stack([NOISE, right], axis=1)
    assert power_of(mono(both, louder_of_opposed(both, 16000)), 16000).min() > 0.9 * power_of(NOISE, 16000).min()


def test_silence_stays_silence():
    nothing = np.zeros((16000, 2), np.float32)
    assert louder_of_opposed(nothing, 16000) is None
    assert not mono(nothing, None).any()


def test_speech_out_of_phase_is_heard(tmp_path, plain):
    path = tmp_path / "phase.mp4"
    making.ffmpeg("-i", plain, "-c:v", "copy", "-af", "pan=stereo|c0=c0|c1=-1*c0", "-c:a", "aac", "-b:a", "192k", path)
    heard = making.onsets(np.flatnonzero(np.abs(decoder.audio(path)) > 0.1) / 16000)
    assert heard == pytest.approx(making.MARKS, abs=0.03)
    assert decoder.sound(path).mixing == "sound: the left channel, because the two are out of phase"
    assert decoder.sound(plain).mixing is None


@pytest.mark.parametrize(
    ("first", "second"),
    [((48000, "stereo"), (48000, "mono")), ((48000, "mono"), (44100, "stereo")), ((44100, "stereo"), (48000, "5.1"))],
)
def test_sound_that_changes_on_the_way_stays_in_its_place(first, second, tmp_path):
    data = b""
    for k, (rate, layout) in enumerate((first, second)):
        part = tmp_path / f"{k}.ts"
        made = ("-f", "lavfi", "-i", making.sound(layout), "-ar", rate, "-c:a", "aac", "-b:a", "192k")
        making.ffmpeg(*made, "-output_ts_offset", 8 * k, part)
        data += part.read_bytes()
    (tmp_path / "a.ts").write_bytes(data)
    samples = decoder.audio(tmp_path / "a.ts")
    marks = [*making.MARKS, *(8 + mark for mark in making.MARKS)]
    assert making.onsets(np.flatnonzero(np.abs(samples) > 0.1) / 16000) == pytest.approx(marks, abs=0.045)
    loud = power_of(samples, 16000)
    assert loud[16:].max() == pytest.approx(loud[:16].max(), rel=0.25)


def test_a_span_is_as_long_as_asked_and_the_same_as_in_the_whole(plain):
    info = decoder.probe(plain)
    whole = stereo(plain, info, 48000, Span(start=0.0, end=info.duration))
    for span in (Span(start=2.5, end=4.5), Span(start=7.5, end=9.0)):
        part, first = stereo(plain, info, 48000, span), round(span.start * 48000)
        assert len(part) == round(span.duration * 48000)
        inside = len(whole[first : first + len(part)])
        assert np.abs(part[:inside] - whole[first : first + inside]).max() < 1e-3
        assert not part[inside:].any()
