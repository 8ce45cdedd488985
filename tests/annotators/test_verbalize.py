from dataclasses import replace

import pytest

from annotators.verbalize import impression, label_name, leaning, with_impressions
from schemas.claims import Cue, Label
from schemas.values import Span

HAPPY = Label(by="labels.gait_steps@1#0", modality="gait", space="ekman7", names=("happiness", "fear"), scores=(0.8, 0.2))


def test_a_label_alone_becomes_a_cue_that_can_be_cited():
    label, cue = with_impressions((HAPPY,))
    assert label is HAPPY
    assert cue == Cue(by=HAPPY.by, cue_id="gait.steps.1", modality="gait", span=None, text="reads as clearly happy", value=0.8)


def test_a_label_that_has_its_cue_gets_no_other():
    own = replace(impression(HAPPY), text="walks like one who is happy")
    assert with_impressions((HAPPY, own)) == (HAPPY, own)


@pytest.mark.parametrize(
    "other",
    [
        replace(HAPPY, scores=()),
        replace(HAPPY, modality="all"),
        replace(HAPPY, person="P1"),
        replace(HAPPY, span=Span(start=0.0, end=1.0)),
        replace(HAPPY, perspective="evoked"),
    ],
)
def test_a_label_of_something_else_or_without_scores_becomes_none(other):
    assert with_impressions((other,)) == (other,)


def test_how_sure_a_label_is_is_told_in_words():
    assert leaning(HAPPY) == "clearly happy"
    assert leaning(replace(HAPPY, scores=(0.6, 0.4))) == "rather happy"
    assert leaning(replace(HAPPY, scores=(0.45, 0.45))) == "unclear, afraid or happy"
    assert label_name("mixed_feelings") == "mixed feelings"


def test_several_labels_of_one_modality_get_numbers():
    finer = replace(HAPPY, space="plutchik8", names=("joy", "fear"), scores=(0.9, 0.1))
    made = with_impressions((HAPPY, finer))
    assert [claim.cue_id for claim in made if isinstance(claim, Cue)] == ["gait.steps.1", "gait.steps.2"]
