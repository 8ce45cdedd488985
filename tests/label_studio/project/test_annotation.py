"""What counts of Label Studio's annotation: who filled in what, when, in how long."""

import pytest

from label_studio.project.annotation import MAX_TEXT, Filled, filled_in
from label_studio.project.form import ADJUDICATE, ORDINARY, PREFER
from schemas.errors import ItemError
from tests.label_studio.rows import annotation


def test_what_was_filled_in_is_told_by_control_and_what_was_left_open_is_missing():
    filled = annotation(number=7, person=3, seconds=12.3456, emotion=["fear"], valence=[], rationale="  She is afraid.\n")
    assert filled_in(filled, ORDINARY) == Filled(
        annotation=7,
        person=3,
        seconds=12.346,
        submitted="2026-01-02T03:04:05Z",
        values={"emotion": "fear", "rationale": "She is afraid."},
    )


def test_the_last_change_counts_in_utc_and_the_making_where_there_was_none():
    filled = annotation(emotion=["fear"]) | {"created_at": "2026-01-02T23:00:00+02:00"}
    assert filled_in(filled | {"updated_at": None}, ORDINARY).submitted == "2026-01-02T21:00:00Z"
    assert filled_in(filled, ORDINARY).submitted == "2026-01-02T03:04:05Z"


def test_a_text_in_several_parts_is_one_text():
    part = {"from_name": "rationale", "value": {"text": ["One.", "Two."]}}
    assert filled_in(annotation() | {"result": [part]}, ORDINARY).values == {"rationale": "One.\nTwo."}


def test_each_kind_of_form_and_each_label_space_knows_its_own_controls_and_choices():
    assert filled_in(annotation(truth=["none"]), ADJUDICATE).values == {"truth": "none"}
    assert filled_in(annotation(emotion=["angry"]), ORDINARY, "mer6").values == {"emotion": "angry"}
    with pytest.raises(ItemError, match="'emotion' cannot be 'angry'; it can be anger, disgust"):
        filled_in(annotation(emotion=["angry"]), ORDINARY)
    with pytest.raises(ItemError, match="the form 'prefer' has no 'emotion'"):
        filled_in(annotation(emotion=["anger"]), PREFER)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"was_cancelled": True}, "the reviewer skipped it"),
        ({"lead_time": None}, "does not say how long"),
        ({"id": "seven"}, "the annotation's id: "),
        ({"completed_by": {"email": "ada@example.org"}}, "the annotation's completed_by"),
        ({"created_at": "yesterday"}, "the annotation's created_at"),
        ({"result": annotation(rationale="x" * (MAX_TEXT + 1))["result"]}, f"longer than {MAX_TEXT}"),
        ({"result": annotation(emotion=["fear", "anger"])["result"]}, "more than one choice: fear, anger"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_reason(change, message):
    with pytest.raises(ItemError, match=message):
        filled_in(annotation(emotion=["fear"]) | change, ORDINARY)
