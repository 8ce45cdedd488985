from dataclasses import replace

import numpy as np
import pytest

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.face.targets_lips import LipTargets
from annotators.media import decoder
from schemas.claims import MediaFile, Overlooked, Turn
from schemas.record import Clip, Origin
from schemas.values import Span
from tests.support.seen import clip, crowd, face, with_faces

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


def left(*counts):
    return tuple(Overlooked(by="faces.made@1#0", faces=count, reason="made so") for count in counts)


def test_nobody_is_absent_while_a_face_was_not_looked_at(record):
    still = face("F0", TIMES, STILL)
    claim = target(replace(record, faces=(still,), overlooked=left(4, 2)))
    assert (claim.track, claim.unjudged) == (None, 6)
    assert claim.reason.endswith("whether the speaker is seen cannot be told: 1 of 7 faces were looked at")
    claim = target(replace(record, faces=(still, face("F1", TIMES)), overlooked=()))
    assert claim.reason.endswith("whether the speaker is seen cannot be told: 1 of 2 faces were looked at")
    claim = target(replace(record, overlooked=left(3)))
    assert claim.reason == "whether the speaker is seen cannot be told: 0 of 3 faces were looked at"
    claim = target(replace(record, faces=(face("F0", TIMES),), overlooked=left(3)))
    assert (claim.reason.split("; ")[1], claim.unjudged) == ("3 more of 4 faces were not looked at", 4)


def test_who_is_seen_to_speak_is_the_speaker_and_those_left_out_are_told(record):
    claim = target(replace(record, faces=(face("F0", TIMES, TALK),), overlooked=left(2)))
    assert (claim.track, claim.unjudged) == ("F0", 2)
    assert claim.reason.endswith("; 2 of 3 faces were not looked at")


def test_without_speech_and_with_faces_left_out_none_is_the_only_face(record):
    claim = target(replace(record, speaker=None, faces=(face("F0", TIMES, STILL),), overlooked=left(2)))
    assert claim.track == "F0"
    assert claim.reason.endswith("F0 is the largest face of the 1 that were looked at; 2 more of 3 faces were not looked at")
    claim = target(replace(record, speaker=None, overlooked=left(2)))
    assert (claim.track, claim.unjudged, claim.reason) == (None, 2, "nobody speaks; 0 of 2 faces were looked at")


def test_where_all_is_looked_at_nothing_is_left_open(record):
    for faces in ((), (face("F0", TIMES, STILL),), (face("F0", TIMES, TALK),)):
        claim = target(replace(record, faces=faces))
        assert claim.unjudged == 0
        assert "looked at" not in claim.reason and "cannot be told" not in claim.reason


@pytest.fixture(scope="module")
def looked_at():
    """Return what the two annotators make of a film, the second one told what the first one left out."""

    def look(path, **settings):
        faces = MediapipeFaces(**settings)
        (claims,) = faces.annotate(faces.load("cpu"), [clip(path)])
        seen = with_faces(clip(path), claims)
        return seen, target(seen)

    return look


def middle(seen, track):
    box = next(one for one in seen.faces if one.track == track).boxes[0]
    return box.x + box.width / 2, box.y + box.height / 2


def test_case_24_of_twelve_faces_the_one_in_the_last_tile_speaks(looked_at, tmp_path):
    path = crowd(tmp_path / "call.mp4", [*["one", "other"] * 5, "one", "man"], across=4)
    seen, claim = looked_at(path)
    assert (len(seen.faces), seen.overlooked, claim.unjudged) == (12, (), 0)
    x, y = middle(seen, claim.track)
    assert x > 3 / 4 and y > 2 / 3


def test_case_31_the_seventh_face_speaks_and_is_never_said_to_be_absent(looked_at, tmp_path):
    path = crowd(tmp_path / "seven.mp4", [*["one", "other"] * 3, "man", "", ""], across=3, man=130)
    seen, claim = looked_at(path)
    assert (len(seen.faces), claim.unjudged) == (7, 0)
    x, y = middle(seen, claim.track)
    assert x < 1 / 3 and y > 2 / 3
    for settings in ({"most": 6}, {"smallest": 0.12}):
        seen, claim = looked_at(path, **settings)
        assert (len(seen.faces), [one.faces for one in seen.overlooked]) == (6, [1])
        assert (claim.track, claim.unjudged) == (None, 1)
        assert claim.reason.endswith("whether the speaker is seen cannot be told: 6 of 7 faces were looked at")
