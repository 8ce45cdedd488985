"""What is said of a review as a whole."""

from label_studio.consensus.consensus import ReviewSettings, fit_consensus
from label_studio.consensus.facts import review_facts
from schemas.versions.review_facts import FieldFacts, ReviewerFacts
from tests.label_studio.reviewers import answer, planted


def facts(*answers):
    return review_facts(fit_consensus(answers, ReviewSettings()))


def test_each_clip_is_decided_disputed_open_or_cannot_be_judged():
    found = facts(
        *(answer("decided", who, all="fear", seconds=10.0) for who in "ab"),
        *(answer("disputed", who, all=name, seconds=20.0) for who, name in (("a", "fear"), ("b", "anger"))),
        *(answer("dark", who, cannot="too dark", seconds=1.5) for who in "ab"),
        answer("open", "a", all="fear", seconds=30.0),
        answer("pair", "a", kind="prefer", preferred="a1", seconds=4.0),
    )
    assert (found.answers, found.clips, found.seconds) == (8, 4, 97.0)
    assert (found.decided, found.disputed, found.open, found.cannot) == (1, 1, 1, 1)
    fields = {one.field: one for one in found.fields}
    # Of two clips that two people named, one is named alike; of "open" nobody can tell. Alpha: 1 - (2 / 4) / (6 / 12).
    assert fields["all"] == FieldFacts(field="all", items=2, answers=4, alpha=0.0, pairwise=0.5)
    assert fields["face"].items == 0


def test_a_reviewer_has_median_seconds_and_a_reliability_where_others_answered_too():
    answers = [*planted({"a": 1.0, "b": 1.0}, 12)[0], answer("alone", "c", all="fear", seconds=3.0)]
    answers += [answer("dark", "c", cannot="too dark", seconds=5.0)]
    a, _, c = facts(*answers).reviewers
    assert a == ReviewerFacts(reviewer="a", answers=12, seconds=12.5, cannot=0, reliability=1.0)
    assert c == ReviewerFacts(reviewer="c", answers=2, seconds=4.0, cannot=1, reliability=None)


def test_without_answers_everything_is_zero():
    found = facts()
    assert (found.answers, found.clips, found.open, found.reviewers) == (0, 0, 0, ())
    assert [one.items for one in found.fields] == [0] * 8
