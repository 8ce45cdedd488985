"""What can be said about a review as a whole: for the manifest, the report and `label_studio.status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from label_studio.consensus.adjudication import ReviewSettings, decide_clips, disputed
from label_studio.consensus.agreement import ALL, PREFER, agreement, latest_answers, reliability
from label_studio.project.answers import Answer
from schemas.versions.review_facts import FieldFacts, ReviewerFacts, ReviewFacts


def review_facts(answers: Iterable[Answer], settings: ReviewSettings) -> ReviewFacts:
    """Return the facts about answers, the same in whatever order they come."""
    told = sorted(answers, key=lambda answer: answer.answer_id)
    clips = {answer.clip_id for answer in told if answer.kind != PREFER}
    decisions, quarrels = decide_clips(told, settings), set(disputed(told, settings))
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
            for one in agreement(told).fields
        ),
        reviewers=_reviewers(told),
    )


def _reviewers(told: Sequence[Answer]) -> tuple[ReviewerFacts, ...]:
    shared = Counter(answer.clip_id for answer in latest_answers(told))
    trusted = reliability((answer for answer in told if shared[answer.clip_id] > 1), ALL)
    found = []
    for name in sorted({answer.reviewer for answer in told}):
        mine = [answer for answer in told if answer.reviewer == name]
        found.append(
            ReviewerFacts(
                reviewer=name,
                answers=len(mine),
                seconds=round(median(answer.seconds for answer in mine), 3),
                cannot=sum(answer.cannot is not None for answer in mine),
                reliability=trusted.get(name),
            )
        )
    return tuple(found)
