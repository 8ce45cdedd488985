"""The way of the data, as one Beam pipeline.

found ─▶ Probe ─▶ Annotate sources ─▶ Segment ─▶ CutClips ─▶ Annotate clips ─▶ Keep ─▶ Identify, judge ─▶ WriteShard
            └──────────────┴───────────────┴──────────┴─────────────┴──────────┴─────────▶ dead letters ─▶ WriteLedger

Where annotators of clips read what was said of all clips of a source (whose face the speaker's is), the clips go round once more:
Annotate clips ─▶ Keep ─▶ Together ─▶ Annotate clips ─▶ Keep ─▶ Identify.

Between Identify and WriteShard, PlanShards sees all sources at once: which scenes are copies, which split each source goes to.

Everything up to the first Keep is one fused stage on the local runner: no barrier stands between a source and its clips.
"""

from __future__ import annotations

import logging
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions, StandardOptions

from annotators.annotator import Annotator
from pipeline.clips.cut import CutClips, Segment
from pipeline.clips.keep import Keep, KeepFingerprints
from pipeline.feedback.reviews import ReviewIndex
from pipeline.ingest.probe import Probe
from pipeline.ingest.sources import Found
from pipeline.plan import Plan
from pipeline.release.identify import Identify, Together
from pipeline.release.ledger import LEDGER, Ledger, WriteLedger
from pipeline.release.shard_plan import GROUPED, PlanShards, WriteShard
from pipeline.runtime.annotate import Annotate
from pipeline.runtime.concurrent import COUNTS, DEAD
from pipeline.runtime.context import RunContext
from pipeline.runtime.world import of_the_world
from schemas.errors import AffectoryError, UsageError

