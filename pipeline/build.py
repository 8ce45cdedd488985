"""`python -m pipeline.build --source raw/ --out shards/`: raw video in, one joined record per clip out."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from label_studio.consensus.consensus import Consensus, fit_consensus
from label_studio.project.answers import Answer
from pipeline.cli.arguments import build_arguments
from pipeline.feedback.reviews import authors, gather, key, laid_out
from pipeline.feedback.teaching import apply_feedback
from pipeline.ingest.sources import Found, find_sources, share_of
from pipeline.plan import Plan, budgeted, read_plan
from pipeline.release.commit import commit, earlier, fingerprint, next_name, refuse_many
from pipeline.rights.withdrawn import Withdrawn, drop_withdrawn, read_withdrawn
from pipeline.runtime.holding import holding
from pipeline.runtime.progress import Steps, progress
from pipeline.runtime.world import of_the_world
from pipeline.split.assign import refuse_stated
from pipeline.split.links import SourceIdentity
from schemas.atomic import left_behind
from schemas.errors import AffectoryError, UsageError
from schemas.record import DeadLetter, Unused
from schemas.versions.manifest import Manifest, lacking, latest_version, order, read_manifest
from schemas.versions.review_facts import ReviewFacts

if TYPE_CHECKING:
    from pipeline.release.ledger import Ledger  # with Beam, which takes seconds

QUARANTINED = 3
"""Exit status of a build that wrote a version without the records that annotators failed on."""
NAMED = 20
"""Of those, so many are named on the screen."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    # Libraries talk to the root logger about what is not wrong; what is wrong with the build is said in words, below.
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    args, beam_args = build_arguments().parse_known_args(argv)
    try:
        return _build(args, beam_args)
    except UsageError as error:
        sys.stderr.write(f"pipeline.build: {error}\n")
        return 2
    except AffectoryError as error:
        sys.stderr.write(f"pipeline.build: {error}\nWhat is done is kept: the same command goes on from here.\n")
        return 1
    except OSError as error:
        if (told := of_the_world(error)) is None:
            raise
        sys.stderr.write(f"pipeline.build: {told}\nWhat is done is kept: the same command goes on from here.\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\npipeline.build: stopped. What is done is kept: the same command goes on from here.\n")
        return 130


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildJob:
    """All that decides what a version holds, and its name."""

    plan: Plan
    found: tuple[Found, ...]
    copies: tuple[DeadLetter, ...]
    unused: tuple[Unused, ...]
    withdrawn: Withdrawn
    people: Consensus
    reviews: ReviewFacts | None
    inputs: str
    name: str


def _build(args: argparse.Namespace, beam_args: Sequence[str]) -> int:
    if args.workers < 1:
        raise UsageError(f"--workers {args.workers}: at least 1")
    if args.version is not None and ("/" in args.version or args.version.startswith(".")):
        raise UsageError(f"--version {args.version}: a plain name")
    _refuse_nested(args)
    job = _job(args)
    there = _up_to_date(args, job.inputs)
    if there is not None:
        return QUARANTINED if there.ledger.quarantined else 0
    if args.part:
        job = replace(job, found=share_of(job.found, *args.part))
    if args.dry_run:
        sys.stdout.write(_intent(args, job))
        return 0
    work = (args.work or args.out / ".work").resolve()
    with ExitStack() as stack:
        # Parts work side by side, and each keeps what it makes under its own name.
        stack.enter_context(holding(work, "a build", shared=bool(args.part)))
        if not args.part and work != (args.out / ".work").resolve():
            stack.enter_context(holding(args.out / ".work", "a build"))
        return _run(args, beam_args, job, work)


def _refuse_nested(args: argparse.Namespace) -> None:
    """The sources are searched in depth: what a build writes among them, the next one would take for sources."""
    source = args.source.resolve()
    for option, folder in (("--out", args.out), ("--work", args.work)):
        if folder is not None and folder.resolve().is_relative_to(source):
            raise UsageError(f"{option} {folder} lies in --source {args.source}, where clips become sources; choose one outside")
    if args.out.exists() and not args.out.is_dir():
        raise UsageError(f"--out {args.out}: not a folder")


