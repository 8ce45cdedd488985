from dataclasses import replace

import numpy as np
import pytest

from annotators.face.cues_blendshapes import BlendshapeCues
from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.face.labels_face_expression import FaceExpression, Sight, face_crop
from annotators.face.target import talks
from annotators.models import local
from schemas.claims import Target, Turn, Word
from schemas.values import Box, Span
from schemas.vocabulary.spaces import space
from tests.support.making import X264, ffmpeg
from tests.support.media import media
from tests.support.seen import clip, face, piece, with_faces

EXPRESSION = FaceExpression()
NAMES = space("ekman7").labels
FACE = Box(x=0.36, y=0.12, width=0.17, height=0.22)
"""Where the astronaut's face is."""
TIMES = tuple(k / 12 for k in range(12))


@pytest.fixture(scope="module")
def reader():
    local.fetch("face-expression")
    return EXPRESSION.load("cpu")


def shown(folder, change="null"):
    """Return a clip of one second that shows the astronaut, changed by a filter, with her face as the silent target."""
    path = folder / "still.mp4"
    still = ("-loop", "1", "-i", media("astronaut"), "-vf", f"{change},fps=12", "-t", "1")
    ffmpeg(*still, *X264, path)
    track = replace(face("F0", TIMES, [0.0] * len(TIMES)), boxes=(FACE,) * len(TIMES))
    target = Target(by="targets.made@1#0", speaker=None, track="F0", score=None, reason="made")
    return replace(clip(path, speaker=None), faces=(track,), targets=(target,))


def sight(time, clear=1.0, jaw=0.0, **scores):
    return Sight(time=time, clear=clear, scores=np.asarray([scores.get(name, 0.0) for name in NAMES]), open=jaw)


def withheld(told):
    """Return why there is no label, after a look at that there is none."""
    (label,) = told
    assert (label.names, label.scores, label.valence, label.arousal) == ((), (), None, None)
    return label.withheld


def of(told, name):
    return float(told[NAMES.index(name)])


def test_a_smiling_face_is_happy_and_the_scores_are_a_distribution(reader, tmp_path):
    ((label, _),) = EXPRESSION.annotate(reader, [shown(tmp_path)])
    assert (label.modality, label.space, label.names) == ("face", "ekman7", NAMES)
    assert (label.valence, label.arousal, label.span) == (None, None, None)
    assert sum(label.scores) == pytest.approx(1, abs=1e-3)
    assert max(label.scores) == label.scores[NAMES.index("happiness")] > 0.7


def test_it_says_the_same_twice(reader, tmp_path):
    record = shown(tmp_path)
    assert EXPRESSION.annotate(reader, [record]) == EXPRESSION.annotate(EXPRESSION.load("cpu"), [record])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("lutrgb=r=val*0.02:g=val*0.02:b=val*0.02", "blurred or dark in 4"),
        ("gblur=sigma=30", "blurred or dark in 4"),
        ("scale=96:96", "too small in 4"),
    ],
)
def test_a_face_too_dark_blurred_or_small_gets_no_label_and_is_told_why(reader, tmp_path, change, why):
    (told,) = EXPRESSION.annotate(reader, [shown(tmp_path, change)])
    assert withheld(told) == f"the face is {why} of 4 pictures"


def test_a_face_that_is_hard_to_see_gets_a_less_certain_label(reader, tmp_path):
    ((clear, _),) = EXPRESSION.annotate(reader, [shown(tmp_path)])
    ((dim, _),) = EXPRESSION.annotate(reader, [shown(tmp_path, "gblur=sigma=3")])
    assert max(dim.scores) < max(clear.scores)


def test_a_target_that_is_not_seen_gets_no_label(reader, tmp_path):
    record = shown(tmp_path)
    unseen = replace(record, targets=(replace(record.targets[0], track=None),))
    bare = replace(record, targets=())
    silent = replace(record, video=None)
    assert EXPRESSION.annotate(reader, [unseen, bare, silent]) == [(), (), ()]


def test_a_face_seen_only_between_the_usual_ticks_is_still_looked_at(reader, tmp_path):
    record = shown(tmp_path)
    odd = replace(face("F0", (1 / 12, 2 / 12, 4 / 12), [0.0] * 3), boxes=(FACE,) * 3)
    assert EXPRESSION.annotate(reader, [replace(record, faces=(odd,))])[0][0].scores


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"yaw": (55.0,) * 12}, "turned away in 4"),
        ({"pitch": (-45.0,) * 12}, "turned away in 4"),
        ({"scores": (0.65,) * 12}, "hidden or without a mesh in 4"),
        ({"yaw": (), "pitch": (), "roll": (), "blendshapes": ()}, "hidden or without a mesh in 4"),
    ],
)
def test_a_face_turned_away_or_hidden_gets_no_label_and_is_told_why(reader, tmp_path, changed, why):
    record = shown(tmp_path)
    record = replace(record, faces=(replace(record.faces[0], **changed),))
    assert withheld(EXPRESSION.annotate(reader, [record])[0]) == f"the face is {why} of 4 pictures"


def test_a_label_needs_enough_pictures_in_which_the_face_is_read(reader, tmp_path):
    record = shown(tmp_path)
    turns = (*(80.0,) * 9, *(0.0,) * 3)
    once = replace(record, faces=(replace(record.faces[0], yaw=turns),))
    assert EXPRESSION.annotate(reader, [once])[0][0].scores
    assert withheld(replace(EXPRESSION, enough=0.5).annotate(reader, [once])[0]).startswith("the face is turned away in 3 of 4")


