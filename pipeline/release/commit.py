"""Make a whole version of what the pipeline has written."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.card.card import CARD, card
from pipeline.card.croissant import CROISSANT, croissant
from pipeline.ingest.sources import SCAN, Found
from pipeline.plan import Plan
from pipeline.release.shards import write_dead
from pipeline.report.page import REPORT, page
from pipeline.rights.withdrawn import TAKEDOWN
from pipeline.stats.collect import card_facts
from pipeline.versions.integrity import write_sums
from schemas.atomic import move_whole, write_atomic
from schemas.errors import AffectoryError, UsageError
from schemas.provenance import digest
from schemas.record import BUG, SCHEMA_VERSION, DeadLetter, Unused, subtitles_key
from schemas.values import Span
from schemas.versions.accounts import SourceAccount, account
from schemas.versions.dead_letters import counted
from schemas.versions.manifest import MANIFEST, Counts, Manifest, WrittenFile, latest_version, read_manifest, sealed
from schemas.versions.review_facts import ReviewFacts
from schemas.versions.row_hash import added
from schemas.versions.rows import ACCEPT, FOLDERS, REJECT, REVIEW

if TYPE_CHECKING:
    from pipeline.release.ledger import Ledger  # with Beam, which takes seconds

DEAD = "dead/dead-00000-of-00001.parquet"


def fingerprint(plan: Plan, found: Sequence[Found], copies: Sequence[DeadLetter], media: str, people: str = "") -> str:
    """Return the hash of all that a version depends on."""
    sources = [[one.sha256, subtitles_key(one.subtitles), asdict(one.terms), one.file] for one in found]
    return digest([installed("affectory"), plan.hash, media, sources, [letter.file for letter in copies], people], 16)


def next_name(out: Path) -> str:
    """Return a free name that comes after all others: v2 after v1, pilot-2 after pilot."""
    name = latest_version(out)
    name = following(name) if name else "v1"
    while (out / name).exists():
        name = following(name)
    return name


def following(name: str) -> str:
    """Return the name that comes next in the order of versions."""
    stem, digits = re.fullmatch(r"(.*?)(\d*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{stem}{int(digits) + 1:0{len(digits)}d}" if digits else f"{name}-2"


def commit(  # noqa: PLR0913
    staging: Path,
    place: Path,
    *,
    plan: Plan,
    inputs: str,
    found: Sequence[Found],
    copies: Sequence[DeadLetter],
    ledger: Any,
    unused: Sequence[Unused] = (),
    reviews: ReviewFacts | None = None,
    newest: Manifest | None = None,
) -> Manifest:
    """Write dead letters, report, card and manifest beside the shards, and move the version to its place.

    Where `newest` is given and holds the same, nothing is written, and it is returned.

    Raises:
        UsageError: the place was taken while the build ran.
    """

    letters = (*copies, *ledger.dead, *barren(found, ledger))
    made = replace(_manifest(plan, inputs, found, letters, ledger), reviews=reviews, unused=(*unused, *ledger.unused))
    if newest is not None and _told(newest) == _told(made):
        shutil.rmtree(staging)
        return newest
    write_dead(letters, staging / DEAD)
    return finish(staging, place, made)


def _told(manifest: Manifest) -> tuple[object, ...]:
    """Return what two versions agree in that hold the same."""
    return manifest.inputs, manifest.rows_sha256, manifest.ledger, manifest.reasons


def refuse_many(ledger: Ledger, sources: int, most: float) -> tuple[DeadLetter, ...]:
    """Return the letters of sources and clips that annotators failed on as they must not.

    Raises:
        AffectoryError: it is a larger share of the clips, or of the sources, than a version may lack.
    """
    failed = tuple(letter for letter in ledger.dead if letter.fault == BUG)
    clips = sum(shard.rows for shard in ledger.shards) + sum(letter.clip_id is not None for letter in ledger.dead)
    of_clips = sum(letter.clip_id is not None for letter in failed)
    for what, count, total in (("clips", of_clips, clips), ("sources", len(failed) - of_clips, sources)):
        if count > most * total:
            first = next(letter for letter in failed if (letter.clip_id is not None) == (what == "clips"))
            raise AffectoryError(
                f"{count} of {total} {what} are quarantined, more than run.max_quarantined = {most:g} allows: no version is "
                f"written. The first: {first.place}: {first.reason}. Mend the annotator and "
                "ask again with --retry-dead, or allow more"
            )
    return failed


def finish(staging: Path, place: Path, manifest: Manifest) -> Manifest:
    """Write report, card and, last of all, the manifest beside shards and dead letters, and move the version to its place.

    Raises:
        UsageError: the place is taken.
    """

    found = card_facts(staging, manifest, place.name)
    manifest = replace(manifest, conflicts=found.conflicts)
    write_atomic(staging / REPORT, page(staging, manifest, place.name).encode())
    write_atomic(staging / CARD, card(found).encode())
    write_atomic(staging / CROISSANT, croissant(found).encode())
    manifest = replace(manifest, sums_sha256=write_sums(staging, {file.file: file.sha256 for file in manifest.files}))
    write_atomic(staging / MANIFEST, sealed(manifest))
    try:
        move_whole(staging, place)
    except FileExistsError as error:
        if place.exists():
            raise UsageError(f"{place} was written by somebody else meanwhile; run the command again") from error
        raise
    return manifest


def _manifest(plan: Plan, inputs: str, found: Sequence[Found], letters: Sequence[DeadLetter], ledger: Any) -> Manifest:
    whole = [letter for letter in letters if letter.clip_id is None]
    copies = sum(letter.step == SCAN for letter in whole)
    withdrawn = sum(letter.step == TAKEDOWN for letter in whole)  # not among those found: nothing is done with them
    rows = dict.fromkeys(FOLDERS.values(), 0)
    splits: dict[str, int] = {}
    for shard in ledger.shards:
        folder, split = Path(shard.file).parent.name, Path(shard.file).name.partition("-")[0]
        rows[folder] += shard.rows
        if folder == FOLDERS[ACCEPT]:
            splits[split] = splits.get(split, 0) + shard.rows
    return Manifest(
        schema=SCHEMA_VERSION,
        affectory=installed("affectory"),
        inputs=inputs,
        plan=plan.resolved,
        plan_hash=plan.hash,
        ledger=Counts(
            sources=len(found) + copies + withdrawn,
            copies=copies,
            dead_sources=len(whole) - copies,
            sources_with_clips=len(found) + withdrawn - (len(whole) - copies),
            clips=sum(rows.values()) + len(letters) - len(whole),
            accepted=rows[FOLDERS[ACCEPT]],
            review=rows[FOLDERS[REVIEW]],
            rejected=rows[FOLDERS[REJECT]],
            dead_clips=len(letters) - len(whole),
            quarantined=sum(letter.fault == BUG for letter in letters),
        ),
        reasons=counted(letters),
        splits=splits,
        seconds=round(sum(shard.seconds for shard in ledger.shards), 3),
        files=tuple(WrittenFile(file=s.file, rows=s.rows, bytes=s.bytes, sha256=s.sha256) for s in ledger.shards),
        rows_sha256=added(sum(int(shard.rows_sha256, 16) for shard in ledger.shards)),
        sources=tuple(_source(one, ledger.grouped) for one in found),
        accounts=tuple(accounts(ledger)),
        grouped=ledger.grouped.facts if ledger.grouped else None,
        sums_sha256="",
    )


def accounts(ledger: Ledger) -> Iterator[SourceAccount]:
    """Yield what became of the seconds of each source, in order of source_id."""
    clips = ledger.grouped.clips if ledger.grouped is not None else {}
    letters: dict[str, list[DeadLetter]] = {}
    for letter in ledger.dead:
        letters.setdefault(letter.source_id, []).append(letter)
    for extent in ledger.extents:
        spans = [Span(start=start, end=end) for start, end in clips.get(extent.source_id, ())]
        yield account(extent, spans, letters.get(extent.source_id, []))


def barren(found: Sequence[Found], ledger: Ledger) -> Iterator[DeadLetter]:
    """Yield a dead letter for each source that has none of its own, and none of whose clips became a row."""
    used = ledger.grouped.clips.keys() if ledger.grouped is not None else set()
    clips = Counter(letter.source_id for letter in ledger.dead if letter.clip_id is not None)
    told = {letter.source_id for letter in ledger.dead if letter.clip_id is None}
    for one in found:
        if clips[one.source_id] and one.source_id not in used | told:
            reason = f"none of its {clips[one.source_id]} clips became a row; each has its own reason"
            yield DeadLetter(source_id=one.source_id, file=one.file, clip_id=None, step="segment", reason=reason)


def _source(one: Found, grouped: Any) -> dict[str, str]:
    """Return what the manifest says about a source; one without clips has no split."""
    told = {"source_id": one.source_id, "sha256": one.sha256, "file": one.file}
    if grouped is None or one.source_id not in grouped.splits:
        return told
    return told | {"split": grouped.splits[one.source_id], "group": grouped.groups[one.source_id]}


def earlier(out: Path) -> dict[str, str]:
    """Return the split of each source (by source_id) in the newest version in `out`; empty where there is none."""
    name = latest_version(out)
    manifest = read_manifest(out / name) if name else None
    return {one["source_id"]: one["split"] for one in manifest.sources if "split" in one} if manifest else {}
