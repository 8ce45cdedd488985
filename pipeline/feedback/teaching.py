"""What people's answers teach the next version: how sure each machine may be, and from where on a person must decide.

Learned is always from the plan as it is written and from the versions that people saw, so the same answers teach the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from label_studio.consensus.adjudication import Decision, decide_clips
from label_studio.consensus.consensus import Consensus
from label_studio.consensus.facts import review_facts
from pipeline.judge.learning import Judged, changed, conflict_facts, learn
from pipeline.plan import Plan
from pipeline.rights.withdrawn import MOMENT, NOTHING, Withdrawn, moment, numbering
from schemas.record import Clip
from schemas.versions.manifest import read_manifest
from schemas.versions.review_facts import ReviewFacts
from schemas.versions.rows import pick_clips
from schemas.vocabulary.distributions import ALL


def apply_feedback(
    plan: Plan, consensus: Consensus, out: Path, withdrawn: Withdrawn = NOTHING
) -> tuple[Plan, ReviewFacts | None]:
    """Return the plan with what the answers teach, and what there is to say about them; None without answers.

    What was withdrawn teaches nothing.
    """
    if not consensus.answers:
        return plan, None
    told = tuple(judged(consensus, out, withdrawn))
    learned = learn(told, plan.assess, plan.route)
    better = replace(
        plan,
        assess=changed(plan.assess, learned.temperatures),
        route=replace(plan.route, conflict=learned.conflict),
    )
    conflicts = conflict_facts(told, plan.assess.space)
    return better, replace(review_facts(consensus), learned=learned.facts(), conflicts=conflicts)


def judged(consensus: Consensus, out: Path, withdrawn: Withdrawn = NOTHING) -> Iterator[Judged]:
    """Yield what people decided beside what machines said in the version that they saw; of versions that are gone nothing."""
    seen: dict[str, str] = {}
    for answer in sorted(consensus.answers, key=lambda one: (one.submitted, one.answer_id)):
        seen.setdefault(answer.clip_id, answer.version)
    decisions = {one.clip_id: one for one in decide_clips(consensus) if one.cannot is None}
    for name in sorted({seen[clip] for clip in decisions}):
        if (manifest := read_manifest(out / name)) is not None:
            numbers = numbering(manifest.plan)
            clips = [clip_id for clip_id in decisions if seen[clip_id] == name]
            for clip in pick_clips(out / name, clips, ("labels", "routes", *MOMENT)):
                if not withdrawn.holds(moment(clip), clip.source.speakers, numbers):
                    yield _judged(clip, decisions[clip.clip_id])


def _judged(clip: Clip, decision: Decision) -> Judged:
    people = (*decision.alone, (ALL, decision.names))
    route = clip.routes[-1] if clip.routes else None
    return Judged(
        clip_id=clip.clip_id,
        labels=clip.labels,
        people=tuple(pair for pair in people if pair[1]),
        audited=route is not None and route.audit,
        expected=route.expected if route is not None else None,
    )
