"""What can be said about a review as a whole: for the manifest, the report and `label_studio.status`."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from label_studio.consensus.adjudication import decide_clips, disputed
from label_studio.consensus.agreement import PREFER, agreement
from label_studio.consensus.consensus import Consensus
from schemas.versions.review_facts import FieldFacts, ReviewerFacts, ReviewFacts


def review_facts(consensus: Consensus) -> ReviewFacts:
    """Return the facts about answers and what they come to."""
    told = consensus.answers
    clips = {answer.clip_id for answer in told if answer.kind != PREFER}
    decisions, quarrels = decide_clips(consensus), set(disputed(consensus))
    known = {decision.clip_id for decision in decisions}
    return ReviewFacts(
        answers=len(told),
        clips=len(clips),
        decided=sum(decision.cannot is None for decision in decisions),
        disputed=len(quarrels),
        open=len(clips - known - quarrels),
        cannot=sum(decision.cannot is not None for decision in decisions),
        seconds=round(sum(answer.seconds for answer in told), 3),
        fields=tuple(
            FieldFacts(field=one.field, items=one.items, answers=one.answers, alpha=one.alpha, pairwise=one.pairwise)
            for one in agreement(consensus.reviewed).fields
        ),
        reviewers=tuple(_reviewers(consensus)),
    )


def _reviewers(consensus: Consensus) -> Iterator[ReviewerFacts]:
    for name in sorted({answer.reviewer for answer in consensus.answers}):
        mine = [answer for answer in consensus.answers if answer.reviewer == name]
        yield ReviewerFacts(
            reviewer=name,
            answers=len(mine),
            seconds=round(median(answer.seconds for answer in mine), 3),
            cannot=sum(answer.cannot is not None for answer in mine),
            reliability=consensus.reliability.get(name),
        )
