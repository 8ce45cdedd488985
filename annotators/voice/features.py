"""A voice as numbers: loudness, acoustic statistics, and what Whisper's encoder makes of it, for pieces of 1 to 4 s."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from annotators.voice import acoustics
from schemas.claims import Turn
from schemas.values import Span

Numbers = npt.NDArray[np.float64]

RATE = acoustics.RATE
_ENCODED = 512
"""Numbers of Whisper base."""
LEVEL = 0
NAMES = ("loudness, dB under full scale", *acoustics.NAMED)
"""Of the first features; bands, cepstra and the encoder's numbers follow."""
ACOUSTIC, ENCODED = slice(1, 1 + acoustics.COUNT), slice(1 + acoustics.COUNT, 1 + acoustics.COUNT + _ENCODED)
"""Where the acoustic statistics are, and the encoder's numbers."""
COUNT = 1 + acoustics.COUNT + _ENCODED
_LEAST = 1.0
"""Seconds of the shortest piece."""
_USUAL = 2.5
"""Seconds of a usual piece."""
_SOFTEST = -75.0
"""dB under full scale below which nothing is heard."""
_LEAST_HEARD = 0.5
_EVEN = -23.0
"""dB under full scale to which a piece is brought, so that only the first feature knows how loud it was."""


@dataclass(frozen=True, slots=True)
class VoiceFeatures:
    """Turns a piece of sound into its features."""

    encoder: Any

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load Whisper's encoder: on the CPU, with one thread and int8, so that the same sound always gives the same numbers."""
        from faster_whisper import WhisperModel  # noqa: PLC0415

        return cls(WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True))

    def features(self, sound: npt.NDArray[np.float32]) -> Numbers | None:
        """Return `COUNT` features of mono sound at 16 kHz; None where no voice is heard for half a second.

        Silence at the ends is left out. The encoder gets the sound as short as it is, not filled up to 30 s.
        """
        heard = acoustics.trimmed(sound)
        if len(heard) < _LEAST_HEARD * RATE:
            return None
        level = acoustics.loudness(heard)
        if level < _SOFTEST:
            return None
        even = (heard * np.float32(10 ** ((_EVEN - level) / 20))).astype(np.float32)
        spoken = acoustics.statistics(even)
        return None if spoken is None else np.concatenate([[level], spoken, self._encoded(even)])

    def _encoded(self, sound: npt.NDArray[np.float32]) -> Numbers:
        mel = self.encoder.feature_extractor(sound, padding=0)
        states = np.array(self.encoder.encode(mel), dtype=np.float64)
        return np.asarray(states[0].mean(axis=0))


def speech_pieces(turns: Iterable[Turn], speaker: str) -> tuple[Span, ...]:
    """Return where the speaker alone speaks, in order, in pieces of about `_USUAL` s; stretches under `_LEAST` s are left out."""
    floor = sorted(part for turn in turns if turn.speaker == speaker for part in turn.floor)
    return tuple(piece for part in floor if part.duration >= _LEAST for piece in _divided(part))


def piece_of(sound: npt.NDArray[np.float32], span: Span) -> npt.NDArray[np.float32]:
    """Return the samples of the span."""
    return sound[round(span.start * RATE) : round(span.end * RATE)]


def _divided(span: Span) -> tuple[Span, ...]:
    count = max(1, math.floor(span.duration / _USUAL + 0.5))
    marks = [round(span.start + span.duration * k / count, 3) for k in range(count + 1)]
    return tuple(Span(start=a, end=b) for a, b in pairwise(marks))