def test_a_mouth_that_talks_counts_the_less_the_further_it_is_open():
    open_mouth = [sight(0.0, jaw=0.2, surprise=1.0), sight(0.25, jaw=0.3, surprise=1.0)]
    at_rest = [sight(0.5, neutral=1.0), sight(0.75, jaw=0.05, neutral=1.0)]
    silent = EXPRESSION.pooled([*open_mouth, *at_rest], np.zeros(4, bool), 0.25)
    spoken = EXPRESSION.pooled([*open_mouth, *at_rest], np.ones(4, bool), 0.25)
    assert of(silent, "surprise") == pytest.approx(of(silent, "neutral"))
    assert of(spoken, "neutral") > 4 * of(spoken, "surprise")


def test_only_a_mouth_that_talks_and_never_comes_to_rest_leaves_nothing_to_say():
    agape = [sight(0.25 * k, jaw=0.4, surprise=1.0) for k in range(8)]
    assert EXPRESSION.pooled(agape, np.ones(8, bool), 0.25) is None
    assert of(EXPRESSION.pooled(agape, np.zeros(8, bool), 0.25), "surprise") > 0.9


def test_while_the_target_talks_the_moments_with_the_least_open_mouth_are_looked_at():
    jaw = np.asarray([0.5, 0.1, 0.3, 0.2, 0.4, 0.0, *(0.3,) * 6])
    track = face("F0", TIMES, jaw)
    assert EXPRESSION.chosen(track, jaw, np.ones(12, bool)) == [1, 5, 6, 9]
    assert EXPRESSION.chosen(track, jaw, np.zeros(12, bool)) == [0, 3, 6, 9]


def test_the_less_is_seen_the_less_is_sure():
    certain = [
        of(EXPRESSION.pooled([sight(0.0, clear, anger=1.0)] * number, np.zeros(number, bool), 0.25), "anger")
        for number, clear in ((1, 0.1), (1, 1.0), (8, 1.0))
    ]
    assert certain == sorted(certain)
    assert certain[0] < 0.5
    assert certain[2] > 0.9
    assert EXPRESSION.pooled([], np.zeros(0, bool), 0.25) is None


def test_only_the_speakers_own_words_are_talk(tmp_path):
    record = replace(shown(tmp_path), speaker="S0")
    said = {"by": "words.made@1#0", "text": "hm"}
    own = Word(**said, span=Span(start=0.2, end=0.4), speaker="S0")
    other = Word(**said, span=Span(start=0.6, end=0.8), speaker="S1")
    at = (0.0, 0.3, 0.7)
    assert talks(replace(record, words=(own, other)), at, 0.05).tolist() == [False, True, False]
    turn = Turn(by="turns.made@1#0", span=Span(start=0.5, end=1.0), speaker="S0", floor=())
    assert talks(replace(record, turns=(turn,)), at, 0.05).tolist() == [False, False, True]
    assert talks(record, at, 0.05).all()
    assert not talks(replace(record, speaker=None, words=(own,)), at, 0.05).any()


def test_a_crop_beyond_the_edge_is_black_there():
    image = np.full((100, 100, 3), 200, np.uint8)
    crop = face_crop(image, Box(x=0.0, y=0.0, width=0.4, height=0.4), 1.5, 0.0)
    assert crop.shape == (112, 112, 3)
    assert crop[0].max() == 0
    assert crop[-1, -1].min() == 200


def test_a_woman_who_cries_is_sad_and_one_who_laughs_smiles(reader, tmp_path):
    faces, cues = MediapipeFaces(), BlendshapeCues()
    for model in faces.model_names():
        local.fetch(model)
    looker, told = faces.load("cpu"), []
    for start, end in ((0.5, 2.5), (14.0, 16.0)):
        record = clip(piece(media("woman"), Span(start=start, end=end), tmp_path), speaker=None)
        record = with_faces(record, faces.annotate(looker, [record])[0])
        record = replace(record, targets=(Target(by="t@1#0", speaker=None, track="F0", score=None, reason="made"),))
        ((label, _),) = EXPRESSION.annotate(reader, [record])
        assert label.withheld is None
        kinds = {cue.cue_id.split(".")[1] for cue in cues.annotate(None, [record])[0]}
        told.append((NAMES[int(np.argmax(label.scores))], "smile" in kinds))
    assert told == [("sadness", False), ("happiness", True)]


def test_a_neutral_man_who_talks_is_neutral_and_neither_happy_nor_surprised(reader, tmp_path):
    faces = MediapipeFaces()
    for model in faces.model_names():
        local.fetch(model)
    record = clip(piece(media("man"), Span(start=3.0, end=6.6), tmp_path))
    record = with_faces(record, faces.annotate(faces.load("cpu"), [record])[0])
    target = Target(by="targets.made@1#0", speaker="S0", track="F0", score=0.5, reason="made")
    record = replace(record, targets=(target,))
    ((talks_, _),), ((as_if_silent, _),) = (EXPRESSION.annotate(reader, [one]) for one in (record, replace(record, speaker=None)))
    said, seen = (dict(zip(label.names, label.scores, strict=True)) for label in (talks_, as_if_silent))
    assert said["neutral"] > 0.6 > seen["neutral"]
    assert said["happiness"] + said["surprise"] < 0.27 < seen["happiness"] + seen["surprise"]
