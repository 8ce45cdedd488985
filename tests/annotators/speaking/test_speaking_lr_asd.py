from dataclasses import replace

import numpy as np
import pytest

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.models import local
from annotators.speaking.speaking_lr_asd import LrAsdSpeaking, inside, spoken_pictures
from schemas.claims import Turn
from schemas.values import Span
from tests.support.media import media
from tests.support.seen import clip, with_faces

SPEAKS = LrAsdSpeaking()


@pytest.fixture(scope="module")
def speech():
    """Two men, of whom one speaks; faces of 42 and 34 pixels, 12 pictures a second."""
    for model in ("lr-asd", "yunet-int8", "face-landmarker"):
        local.fetch(model)
    record, faces = clip(media("speech")), MediapipeFaces()
    record = with_faces(record, faces.annotate(faces.load("cpu"), [record])[0])
    return replace(record, turns=(Turn(by="t@1#0", span=record.requested, speaker="S0", floor=()),))


def test_the_speaker_is_told_from_the_silent_man_beside_him(speech):
    speaker, other = SPEAKS.annotate(SPEAKS.load("cpu"), [speech])[0]
    assert (speaker.track, other.track) == ("F0", "F1")
    talking = np.asarray(speaker.scores)[np.asarray(speaker.scores) > 0]
    assert len(talking) > 0.5 * len(speaker.scores)
    assert np.mean(np.asarray(other.scores) > 0) < 0.2
    assert speaker.fits[0] > 1 > other.fits[0]
    assert speaker.lags[0] == 0.0
    assert len(speaker.times) == len(speaker.scores) == len(speaker.moves)


def test_the_same_clip_gives_the_same_numbers(speech):
    model = SPEAKS.load("cpu")
    assert SPEAKS.annotate(model, [speech]) == SPEAKS.annotate(model, [speech])


def test_small_faces_and_clips_without_sound_or_faces_are_not_told(speech):
    model, tall = SPEAKS.load("cpu"), LrAsdSpeaking(smallest=200)
    sized = replace(speech, width=320, height=240)
    assert tall.annotate(model, [sized]) == [()]
    assert SPEAKS.annotate(model, [replace(speech, audio=None)]) == [()]
    assert SPEAKS.annotate(model, [replace(speech, faces=())]) == [()]


def test_speech_is_where_the_speaker_alone_is_heard_and_not_in_pauses(speech):
    turns = (
        Turn(by="t@1#0", span=Span(start=0, end=3), speaker="S0", floor=()),
        Turn(by="t@1#0", span=Span(start=2, end=4), speaker="S1", floor=()),
    )
    sound = np.concatenate([np.full(16000, 0.1), np.full(16000, 1e-5), np.full(32000, 0.1)]).astype(np.float32)
    marks = spoken_pictures(replace(speech, turns=turns), sound, 25)
    assert marks.tolist() == [True] * 25 + [False] * 75


def test_times_lie_inside_from_the_start_of_a_span_to_before_its_end():
    assert inside(np.asarray([0.0, 1.0, 2.0]), [Span(start=1, end=2)]).tolist() == [False, True, False]
