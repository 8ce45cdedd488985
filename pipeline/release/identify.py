"""From finished clips to an index of each source: who is who across its clips, what to make of each; and the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from annotators.annotator import Annotator
from pipeline.clips.kept import _PRINTS, _REFS, FingerprintRef, Index, Ref, best_still, keep, kept_clip
from pipeline.clips.naming import with_final_names
from pipeline.feedback.reviews import ReviewIndex
from pipeline.plan import Plan
from pipeline.rights import withdrawn
from pipeline.runtime.annotate import annotated
from pipeline.runtime.concurrent import ConcurrentDoFn
from pipeline.runtime.context import RunContext
from pipeline.runtime.dead import RECORD_ERRORS, dead_letter, parked
from pipeline.split.links import _KIN, SourceIdentity
from schemas.provenance import digest
from schemas.record import Clip, DeadLetter


class Together(ConcurrentDoFn):
    """References to all clips of one source in; the clips out, with what is said of all of them."""

    def __init__(self, annotators: Sequence[Annotator[Any, Any]], context: RunContext) -> None:
        super().__init__(context)
        self.annotators = tuple(annotators)

    def work(self, element: tuple[str, Iterable[Ref]]) -> Iterable[Clip | DeadLetter]:
        """Let each annotator see the clips of the source in order of time."""
        clips, letters = _all_clips(tuple(element[1]), self.annotators, self.context)
        return (*(with_final_names(clip) for clip in clips), *letters)


def _all_clips(
    told: Iterable[object], annotators: Sequence[Annotator[Any, Any]], context: RunContext
) -> tuple[tuple[Clip, ...], tuple[DeadLetter, ...]]:
    """Return the clips among what is told, in order of time, with what the annotators say of all of them.

    Where one cannot say anything, there are no clips, and a dead letter for each.
    """
    refs = sorted((one for one in told if isinstance(one, Ref)), key=lambda ref: (ref.start, ref.clip_id))
    clips = tuple(kept_clip(ref, context) for ref in refs)
    for annotator in annotators if clips else ():
        with context.counts.time(annotator.name):
            try:
                clips = annotated(annotator, clips, context)
            except RECORD_ERRORS as error:
                return (), tuple(parked(dead_letter(clip, annotator.name, error), error, context) for clip in clips)
    return clips, ()


class Identify(ConcurrentDoFn):
    """References to all clips of one source and to its fingerprints in; their index out, with what is said of all, and judged."""

    def __init__(self, plan: Plan, people: ReviewIndex, context: RunContext) -> None:
        super().__init__(context)
        self.annotators, self.judge = plan.last_together, plan.judge
        self.seconds, self.people = plan.split.voice_seconds, people

    def work(self, element: tuple[str, Iterable[Ref | FingerprintRef]]) -> Iterable[Index | DeadLetter]:
        """Let each annotator see the clips of the source in order of time; then judge each clip that was not withdrawn."""
        source_id, found = element
        told = tuple(found)
        seen, letters = _all_clips(told, self.annotators, self.context)
        clips = tuple(map(with_final_names, seen))
        if not clips:
            return letters
        # Not before: who is who in a source must not depend on who has withdrawn.
        gone = {clip.clip_id for clip in clips if self.people.withdrawn.clip(withdrawn.moment(clip))}
        letters = tuple(
            withdrawn.clip_letter(source_id, one.source.file, one.clip_id, one.requested) for one in clips if one.clip_id in gone
        )
        clips = tuple(clip for clip in clips if clip.clip_id not in gone)
        if not clips:
            return letters
        with self.context.counts.time("judge"):
            judged = (self.judge(replace(clip, image=best_still(clip))) for clip in clips)
            kept = tuple(keep(self.people.apply_decisions(clip, self.judge, self.context.store), self.context) for clip in judged)
        key = digest([asdict(ref) for ref in kept])
        self.context.store.put("indexes", key, kept, _REFS)
        prints = next((one.key for one in told if isinstance(one, FingerprintRef)), None)
        fingerprints = self.context.store.get("prints", prints, _PRINTS) if prints else ()
        kin = SourceIdentity.of(clips, fingerprints or (), self.seconds)
        kin_key = digest(asdict(kin))
        self.context.store.put("kin", kin_key, kin, _KIN)
        return (Index(source_id=source_id, key=key, kin=kin_key), *letters)
