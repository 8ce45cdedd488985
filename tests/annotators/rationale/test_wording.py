"""What is to be said, before it is said: texts that come again are one, and times that last are told once."""

from annotators.rationale.wording import form_runs, noted, number, times, unmarked
from schemas.claims import Cue
from schemas.values import Span


def cue(number_, text, start=None, end=None):
    span = None if start is None else Span(start=start, end=end)
    return Cue(by="c@1#0", cue_id=f"face.k.{number_}", modality="face", span=span, text=text)


def test_one_text_is_told_once_with_all_its_cues_in_order_of_time():
    first, again, other = cue(1, "nods", 4.0, 4.5), cue(2, "nods", 1.0, 1.5), cue(3, "smiles", 0.0, 1.0)
    assert [(one.text, one.cues) for one in noted([first, other, again])] == [("nods", (again, first)), ("smiles", (other,))]


def test_sounds_and_doings_are_told_apart():
    found = form_runs(list(noted([cue(1, "laughter"), cue(2, "a sigh"), cue(3, "nods")])))
    assert [(heard, [one.text for one in run]) for heard, run in found] == [(True, ["laughter", "a sigh"]), (False, ["nods"])]


def test_what_lasts_all_the_time_needs_no_other_time():
    (one,) = noted([cue(1, "nods", 0.0, 9.0), cue(2, "nods", 2.0, 2.5)])
    assert times(one, lambda cue: cue.cue_id, 10.0) == ["face.k.1"]
    assert times(one, lambda cue: cue.cue_id, 100.0) == ["face.k.1", "face.k.2"]


def test_small_things():
    assert (number(2.0), number(2.44), number(0.05)) == ("2", "2.4", "0.1")
    assert unmarked("[a]") == "(a)"
