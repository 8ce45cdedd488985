"""Arousal of the speaker's voice, an emotion where one has been earned, and prosody relative to how they usually sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from annotators.annotator import Annotator
from annotators.media import decoder
from annotators.models import local
from annotators.verbalize import impression
from annotators.voice.features import COUNT, LEVEL, NAMES, VoiceFeatures, piece_of, speech_pieces
from annotators.voice.head import LABELS, SPACE, Head, Usual, Verdict
from schemas.claims import Claim, Cue, Label
from schemas.record import Clip
from schemas.validate import Positive
from schemas.values import Span

Numbers = npt.NDArray[np.float64]
_BASELINES = "baselines.voice@"


@dataclass(frozen=True, slots=True)
class Way:
    """A way of speaking that stands out: the feature that tells, and what is said where it is low and where it is high."""

    kind: str
    feature: int
    low: str
    high: str


WAYS = (
    Way("loudness", LEVEL, "speaks more quietly than usual", "speaks louder than usual"),
    Way("pitch", NAMES.index("pitch, semitones over 1 Hz"), "speaks lower than usual", "speaks higher than usual"),
    Way(
        "melody",
        NAMES.index("pitch, standard deviation in semitones"),
        "speaks with flatter pitch than usual",
        "speaks with livelier pitch than usual",
    ),
)


@dataclass(frozen=True, slots=True)
class Heard:
    """Both models."""

    ear: VoiceFeatures
    head: Head


@dataclass(frozen=True, kw_only=True)
class VoiceAffect(Annotator[Clip, Heard]):
    """Arousal of what the clip's speaker says alone, an emotion of `ekman7` behind a gate, and cues where it is unlike them.

    Each piece of 1 to 4 s is judged on its own, relative to the speaker's baseline where that is long and varied enough; pieces
    weigh by duration. Arousal is always told; it carries over to other languages and talk shows. An emotion and valence are told
    where acoustic statistics and an encoder of speech agree, one emotion stands out, and it is one that carried over to speech so
    unlike the training data as this is; else `withheld` says what was missing. The training data are acted and German: expect a
    label seldom, and compare arousal within a source. Figures: docs/accuracy.md.
    """

    name: ClassVar[str] = "labels.voice_affect"
    version: ClassVar[str] = "1+faster-whisper-1.2"
    requires: ClassVar[tuple[str, ...]] = ("audio", "speaker", "turns", "baselines")
    provides: ClassVar[tuple[str, ...]] = ("labels", "cues")

    model: str = "whisper-base"
    head_model: str = "voice-affect"
    known: Annotated[int, Field(ge=2)] = 3
    """Least pieces in the baseline for cues."""
    unusual: Positive = 1.5
    """Standard deviations of the speaker from which a piece is unusual."""

    def load(self, device: str) -> Heard:
        """Return the features' maker and the head; they run on the CPU whatever the device."""
        head = Head.load(local.path(self.head_model) / "head.safetensors")
        return Heard(VoiceFeatures.load(local.path(self.model)), head)

    def annotate(self, model: Heard, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return the label, a cue of it where it names an emotion, then cues by kind and time.

        () where the speaker is not heard alone for 1 s.

        Raises:
            ItemError: the sound cannot be decoded.
        """
        return [self._one(model, record) for record in records]

    def _one(self, model: Heard, clip: Clip) -> tuple[Claim, ...]:
        if clip.audio is None or clip.audio.path is None or clip.speaker is None:
            return ()
        sound = decoder.audio(Path(clip.audio.path))
        found = ((span, model.ear.features(piece_of(sound, span))) for span in speech_pieces(clip.turns, clip.speaker))
        heard = [(span, features) for span, features in found if features is not None]
        if not heard:
            return ()
        usual = _usual(clip)
        spans, features = [span for span, _ in heard], np.stack([features for _, features in heard])
        label = self._label(model.head.verdict(features, np.array([span.duration for span in spans]), usual))
        told = (label, impression(label)) if label.scores else (label,)
        if usual is None or usual.pieces < self.known:
            return told
        far = model.head.unusual(features, usual)
        return (*told, *(cue for way in WAYS for cue in self._cues(way, spans, far[:, way.feature])))

    def _label(self, verdict: Verdict) -> Label:
        valence = verdict.valence
        return Label(
            by=self.key,
            modality="voice",
            space=SPACE,
            names=() if verdict.scores is None else LABELS,
            scores=() if verdict.scores is None else tuple(round(float(score), 4) for score in verdict.scores),
            valence=None if valence is None else round(valence, 4),
            arousal=round(verdict.arousal, 4),
            withheld=verdict.withheld,
        )

    def _cues(self, way: Way, spans: Sequence[Span], relative: Numbers) -> Iterator[Cue]:
        """Yield one cue per run of pieces that are unusual in the same direction; its value is their mean."""
        runs: list[list[int]] = []
        for k, far in enumerate(relative):
            if abs(far) <= self.unusual:
                continue
            if runs and runs[-1][-1] == k - 1 and relative[k - 1] * far > 0:
                runs[-1].append(k)
            else:
                runs.append([k])
        for number, run in enumerate(runs, 1):
            far = float(np.average(relative[run], weights=[spans[k].duration for k in run]))
            yield Cue(
                by=self.key,
                cue_id=f"voice.{way.kind}.{number}",
                modality="voice",
                span=Span(start=spans[run[0]].start, end=spans[run[-1]].end),
                text=way.high if far > 0 else way.low,
                value=round(far, 4),
            )


def _usual(clip: Clip) -> Usual | None:
    for baseline in clip.baselines:
        if baseline.speaker == clip.speaker and baseline.by.startswith(_BASELINES) and len(baseline.mean) == COUNT:
            return Usual(baseline.pieces, np.array(baseline.mean), np.array(baseline.deviation))
    return None
