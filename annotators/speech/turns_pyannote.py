"""Speaker turns by pyannote.audio on weights that need no account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from annotators.annotator import Annotator, Scope
from annotators.media import decoder
from annotators.models import local
from annotators.speech import turns
from annotators.speech.silence import squeezed
from schemas.claims import Claim
from schemas.record import Source
from schemas.validate import InnerProportion, NotNegative, Positive, PositiveInt


@dataclass(frozen=True, kw_only=True)
class PyannoteTurns(Annotator[Source, Any]):
    """pyannote's SpeakerDiarization: PyanNet segmentation, ECAPA voices, average-linkage clustering.

    Defaults were chosen on the 12 development and training clips of pyannote.audio's own tests (30 s of meetings each), where the
    error is 0.28 (`tests/accuracy_listen.py` measures it). There, `reuse` 0.75 embeds 6 pieces where 1.1 embeds 10, with the same
    error; 0.5 embeds 3.5, again with the same error, but splits a voice in two on pyannote's sample.
    """

    name: ClassVar[str] = "turns.pyannote"
    version: ClassVar[str] = "2+pyannote.audio-4.0"
    scope: ClassVar[Scope] = "source"
    provides: ClassVar[tuple[str, ...]] = ("turns", "speakers")
    shared: ClassVar[bool] = True

    segmentation_model: str = "segmentation-2.1"
    embedding_model: str = "ecapa-voxceleb"
    step: InnerProportion = 0.1
    """Share of the 5 s window by which it moves on."""
    threshold: InnerProportion = 0.4
    """Score from which a speaker counts as active."""
    bridge: NotNegative = 0.58
    """Pauses up to this many seconds belong to the turn."""
    distance: Annotated[float, Field(gt=0, le=2)] = 0.70
    """Cosine distance up to which voices are one speaker's."""
    smallest: Annotated[int, Field(ge=1, le=20)] = 5
    """Fewer pieces of speech than this do not make a speaker of their own."""
    reuse: Positive = 0.75
    """Windows share an embedding where this much of their speech (intersection over union) is the same; above 1: never."""
    threads: PositiveInt = 2
    """Threads of one source; part of the settings because the order of additions can change the last bits."""

    def load(self, device: str) -> Any:
        """Return pyannote's pipeline on local weights."""
        from annotators.speech import diarization  # noqa: PLC0415

        return diarization.local(
            local.path(self.segmentation_model),
            local.path(self.embedding_model),
            device,
            step=self.step,
            reuse=self.reuse,
            parameters={
                "segmentation": {"threshold": self.threshold, "min_duration_off": 0.0},
                "clustering": {"method": "average", "threshold": self.distance, "min_cluster_size": self.smallest},
            },
        )

    def annotate(self, model: Any, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return the turns and speakers of each source; () where nobody speaks or nothing sounds.

        Raises:
            ItemError: the sound cannot be decoded.
        """
        return [diarized(self.key, model, record, self.bridge, self.threads) for record in records]


def diarized(by: str, pipeline: Any, record: Source, bridge: float, threads: int) -> tuple[Claim, ...]:
    """Return what a pyannote pipeline says about a source."""
    from annotators.speech import diarization  # noqa: PLC0415

    if "audio" not in record.source.streams:
        return ()
    sound = decoder.audio(Path(record.path))
    short = squeezed(sound, decoder.RATE)
    heard = diarization.diarize(pipeline, short.samples, threads)
    speech, floor = ([(short.whole(span), label) for span, label in parts] for parts in (heard.speech, heard.floor))
    found = replace(heard, speech=tuple(speech), floor=tuple(floor))
    return turns.turn_claims(by, found, bridge, record.source.duration)
