"""Whose face a clip is about, on what the network said of real and of made-up faces."""

from dataclasses import replace

import pytest

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.models import local
from annotators.speaking.speaking_lr_asd import LrAsdSpeaking
from annotators.speaking.targets_joint import JointTargets
from schemas.claims import ABSENT, NOT_LOOKED, SPEAKING, UNSURE, Target, Turn, Voice
from tests.annotators.speaking.meeting import LATE, OTHER, OWN, STILL, clip
from tests.support.media import media
from tests.support.seen import clip as whole
from tests.support.seen import with_faces

JOINT = JointTargets()


def targets(*clips):
    said = JOINT.annotate(None, clips)
    return [next(one for one in claims if isinstance(one, Target)) for claims in said]


def voices(*clips):
    return [[one for one in claims if isinstance(one, Voice)] for claims in JOINT.annotate(None, clips)]


def test_the_face_that_says_what_is_heard_is_taken_even_if_it_is_smaller():
    (told,) = targets(clip(0, [STILL, OWN]))
    assert (told.state, told.track, told.candidate, told.unjudged) == (SPEAKING, "F1", None, 0)
    assert told.reason.startswith("F1 speaks")


def test_anothers_speech_over_a_talking_face_is_not_given_to_it_in_any_clip_of_a_source():
    told = targets(*(clip(k, [OTHER]) for k in range(4)))
    assert {(one.state, one.track, one.candidate) for one in told} == {(UNSURE, None, "F0")}


def test_speech_that_comes_late_is_not_given_to_the_face():
    told = targets(*(clip(k, [LATE]) for k in range(4)))
    assert {one.track for one in told} == {None}
    assert "do not belong together" in told[0].reason


def test_one_clip_with_anothers_speech_among_true_ones_is_unsure():
    told = targets(*(clip(k, [OTHER if k == 2 else OWN], voice=1 if k == 2 else 0) for k in range(5)))
    assert [one.state for one in told] == [SPEAKING, SPEAKING, UNSURE, SPEAKING, SPEAKING]


def test_what_all_clips_say_helps_a_clip_that_is_weak_alone_unless_it_sounds_like_another():
    weak = tuple(0.3 * value for value in OWN)
    strong = [clip(k, [OWN], voice=0) for k in range(4)]
    assert targets(clip(9, [weak], voice=0))[0].state == UNSURE
    assert targets(*strong, clip(9, [weak], voice=0))[-1].state == SPEAKING
    assert targets(*strong, clip(9, [weak], voice=1))[-1].state == UNSURE


def test_only_where_every_face_was_looked_at_and_is_silent_is_the_speaker_absent():
    assert targets(clip(0, [STILL]))[0].state == ABSENT
    assert targets(clip(0, []))[0].state == ABSENT
    assert targets(clip(0, [STILL], overlooked=2))[0].state == NOT_LOOKED
    assert targets(clip(0, [None]))[0].state == NOT_LOOKED
    assert targets(clip(0, [STILL, None]))[0].unjudged == 1


def test_a_face_whose_voice_it_is_elsewhere_is_never_called_absent():
    told = targets(*(clip(k, [OWN]) for k in range(4)), clip(9, [STILL]))
    assert told[-1].state in (UNSURE, SPEAKING) or told[-1].track is None
    assert told[-1].state != SPEAKING


def test_without_speech_the_largest_face_is_the_target_and_no_state_is_told():
    (told,) = targets(clip(0, [OWN, OWN], speaker=None))
    assert (told.speaker, told.track, told.state) == (None, "F0", None)
    assert targets(clip(0, [], speaker=None))[0].state == ABSENT
    assert targets(clip(0, [], speaker=None, overlooked=3))[0].state == NOT_LOOKED


def test_loud_and_soft_speech_of_one_mouth_get_one_name():
    loud = [clip(k, [OWN], "S1", voice=1) for k in (2, 3)]
    told = voices(clip(0, [OWN], "S0", voice=0), clip(1, [OWN], "S0", voice=0), *loud)
    assert [[(one.heard, one.speaker) for one in claims] for claims in told] == [[("S0", "S0")]] * 2 + [[("S1", "S0")]] * 2


@pytest.mark.parametrize(("name", "right"), [("speech", "F0"), ("man", "F0"), ("intro", "F0")])
def test_on_real_media_the_one_who_speaks_is_taken(name, right):
    for model in ("lr-asd", "yunet-int8", "face-landmarker"):
        local.fetch(model)
    record, faces, speaks = whole(media(name)), MediapipeFaces(), LrAsdSpeaking()
    record = with_faces(record, faces.annotate(faces.load("cpu"), [record])[0])
    record = replace(record, turns=(Turn(by="t@1#0", span=record.requested, speaker="S0", floor=()),))
    record = replace(record, speaking=speaks.annotate(speaks.load("cpu"), [record])[0])
    (told,) = targets(record)
    assert (told.state, told.track) == (SPEAKING, right)
