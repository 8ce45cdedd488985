from dataclasses import replace

import numpy as np
import pytest

from annotators.face.cues_blendshapes import BlendshapeCues
from annotators.face.finding import SHAPES
from schemas.claims import Target, Word
from schemas.record import Clip, Origin
from schemas.values import Span
from tests.support.seen import face

CUES = BlendshapeCues()
RATE, SECONDS = 12, 6
TIMES = tuple(k / RATE for k in range(RATE * SECONDS))
AT = np.asarray(TIMES)


def during(start, end, level=0.9, rest=0.02):
    """Return a series that is at `level` from start to end."""
    return np.where((start - 1e-6 <= AT) & (end - 1e-6 > AT), level, rest)


def record(words=(), speaker=None, pitch=None, yaw=None, times=TIMES, **shapes):
    """Return a clip whose target's blendshapes, named by their starts, follow the series given."""
    table = np.zeros((len(times), len(SHAPES)))
    for start, series in shapes.items():
        for number, name in enumerate(SHAPES):
            if name.startswith(start):
                table[:, number] = series
    still = (0.0,) * len(times)
    track = replace(
        face("F0", times, [0.0] * len(times)),
        blendshapes=tuple(map(tuple, table.tolist())),
        pitch=still if pitch is None else tuple(pitch),
        yaw=still if yaw is None else tuple(yaw),
    )
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=SECONDS, streams="audio+video")
    span = Span(start=0, end=SECONDS)
    target = Target(by="targets.made@1#0", speaker=speaker, track="F0", score=None, reason="made")
    made = [Word(by="words.made@1#0", span=Span(start=a, end=b), text="hm", speaker=speaker) for a, b in words]
    return Clip(
        source=origin,
        clip_id="1" * 16,
        requested=span,
        speaker=speaker,
        faces=(track,),
        targets=(target,),
        words=tuple(made),
    )


def cues(clip, annotator=CUES):
    return annotator.annotate(None, [clip])[0]


def kinds(clip):
    return [cue.cue_id.split(".")[1] for cue in cues(clip)]


def test_a_smile_is_found_with_its_span_words_and_strength():
    (cue,) = cues(record(mouthSmile=during(1, 2.5)))
    assert (cue.cue_id, cue.modality, cue.text, cue.value) == ("face.smile.1", "face", "smiles broadly", 0.9)
    assert (cue.span.start, cue.span.end) == pytest.approx((1, 2.5), abs=0.01)
    (weak,) = cues(record(mouthSmile=during(1, 2.5, 0.5)))
    assert (weak.text, weak.value) == ("smiles", 0.5)


def test_a_smile_that_lasts_through_the_clip_is_still_a_smile():
    assert kinds(record(mouthSmile=0.7)) == ["smile"]


def test_brows_lids_and_jaw_that_always_look_so_are_the_persons_own():
    assert kinds(record(browDown=0.68, eyeSquint=0.55, jawOpen=0.6, browInnerUp=0.4, mouthPucker=0.95)) == []
    assert kinds(record(browDown=during(2, 3, 0.9, 0.3))) == ["brows_lowered"]


def test_a_mouth_that_talks_needs_a_wider_smile_and_drops_no_jaw():
    talk = {"speaker": "S0", "words": [(0.0, 6.0)]}
    assert kinds(record(mouthSmile=during(1, 2, 0.5), jawOpen=during(3, 4, 0.9), **talk)) == []
    assert kinds(record(mouthSmile=during(1, 2, 0.8), browInnerUp=during(3, 4), browOuterUp=during(3, 4), **talk)) == [
        "smile",
        "brows_raised",
    ]
    assert kinds(record(jawOpen=during(3, 4, 0.9))) == ["jaw_dropped"]


def test_a_wide_mouth_under_closed_eyes_is_not_called_a_smile():
    weeping = record(mouthSmile=during(1, 3), eyeBlink=during(0.5, 3.5))
    assert kinds(weeping) == ["eyes_closed", "mouth_wide"]
    laughing = record(mouthSmile=during(1, 3), eyeBlink=during(1, 3), mouthUpperUp=during(1, 3, 0.8))
    assert "smile" in kinds(laughing)


def test_a_blink_and_a_stray_sample_are_nothing():
    assert kinds(record(eyeBlink=during(1, 1.25), mouthSmile=during(2, 2.08))) == []
    assert kinds(record(eyeBlink=during(1, 2))) == ["eyes_closed"]


def test_short_interruptions_do_not_make_two_cues_and_long_ones_do():
    once = np.maximum(during(1, 2), during(2.08, 3))
    twice = np.maximum(during(1, 2), during(3, 4))
    assert kinds(record(mouthSmile=once)) == ["smile"]
    assert [cue.cue_id for cue in cues(record(mouthSmile=twice))] == ["face.smile.1", "face.smile.2"]


def test_nods_and_shakes_are_told_from_drift_and_from_each_other():
    wave = np.where((AT >= 1) & (AT < 3), 8 * np.sin(2 * np.pi * 1.5 * (AT - 1)), 0.0)
    assert kinds(record(pitch=wave)) == ["nod"]
    assert kinds(record(yaw=wave)) == ["shake"]
    assert kinds(record(pitch=wave, yaw=wave)) == []
    assert kinds(record(pitch=wave / 4)) == []
    assert kinds(record(pitch=10 * np.sin(2 * np.pi * 0.2 * AT))) == []


def test_a_head_that_is_turned_away_or_lowered_for_a_while_is_told():
    assert kinds(record(yaw=np.where(during(1, 2) > 0.5, 35.0, 0.0))) == ["head_turned"]
    assert kinds(record(pitch=np.where(during(1, 2) > 0.5, -25.0, 5.0))) == ["head_down"]
    assert kinds(record(pitch=[12.0] * len(TIMES))) == []


def test_a_face_in_profile_has_no_expression():
    assert kinds(record(mouthSmile=during(1, 3), yaw=[55.0] * len(TIMES))) == []


def test_at_most_six_are_kept_the_strongest_in_order_of_time_with_ids_of_their_own():
    busy = record(
        mouthSmile=np.maximum.reduce([during(k, k + 0.4, 0.5 + k / 20) for k in range(6)]),
        browInnerUp=during(1, 2),
        browOuterUp=during(1, 2),
        browDown=during(3, 4),
        eyeWide=during(5, 6),
    )
    found = cues(busy)
    assert len(found) == 6
    assert len({cue.cue_id for cue in found}) == 6
    assert [cue.span for cue in found] == sorted(cue.span for cue in found)
    assert {"brows_raised", "brows_lowered", "eyes_wide"} <= {cue.cue_id.split(".")[1] for cue in found}
    assert all(busy.requested.covers(cue.span) for cue in found)
    assert len(cues(busy, replace(CUES, most=20))) == 9


def test_a_track_too_short_to_tell_what_is_normal_needs_more():
    times = TIMES[: 2 * RATE]
    assert kinds(record(times=times, browDown=[0.75] * len(times))) == []
    assert kinds(record(times=times, mouthSmile=[0.75] * len(times))) == ["smile"]


def test_a_target_unseen_small_or_without_mesh_gets_no_cue():
    clip = record(mouthSmile=during(1, 3))
    unseen = replace(clip, targets=(replace(clip.targets[0], track=None),))
    bare = replace(clip, faces=(face("F0", TIMES),))
    assert cues(unseen) == cues(bare) == cues(replace(clip, targets=())) == ()
    assert cues(replace(clip, height=120)) == ()
    assert cues(replace(clip, height=720)) == cues(clip) != ()