def _job(args: argparse.Namespace) -> BuildJob:
    plan = budgeted(read_plan(args.plan), args.review_budget)
    found, copies, unused = find_sources(args.source)
    refuse_stated([stated_identity(one) for one in found])
    people = fit_consensus(gather(args.out), plan.review)
    out = read_withdrawn(args.out)
    plan, reviews = apply_feedback(plan, people, args.out, out)
    found, letters = drop_withdrawn(out, found, copies, plan.resolved)
    inputs = fingerprint(plan, found, letters, args.media, key(people) + out.key)
    name = args.version or next_name(args.out)
    return BuildJob(
        plan=plan,
        found=found,
        copies=letters,
        unused=unused,
        withdrawn=out,
        people=people,
        reviews=reviews,
        inputs=inputs,
        name=name,
    )


def stated_identity(one: Found) -> SourceIdentity:
    """Return what `sources.csv` says that ties a source to others."""
    terms = one.terms
    return SourceIdentity(
        source_id=one.source_id, file=one.file, duration=0.0, pictured=True, given=terms.split, names=terms.speakers
    )


def _up_to_date(args: argparse.Namespace, inputs: str) -> Manifest | None:
    """Return, and tell of, the version that this command would write, None where there is none; never write over another."""
    there = args.version or latest_version(args.out)
    manifest = read_manifest(args.out / there) if there else None
    gone = lacking(args.out / there, manifest) if there and manifest is not None else []
    if gone:
        more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        said = f"{gone[0]}{more} missing or of another size; `affectory versions verify` says more"
        sys.stderr.write(f"pipeline.build: {args.out / str(there)} is not whole: {said}. The next version holds it all again.\n")
    elif manifest is not None and manifest.inputs == inputs and args.retry_dead is None:
        sys.stdout.write(f"{args.out / str(there)} is up to date: same sources, same plan; nothing to do.\n")
        sys.stdout.write(_put_aside(manifest.ledger.quarantined, ()))
        return manifest
    if args.version and (args.out / args.version).exists():
        raise UsageError(
            f"--version {args.version}: it exists, holds something else, and versions do not change; choose a new name"
        )
    newest = latest_version(args.out)
    if args.version and newest and order(args.version) < order(newest):
        wanted = f"choose a name after it, as {next_name(args.out)}"
        raise UsageError(f"--version {args.version}: {newest} would still be the newest; {wanted}")
    return None


def _run(args: argparse.Namespace, beam_args: Sequence[str], job: BuildJob, work: Path) -> int:
    from annotators.llm.usage import Usage  # noqa: PLC0415
    from annotators.models.local import require  # noqa: PLC0415

    logging.disable(logging.WARNING)  # at its import, Beam warns about clients of a cloud that nobody asked for
    from pipeline.flow import WriteTarget, options, run_pipeline  # noqa: PLC0415
    from pipeline.runtime.context import RunContext  # noqa: PLC0415
    from pipeline.runtime.dead import UNSETTLED, release_quarantined  # noqa: PLC0415

    logging.disable(logging.NOTSET)

    beam_options = options(beam_args)
    for annotator in job.plan.annotators:
        annotator.check()
    require([ref.name for annotator in job.plan.annotators for ref in annotator.provenance.models])
    context = RunContext(work=work, device=_device(args.device), workers=args.workers, limits=job.plan.run.limits)
    if args.retry_dead is not None:
        released = release_quarantined(context.store, args.retry_dead)
        sys.stdout.write(f"{released} quarantined record{' is' if released == 1 else 's are'} asked about again\n")
    staging = work / "staging" / job.inputs
    for left in (staging, *left_behind(args.out)):
        shutil.rmtree(left, ignore_errors=True)
    shutil.rmtree(work / UNSETTLED, ignore_errors=True)
    release = (
        None
        if args.part
        else WriteTarget(folder=staging, media=args.media, about=about(job.plan, job.people.answers), earlier=earlier(args.out))
    )
    people = replace(laid_out(job.people, context.store), withdrawn=job.withdrawn)
    steps, here = steps_of(job.plan), context.counts
    try:
        with progress(lambda elapsed: steps.line(here.counted, len(job.found), elapsed)):
            ledger, counted = run_pipeline(job.found, job.plan, people, context, release, beam_options)
    finally:
        context.process.close()
    tables = steps.table(counted) + Usage.among(counted).table()
    if release is None:
        sys.stdout.write(f"part {args.part[0]}/{args.part[1]} is done; run without --part to assemble\n" + tables)
        return 0
    return _release(args, job, staging, ledger, sum(1 for _ in (work / UNSETTLED).rglob("*.json")), tables)


