"""`python -m pipeline.route --explain CLIP --shards shards/`: the numbers behind one decision."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.cli.arguments import explain_arguments
from schemas.claims import Assessment
from schemas.errors import AffectoryError
from schemas.record import Clip
from schemas.versions.rows import ACCEPT, REVIEW, find_clip, opened, read_clips
from schemas.vocabulary.distributions import ranked, scores_of
from schemas.vocabulary.modalities import modality_order
from schemas.vocabulary.silence import unlabelled

COLUMNS = (
    "source", "actual", "requested", "transcript", "speaker", "overlap", "words", "targets", "labels", "assessments", "routes",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    args = explain_arguments().parse_args(argv)
    try:
        version, manifest = opened(args.shards, args.version)
        clip = find_clip(version, args.explain, COLUMNS)
        sys.stdout.write("\n".join(explained(clip, manifest.plan, priority_rank(clip, version))) + "\n")
    except AffectoryError as error:
        sys.stderr.write(f"pipeline.route: {error}\n")
        return 2
    return 0


def priority_rank(clip: Clip, version: Path) -> tuple[int, int]:
    """Return the place of a clip among all by priority, from 1, and how many clips there are."""
    priorities = [one.routes[-1].priority for one in read_clips(version, ("routes.priority",), batch=4096) if one.routes]
    return 1 + sum(priority > clip.routes[-1].priority for priority in priorities), len(priorities)


def explained(clip: Clip, plan: Mapping[str, Any], place: tuple[int, int]) -> Iterator[str]:
    """Yield the lines that tell one decision: every number beside the threshold that it was held to."""
    route, span = clip.routes[-1], clip.span
    audit = ", drawn for the audit" if route.audit else ""
    yield f"{clip.clip_id}  {clip.source.file}  {span.start:.2f}-{span.end:.2f} s  {route.decision}{audit}"
    yield from (f"  because {reason}" for reason in route.reasons)
    yield "labels"
    for label in sorted(clip.labels, key=lambda label: modality_order(label.modality)):
        names = "  ".join(f"{name} {score:.2f}" for name, score in ranked(scores_of(label))[:4])
        axes = "".join(f"  {axis} {value:+.2f}" for axis in ("valence", "arousal") if (value := getattr(label, axis)) is not None)
        told = names or f"no label, because {label.withheld}"
        yield f"  {label.modality:<8}{told}{axes}   {label.by}"
    own = {label.modality for label in clip.labels}
    silent = {name: why for name, why in unlabelled(clip, plan["assess"]["space"]).items() if name not in own}
    yield from (f"  {name:<8}no label, because {why}" for name, why in silent.items())
    for assessment in clip.assessments[-1:]:
        yield from _assessed(assessment, plan["route"])
    yield "gates"
    yield from _gates(clip, plan["route"])
    budget = plan["route"]["budget"] or "none"
    yield f"priority {route.priority:.4f}, number {place[0]} of {place[1]} clips; review budget {budget}"


def _assessed(assessment: Assessment, limits: Mapping[str, Any]) -> Iterator[str]:
    yield "assessment"
    for pair in assessment.conflicts:
        far = "too little in common to compare" if pair.divergence is None else f"divergence {pair.divergence:.3f}"
        sign = {None: "one has no sign to speak of", True: "opposed", False: "alike"}[pair.opposed]
        real = (
            "no conflict can be told" if pair.probability is None else f"a real conflict on {pair.axis}: {pair.probability:.2f}"
        )
        yield f"  {pair.first} and {pair.second}: {real} ({REVIEW} from {limits['conflict']:g}), {far}, valence: {sign}"
    if assessment.ambiguity is not None:
        yield f"  ambiguity {assessment.ambiguity:.3f} ({REVIEW} from {limits['ambiguity']:g})"
    if assessment.consistency is not None:
        yield f"  consistency {assessment.consistency:.2f} ({REVIEW} below {limits['consistency']:g})"
    yield f"  category {assessment.category}, outlier {assessment.outlier or 'none'}"


def _gates(clip: Clip, limits: Mapping[str, Any]) -> Iterator[str]:
    length = clip.span.duration
    sure = [word.probability for word in clip.words if word.probability is not None]
    words = f"{sum(sure) / len(sure):.2f}" if sure else "not known"
    unknown = "cannot be told" if any(target.doubtful for target in clip.targets) else "no"
    seen = "yes" if any(target.track for target in clip.targets) else unknown
    yield f"  length {length:.2f} s (at least {limits['min_seconds']:g} to {ACCEPT})"
    yield f"  others speak {clip.overlap / length:.0%} of it (at most {limits['max_overlap']:.0%})"
    yield f"  mean word probability {words} (at least {limits['min_word_probability']:g})"
    yield f"  face of the target seen: {seen} ({'needed' if limits['need_face'] else 'not needed'})"


if __name__ == "__main__":
    sys.exit(main())
