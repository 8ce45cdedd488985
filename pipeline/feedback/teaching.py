"""What people's answers teach the next version: how sure each machine may be, and from where on a person must decide.

Learned is always from the plan as it is written and from the versions that people saw, so the same answers teach the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from label_studio.consensus.adjudication import Decision, decide_clips
from label_studio.consensus.consensus import Consensus
from label_studio.consensus.facts import review_facts
from pipeline.judge.learning import Judged, changed, learn
from pipeline.plan import Plan
from pipeline.rights.withdrawn import MOMENT, NOTHING, Withdrawn, numbering, row_moment
from pipeline.stats.counters import labelled
from schemas.versions.manifest import read_manifest
from schemas.versions.review_facts import ReviewFacts
from schemas.versions.rows import picked
from schemas.vocabulary.distributions import ALL


def apply_feedback(
    plan: Plan, consensus: Consensus, out: Path, withdrawn: Withdrawn = NOTHING
) -> tuple[Plan, ReviewFacts | None]:
    """Return the plan with what the answers teach, and what there is to say about them; None without answers.

    What was withdrawn teaches nothing.
    """
    if not consensus.answers:
        return plan, None
    learned = learn(judged(consensus, out, withdrawn), plan.assess, plan.route)
    better = replace(
        plan,
        assess=changed(plan.assess, learned.temperatures),
        route=replace(plan.route, conflict=learned.conflict),
    )
    return better, replace(review_facts(consensus), learned=learned.facts())


def judged(consensus: Consensus, out: Path, withdrawn: Withdrawn = NOTHING) -> Iterator[Judged]:
    """Yield what people decided beside what machines said in the version that they saw; of versions that are gone nothing."""
    seen: dict[str, str] = {}
    for answer in sorted(consensus.answers, key=lambda one: (one.submitted, one.answer_id)):
        seen.setdefault(answer.clip_id, answer.version)
    decisions = {one.clip_id: one for one in decide_clips(consensus) if one.cannot is None}
    for name in sorted({seen[clip] for clip in decisions}):
        if (manifest := read_manifest(out / name)) is not None:
            numbers = numbering(manifest.plan)
            clips = [clip for clip in decisions if seen[clip] == name]
            for row in picked(out / name, clips, ("labels", "routes", *MOMENT)):
                if not withdrawn.holds(row_moment(row), tuple(row["source"]["speakers"] or ()), numbers):
                    yield _judged(row, decisions[row["clip_id"]])


def _judged(row: Mapping[str, Any], decision: Decision) -> Judged:
    labels = tuple(labelled(row))
    people = (*decision.alone, (ALL, decision.names))
    audited = bool(row["routes"]) and bool(row["routes"][-1]["audit"])
    return Judged(clip_id=row["clip_id"], labels=labels, people=tuple(pair for pair in people if pair[1]), audited=audited)