def _release(args: argparse.Namespace, job: BuildJob, staging: Path, ledger: Ledger, unsettled: int, tables: str) -> int:
    """Make a version of what was written, and tell of it; return the exit status."""
    quarantined = refuse_many(ledger, len(job.found), job.plan.run.max_quarantined)
    status = QUARANTINED if quarantined else 0
    latest = latest_version(args.out) if args.retry_dead is not None else None
    newest = read_manifest(args.out / latest) if latest else None
    manifest = commit(
        staging,
        args.out / job.name,
        plan=job.plan,
        # A version with answers that are still due is not what its inputs could give: the same command has more to do.
        inputs=f"{job.inputs} but {unsettled}" if unsettled else job.inputs,
        found=job.found,
        copies=job.copies,
        unused=job.unused,
        reviews=job.reviews,
        ledger=ledger,
        newest=newest,
    )
    if manifest is newest:
        sys.stdout.write(f"nothing has changed by it: {latest} holds the same\n")
        return status
    told = manifest.summary(args.out / job.name) + tables + _due(unsettled)
    sys.stdout.write(told + _put_aside(len(quarantined), quarantined))
    return status


def steps_of(plan: Plan) -> Steps:
    """Return the steps of a build, in the order of the data's way."""
    sources = [one.name for one in plan.scoped("source")]
    clips = [one.name for one in plan.annotators if one.scope != "source"]
    order = ("probe", *sources, "cut", *clips, "judge", "write")
    return Steps(order=order, per_source=frozenset(("probe", *sources, "write")))


def _put_aside(count: int, letters: Sequence[DeadLetter]) -> str:
    """Return what is said of records that annotators failed on as they must not, the first of them by name."""
    if not count:
        return ""
    told = "1 record is" if count == 1 else f"{count} records are"
    names = [f"  {letter.place}: {letter.reason}\n" for letter in letters[:NAMED]]
    more = f"  and {len(letters) - NAMED} more; all stand in its dead letters\n" * (len(letters) > NAMED)
    return f"{told} quarantined: an annotator fails there as it must not; --retry-dead asks again\n{''.join(names)}{more}"


def _due(unsettled: int) -> str:
    return f"{unsettled} answers did not come; the same command asks for them again and writes the next version\n" * bool(
        unsettled
    )


def about(plan: Plan, answers: Sequence[Answer] = ()) -> dict[str, str]:
    """Return what each Parquet file says about itself: every author in it, resolved."""
    from pydantic_core import to_json  # noqa: PLC0415

    known = {author.key: asdict(author) for author in (*plan.authors, *authors(answers, plan.review))}
    return {"affectory": to_json({"affectory": version("affectory"), "authors": known}).decode()}


def _intent(args: argparse.Namespace, job: BuildJob) -> str:
    lines = [f"would write {args.out / job.name} by plan {job.plan.name} ({job.plan.hash}) from {len(job.found)} sources"]
    lines += [
        f"  {one.file}" + ("  with " + ", ".join(words.name for words in one.subtitles) if one.subtitles else "")
        for one in job.found
    ]
    lines += [f"  {letter.file or letter.source_id}: left out, {letter.reason}" for letter in job.copies]
    lines += [f"  {one.file}: not used, {one.reason}" for one in job.unused]
    lines += [f"answers of people: {len(job.people.answers)}"] if job.people.answers else []
    lines += [f"annotators: {', '.join(annotator.key for annotator in job.plan.annotators)}"]
    return "\n".join(lines) + "\n"


def _device(wanted: str) -> str:
    import torch  # noqa: PLC0415

    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise UsageError("--device cuda: this machine has no CUDA device that torch can use")
    return "cuda" if there and wanted != "cpu" else "cpu"


if __name__ == "__main__":
    sys.exit(main())