LOCAL = "FnApiRunner"
REFUSED = {
    "DaskRunner": "it loses data without saying so (empty sinks, dropped outputs)",
    "RayRunner": "its package does not load with this version of Beam",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTarget:
    """Where and how shards are written; None as a release means that only the work is done."""

    folder: Path
    media: str
    about: dict[str, str]
    earlier: Mapping[str, str]
    """Splits of sources (by source_id) in an earlier version, which they keep."""

    @property
    def ledger(self) -> Path:
        """Return where the pipeline tells what it wrote."""
        return self.folder / ".ledger.json"


def options(beam_args: Sequence[str]) -> PipelineOptions:
    """Return Beam's options, the local runner by default.

    Raises:
        UsageError: Beam knows no such option, the runner is known to lose data, or no job server is where it should be.
    """
    known, unknown = PipelineOptions(list(beam_args)), _unknown(beam_args)
    if unknown:
        raise UsageError(f"neither pipeline.build nor Beam knows {unknown[0]}; see --help")
    standard = known.view_as(StandardOptions)
    # Beam's own default may download a runner and may fall back to another one: name it.
    standard.runner = standard.runner or LOCAL
    short = standard.runner.rpartition(".")[2]
    if short in REFUSED:
        raise UsageError(f"--runner={short}: {REFUSED[short]}; use {LOCAL}, FlinkRunner or PortableRunner")
    _reach(known.view_as(PortableOptions).job_endpoint)
    return known


def _reach(endpoint: str | None) -> None:
    """See that somebody listens there: Beam waits for minutes, and says nothing."""
    if endpoint in (None, "embed"):
        return
    host, _, port = endpoint.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(f"--job_endpoint={endpoint}: no answer ({error}); start the job server, or say its host:port") from None


def _unknown(beam_args: Sequence[str]) -> list[str]:
    parser = beam.options.pipeline_options._BeamArgumentParser(add_help=False, allow_abbrev=False)
    for kind in PipelineOptions.__subclasses__():
        kind._add_argparse_args(parser)
    return [arg for arg in parser.parse_known_args(list(beam_args))[1] if arg != "--"]


def run_pipeline(
    found: Sequence[Found],
    plan: Plan,
    people: ReviewIndex,
    context: RunContext,
    release: WriteTarget | None,
    beam_options: PipelineOptions,
) -> tuple[Ledger, Mapping[str, int]]:
    """Run the pipeline to its end; return what became of everything, and what all workers counted."""
    local = beam_options.view_as(StandardOptions).runner.rpartition(".")[2] == LOCAL
    pipeline = beam.Pipeline(options=beam_options)
    indexes, dead = _work(pipeline | "Sources" >> beam.Create(list(found), reshuffle=not local), plan, people, context, local)
    if release is not None:
        _write(indexes, dead, plan, context, release)
    counted = _to_the_end(pipeline)
    if release is None or not release.ledger.exists():  # nothing went in at all
        return Ledger(shards=(), dead=()), counted
    ledger = LEDGER.validate_json(release.ledger.read_bytes())
    release.ledger.unlink()
    if ledger.grouped is not None and ledger.grouped.refused is not None:
        raise UsageError(ledger.grouped.refused)
    return ledger, counted


def _to_the_end(pipeline: Any) -> Mapping[str, int]:
    """Run, and return what was counted; what the world or the user did is raised as such: Beam tags every error, and copies few.

    Raises:
        KeyboardInterrupt: the user stopped the build.
        TransientError: the disk is full, cannot be written to, or fails.
    """
    logger = logging.getLogger("apache_beam.runners.common")
    logger.addFilter(_is_a_bug)
    try:
        result = pipeline.run()
        result.wait_until_finish()
        return summed(result)
    except Exception as error:
        first = _untagged(error)
        if isinstance(first, (KeyboardInterrupt, AffectoryError)):
            raise first from None
        if (told := of_the_world(first)) is not None:
            raise told from error
        raise
    finally:
        logger.removeFilter(_is_a_bug)


def summed(result: Any) -> Mapping[str, int]:
    """Return what the workers of a run counted, summed over its steps."""
    counted: Counter[str] = Counter()
    for one in result.metrics().query(MetricsFilter().with_namespace(COUNTS))["counters"]:
        counted[one.key.metric.name] += one.result
    return counted


def _untagged(error: BaseException) -> BaseException:
    return error.__context__ or error if getattr(error, "_tagged_with_step", False) else error


def _is_a_bug(record: logging.LogRecord) -> bool:
    """Beam logs with its trace what is told in words."""
    raised = _untagged(record.exc_info[1]) if record.exc_info and record.exc_info[1] else None
    return not (of_the_world(raised) or isinstance(raised, (KeyboardInterrupt, AffectoryError)))


def _work(found: Any, plan: Plan, people: ReviewIndex, context: RunContext, local: bool) -> tuple[Any, Any]:
    """Return the index of each source that has clips, and all dead letters."""
    dead = []

    def step(label: str, items: Any, fn: beam.DoFn) -> Any:
        out = items | label >> beam.ParDo(fn).with_outputs(DEAD, main="out")
        dead.append(out[DEAD])
        return out["out"]

    def annotate(records: Any, annotators: Sequence[Annotator[Any, Any]]) -> Any:
        for annotator in annotators:
            out = records | Annotate(annotator, context)
            dead.append(out[DEAD])
            records = out["records"]
        return records

    def spread(items: Any, label: str) -> Any:
        # On a cluster the clips of one long source go to all workers; on one machine a shuffle would only be a barrier.
        return items if local else items | label >> beam.Reshuffle()

    sources = annotate(step("Probe", found, Probe(context)), plan.scoped("source"))
    wanted = spread(step("Segment", sources, Segment(plan.segment, context)), "Spread")
    first, *later = plan.rounds
    clips = annotate(step("Cut", wanted, CutClips(plan.cut, context)), first.clips)
    for number, after in enumerate(later, 1):
        kept = step(f"Keep {number}", clips, Keep(context))
        of_source = (
            kept | f"By source {number}" >> beam.Map(lambda one: (one.source_id, one)) | f"Gather {number}" >> beam.GroupByKey()
        )
        together = step(f"Together {number}", of_source, Together(after.together, context))
        clips = annotate(spread(together, f"Spread {number}"), after.clips)
    kept = step("Keep", clips, Keep(context))
    prints = step("Fingerprints", sources, KeepFingerprints(context))
    told = (kept, prints) | "Of sources" >> beam.Flatten()
    by_source = told | "By source" >> beam.Map(lambda one: (one.source_id, one)) | "Gather" >> beam.GroupByKey()
    indexes = step("Identify", by_source, Identify(plan, people, context))
    return indexes, dead | "Dead letters" >> beam.Flatten()


def _write(indexes: Any, dead: Any, plan: Plan, context: RunContext, release: WriteTarget) -> None:
    planned = (
        indexes
        | "All sources" >> beam.Map(lambda index: (None, index))
        | "Together" >> beam.GroupByKey()
        | "Plan shards" >> beam.ParDo(PlanShards(plan, context, release.earlier)).with_outputs(GROUPED, main="shards")
    )
    shards = planned["shards"] | "Spread shards" >> beam.Reshuffle()
    writer = WriteShard(context, release.folder, plan.release, release.media, release.about)
    written = (shards | "Write" >> beam.ParDo(writer).with_outputs(DEAD, main="out"))["out"]
    (
        (written, dead, planned[GROUPED])
        | "All told" >> beam.Flatten()
        | "One ledger" >> beam.Map(lambda told: (None, told))
        | "Gather ledger" >> beam.GroupByKey()
        | "Write ledger" >> beam.ParDo(WriteLedger(release.ledger))
    )
