"""Why a modality says nothing is told in words, whoever kept silent."""

from schemas.claims import Label, Target
from schemas.record import Clip, Origin
from schemas.values import Span
from schemas.vocabulary.silence import unlabelled, withheld

ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=60.0, streams="audio+video")
HAPPY = Label(by="labels.face@1#0", modality="face", space="ekman7", names=("happiness", "fear"), scores=(0.8, 0.2))
HELD = Label(by="labels.voice@1#0", modality="voice", space="ekman7", arousal=0.2, withheld="it is too short")
SEEN = Target(by="t@1#0", speaker="S0", track="F0", score=0.6, reason="lips follow")


def clip(*labels, **more):
    return Clip(source=ORIGIN, clip_id="1" * 16, requested=Span(start=0, end=3), labels=labels, **more)


def test_each_modality_without_a_label_is_told_in_order_with_its_reason():
    assert unlabelled(clip(HELD, speaker="S0", targets=(SEEN,), transcript="…"), "ekman7") == {
        "face": "the face cannot be read",
        "voice": "it is too short",
        "words": "the words are in a language that cannot be read here",
    }
    assert list(unlabelled(clip(HAPPY), "ekman7")) == ["voice", "words"]


def test_a_label_of_another_author_stands_in_for_one_that_is_withheld():
    other = Label(by="labels.other@1#0", modality="voice", space="ekman7", names=("anger",), scores=(1.0,))
    assert withheld((HELD, other)) == {}
    assert withheld((HELD,)) == {"voice": "it is too short"}
    assert "voice" not in unlabelled(clip(HELD, other), "ekman7")


def test_a_label_that_leads_nowhere_is_told_as_such():
    told = unlabelled(
        clip(Label(by="labels.face@1#0", modality="face", space="celebvhq_action35", names=("nod",), scores=(1.0,))), "ekman7"
    )
    assert told["face"] == "what is said of it cannot be put into ekman7"
