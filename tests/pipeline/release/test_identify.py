"""Once all clips of a source are there: who is who across them, what to make of each, and an index of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from annotators.annotator import Annotator
from pipeline.clips.kept import FingerprintRef, Index, keep, kept_clip, kept_refs
from pipeline.feedback.reviews import ReviewIndex
from pipeline.plan import read_plan
from pipeline.release.identify import Identify
from pipeline.rights.withdrawn import Withdrawn
from pipeline.runtime.context import RunContext
from pipeline.split.links import identity_of
from schemas.claims import Claim, Person
from schemas.record import Clip
from tests.support.reported import clip

PLAN = replace(read_plan("embedded"), annotators=())


@dataclass(frozen=True, kw_only=True)
class Numbering(Annotator[Clip, None]):
    """Says of each clip which one it is of its source."""

    name: ClassVar[str] = "persons.numbering"
    version: ClassVar[str] = "1"
    scope: ClassVar = "clips of a source"
    provides: ClassVar[tuple[str, ...]] = ("persons",)

    def load(self, device):
        return None

    def annotate(self, model, records) -> Sequence[tuple[Claim, ...]]:
        return [(Person(by=self.key, track="F0", person=f"P{number}"),) for number, _ in enumerate(records)]


@pytest.fixture
def context(tmp_path):
    return RunContext(work=tmp_path, device="cpu", workers=1)


def bare(number):
    """Return a clip of the source a.mp4 without media."""
    return clip(3 * number, video=None, audio=None, image=None, frames=(), persons=())


def identified(context, refs, plan=PLAN):
    people = ReviewIndex(key="", settings=plan.review, withdrawn=Withdrawn())
    return tuple(Identify(plan, people, context).work(("a" * 16, refs)))


def test_the_clips_of_a_source_stand_in_order_of_time_whatever_came_first(context):
    clips = [bare(number) for number in range(4)]
    refs = [keep(one, context) for one in clips]
    ((index,), (again,)) = (identified(context, order) for order in (refs, refs[::-1]))
    assert index == again
    assert isinstance(index, Index)
    assert [ref.clip_id for ref in kept_refs(index, context)] == [one.clip_id for one in clips]


def test_an_annotator_of_all_clips_of_a_source_sees_them_in_that_order(context):
    refs = [keep(bare(number), context) for number in (2, 0, 1)]
    (index,) = identified(context, refs, replace(PLAN, annotators=(Numbering(),)))
    assert [kept_clip(ref, context).persons[0].person for ref in kept_refs(index, context)] == ["P0", "P1", "P2"]
    assert context.counts.counted["done persons.numbering"] == 1


def test_each_clip_is_judged(context):
    (index,) = identified(context, [keep(bare(0), context)])
    (ref,) = kept_refs(index, context)
    (route,) = kept_clip(ref, context).routes
    assert ref.decision == route.decision


def test_what_ties_the_source_to_others_is_kept_beside_it(context):
    (index,) = identified(context, [keep(bare(0), context)])
    identity = identity_of(index, context)
    assert (identity.source_id, identity.file) == ("a" * 16, "a.mp4")


def test_a_source_of_which_no_clip_is_left_has_no_index(context):
    assert identified(context, []) == ()
    assert identified(context, [FingerprintRef(source_id="a" * 16, key="0")]) == ()
