"""What a run may take, and when it is worth no version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from pipeline.runtime.isolation import WorkerLimits, memory_there
from schemas.validate import Positive, Proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What a run may take. Nothing in here can change a shard, so that it is in no hash."""

    max_quarantined: Proportion = 0.05
    """Share of the clips, and of the sources, that may be put aside because an annotator fails on them as it must not; with more,
    no version is written."""
    memory: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Share of the machine's memory that annotators may hold in each process of the run, with those that they begin; what takes
    more is ended."""
    patience: Positive = 1.0
    """Factor on the time limit of every annotator, as for a machine that is slow."""

    @property
    def limits(self) -> WorkerLimits:
        """Return what annotators may take on this machine."""
        return WorkerLimits(memory=int(self.memory * memory_there()), patience=self.patience)
