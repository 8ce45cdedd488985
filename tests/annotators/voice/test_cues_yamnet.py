from dataclasses import replace

import numpy as np
import pytest

from annotators.models import local
from annotators.voice.cues_yamnet import EVENTS, YamnetCues
from tests.annotators.voice.test_labels_voice_affect import write
from tests.support.media import english, media
from tests.support.seen import clip

YAMNET = YamnetCues()


@pytest.fixture(scope="module")
def model():
    local.fetch("yamnet")
    return YAMNET.load("cpu")


def heard(model, path):
    (cues,) = YAMNET.annotate(model, [clip(path)])
    return cues


@pytest.mark.parametrize("name", ["laughing-woman", "laughing-man"])
def test_laughter_is_heard(model, name):
    record = clip(media(name))
    (cues,) = YAMNET.annotate(model, [record])
    (cue, *_) = [cue for cue in cues if cue.text == "laughter"]
    assert cue.cue_id == "voice.laughter.1"
    assert cue.value > 0.3
    assert 0 <= cue.span.start < cue.span.end <= record.source.duration


def test_plain_speech_has_no_cue(model):
    paths = [media("man"), media("intro"), media("jfk"), *(path for path, _ in english())]
    assert {path.name: heard(model, path) for path in paths} == {path.name: () for path in paths}


def test_a_silent_track_has_no_cue(model):
    assert heard(model, media("woman")) == ()


def test_nothing_is_heard_without_sound(model):
    record = clip(media("man"))
    assert YAMNET.annotate(model, [replace(record, audio=None)]) == [()]


@pytest.mark.parametrize("seconds", [0.01, 0.5, 0.98, 1.5])
def test_silence_and_very_short_sound_are_borne(model, tmp_path, seconds):
    assert heard(model, write(tmp_path / "silent.wav", np.zeros(int(seconds * 16000)))) == ()
    tone = np.sin(np.arange(int(seconds * 16000)) * 0.1)
    for cue in heard(model, write(tmp_path / "tone.wav", tone * 9)):
        assert cue.span.end <= seconds


def test_laughter_is_heard_where_it_is(model, tmp_path):
    from annotators.media import decoder

    laugh, speech = decoder.audio(media("laughing-woman")), decoder.audio(media("jfk"))[: 6 * 16000]
    path = write(tmp_path / "both.wav", np.concatenate([speech, laugh]))
    spans = [cue.span for cue in heard(model, path) if cue.text == "laughter"]
    assert spans
    assert all(span.start >= 5 for span in spans)


def test_the_ids_are_unique_and_the_same_sound_gives_the_same_cues(model):
    cues = heard(model, media("laughing-man"))
    assert len({cue.cue_id for cue in cues}) == len(cues)
    assert heard(model, media("laughing-man")) == cues
    assert YAMNET.annotate(YAMNET.load("cpu"), [clip(media("laughing-man"))]) == [cues]


def test_a_less_sensitive_ear_hears_less(model):
    deaf = YamnetCues(sensitivity=0.1)
    assert deaf.annotate(model, [clip(media("laughing-woman"))]) == [()]


def test_no_class_belongs_to_two_kinds(model):
    names = [name for event in EVENTS for name in event.classes]
    assert len(names) == len(set(names))
