"""Speaker turns by a whole pyannote pipeline, such as speaker-diarization-community-1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from annotators.annotator import Annotator, Scope
from annotators.models import local
from annotators.speech.turns_pyannote import diarized
from schemas.claims import Claim
from schemas.record import Source
from schemas.validate import NotNegative, PositiveInt


@dataclass(frozen=True, kw_only=True)
class PyannotePipelineTurns(Annotator[Source, Any]):
    """A pipeline folder with `config.yaml`, loaded offline; its thresholds are those of the folder.

    It speaks under another name than `turns.pyannote`, whose claims it would otherwise replace: a plan names one of the two.
    """

    name: ClassVar[str] = "turns.pyannote_pipeline"
    version: ClassVar[str] = "2+pyannote.audio-4.0"
    scope: ClassVar[Scope] = "source"
    provides: ClassVar[tuple[str, ...]] = ("turns", "speakers")
    shared: ClassVar[bool] = True

    model: str = "speaker-diarization-community-1"
    bridge: NotNegative = 0.58
    """Pauses up to this many seconds belong to the turn."""
    batch: PositiveInt = 32
    """Windows per pass through a network."""
    threads: PositiveInt = 2
    """Threads of one source on a CPU."""

    def load(self, device: str) -> Any:
        """Return the pipeline."""
        from annotators.speech import diarization  # noqa: PLC0415

        return diarization.whole_pipeline(local.path(self.model), device, self.batch)

    def annotate(self, model: Any, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return the turns and speakers of each source; () where nobody speaks or nothing sounds.

        Raises:
            ItemError: the sound cannot be decoded.
        """
        return [diarized(self.key, model, record, self.bridge, self.threads) for record in records]
