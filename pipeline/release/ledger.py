"""What became of everything, as the pipeline tells it to the command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam
from pydantic import TypeAdapter

from pipeline.release.shards import ShardFile
from schemas.atomic import write_atomic
from schemas.record import DeadLetter, Unused
from schemas.versions.accounts import SourceExtent
from schemas.versions.dead_letters import letter_order
from schemas.versions.split_facts import SplitFacts


class WriteLedger(beam.DoFn):  # type: ignore[misc]
    """All that became of the sources, as one file that the command reads when the pipeline is done."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def process(self, element: tuple[Any, Iterable[ShardFile | DeadLetter | Unused | SourceExtent | Grouped]]) -> None:
        """Write the ledger of the run, in an order that does not depend on the run."""
        told = list(element[1])
        ledger = Ledger(
            shards=tuple(sorted((t for t in told if isinstance(t, ShardFile)), key=lambda shard: shard.file)),
            dead=tuple(sorted((t for t in told if isinstance(t, DeadLetter)), key=letter_order)),
            unused=tuple(sorted((t for t in told if isinstance(t, Unused)), key=lambda one: (one.file, one.reason))),
            extents=tuple(sorted((t for t in told if isinstance(t, SourceExtent)), key=lambda one: one.source_id)),
            grouped=next((t for t in told if isinstance(t, Grouped)), None),
        )
        write_atomic(self.place, LEDGER.dump_json(ledger))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What was decided over all sources, or why it could not be."""

    splits: dict[str, str]
    """By source_id."""
    groups: dict[str, str]
    """By source_id: the least source_id of those that it belongs together with."""
    facts: SplitFacts | None
    clips: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """By source_id: start and end of each clip, in seconds of the source."""
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What became of everything."""

    shards: tuple[ShardFile, ...]
    dead: tuple[DeadLetter, ...]
    unused: tuple[Unused, ...] = ()
    extents: tuple[SourceExtent, ...] = ()
    grouped: Grouped | None = None
    """None where no source has a clip."""


LEDGER = TypeAdapter(Ledger)
