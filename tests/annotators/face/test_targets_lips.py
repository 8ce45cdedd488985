from dataclasses import replace

import numpy as np
import pytest

from annotators.face.targets_lips import LipTargets
from annotators.media import decoder
from schemas.claims import MediaFile, Turn
from schemas.record import Clip, Origin
from schemas.values import Span
from tests.support.seen import face

LIPS = LipTargets()
RATE, SECONDS = 12, 6
TIMES = tuple(k / RATE for k in range(RATE * SECONDS))
TALK = np.clip(np.sin(np.arange(len(TIMES)) * 1.7) + np.sin(np.arange(len(TIMES)) * 0.45), 0, None) / 2


STILL = np.full(len(TIMES), 0.02)


@pytest.fixture
def record(tmp_path):
    """A clip whose sound is as loud as TALK."""
    rng = np.random.default_rng(0)
    sound = (np.interp(np.arange(SECONDS * 16000) / 16000, TIMES, TALK**2) * rng.normal(size=SECONDS * 16000) * 0.3).astype(
        np.float32
    )
    path = tmp_path / "talk.wav"
    _write(path, sound)
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=SECONDS, streams="audio+video")
    span = Span(start=0, end=SECONDS)
    return Clip(source=origin, clip_id="1" * 16, requested=span, actual=span, audio=MediaFile(path=str(path)), speaker="S0")


def _write(path, sound):
    import wave

    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    assert len(decoder.audio(path)) == len(sound)


def target(record):
    ((claim,),) = LIPS.annotate(None, [record])
    return claim


def test_the_face_whose_lips_follow_is_the_speaker_even_if_it_is_smaller(record):
    claim = target(replace(record, faces=(face("F0", TIMES, STILL), face("F1", TIMES, TALK))))
    assert (claim.speaker, claim.track) == ("S0", "F1")
    assert claim.score > 0.6
    assert claim.reason.startswith("lips of F1 move with the speech")
    assert "lips of F0 hardly move" in claim.reason


def test_of_two_talking_faces_the_one_that_follows_better_is_taken(record):
    claim = target(replace(record, faces=(face("F0", TIMES, np.roll(TALK, 9)), face("F1", TIMES, TALK))))
    assert claim.track == "F1"


def test_a_face_that_keeps_still_or_speaks_other_words_is_under_a_voice_over(record):
    other = np.roll(TALK, 2 * RATE)
    for jaw in (STILL, other):
        claim = target(replace(record, faces=(face("F0", TIMES, jaw),)))
        assert claim.track is None
        assert claim.reason.endswith("the speaker is not seen")


def test_no_face_no_lips_and_no_sound_each_have_their_reason(record):
    assert target(record).reason == "no face is seen"
    bare = face("F0", TIMES)
    assert target(replace(record, faces=(bare,))).reason.startswith("no lips are seen well enough")
    assert target(replace(record, faces=(face("F0", TIMES, TALK),), audio=None)).reason.startswith("the sound cannot be heard")


def test_when_nobody_speaks_the_clip_is_about_the_largest_face(record):
    claim = target(replace(record, speaker=None, faces=(face("F0", TIMES, STILL), face("F1", TIMES, STILL))))
    assert (claim.speaker, claim.track, claim.score) == (None, "F0", None)
    assert target(replace(record, speaker=None)).track is None


def test_lips_that_move_only_while_others_speak_do_not_count(record):
    turns = tuple(
        Turn(by="turns.x@1#0", span=Span(start=a, end=b), speaker=who, floor=())
        for who, a, b in (("S0", 0, 3), ("S1", 3, SECONDS))
    )
    answers = np.where(np.asarray(TIMES) < 3.3, STILL, TALK)
    claim = target(replace(record, turns=turns, faces=(face("F0", TIMES, answers),)))
    assert claim.track is None
