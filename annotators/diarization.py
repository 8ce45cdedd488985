"""pyannote.audio's speaker diarization on local weights; imported by `turns.pyannote` when it loads, never before.

The pipeline is pyannote's own (Bredin 2023, "pyannote.audio 2.1 speaker diarization pipeline"). What is ours is how voices are
embedded: pieces of speech that neighbouring windows share are embedded once (ECAPA takes nine tenths of the time), and each piece
goes through the network alone, because padding a batch of pieces of unlike length changes the embedding.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# Telemetry is on unless this is set before the import.
os.environ["PYANNOTE_METRICS_ENABLED"] = "false"

import numpy as np
import numpy.typing as npt
import torch
from pyannote.audio import Model, Pipeline
from pyannote.audio.core.plda import PLDA
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.pipelines import SpeakerDiarization
from safetensors.torch import load_file

from annotators.ecapa import DIMENSION, MIN_SAMPLES, SAMPLE_RATE, Ecapa

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


class Voice(Model):  # type: ignore[misc]
    """ECAPA as pyannote expects an embedding model."""

    def __init__(self) -> None:
        super().__init__(sample_rate=SAMPLE_RATE, num_channels=1)
        self.ecapa = Ecapa()

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return DIMENSION

    def forward(self, waveforms: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        """Return the embeddings (batch, 192) of waveforms (batch, 1, samples); pieces are cut before, so no weights."""
        return self.ecapa(waveforms[:, 0])


class Diarization(SpeakerDiarization):  # type: ignore[misc]
    """pyannote's pipeline, embedding each piece of speech once.

    A speaker's piece in one window takes over the embedding of an earlier window's piece when the two share at least `reuse` of
    their frames (intersection over union, 0 to 1; above 1 nothing is shared).
    """

    def __init__(self, reuse: float, **settings: Any) -> None:
        super().__init__(**settings)
        self.reuse = reuse

    def get_embeddings(
        self, file: Any, binary_segmentations: Any, exclude_overlap: bool = False, hook: Any = None
    ) -> npt.NDArray[np.float32]:
        """Return (windows, speakers, 192); NaN where a speaker says nothing that could be embedded."""
        active = np.nan_to_num(binary_segmentations.data) > 0
        windows, frames, speakers = active.shape
        samples = file["waveform"][0]
        grid = binary_segmentations.sliding_window
        length = round(grid.duration * SAMPLE_RATE)
        enough = -(-MIN_SAMPLES * frames // length)
        made = np.full((windows, speakers, DIMENSION), np.nan, np.float32)
        seen: list[tuple[int, Mask, Floats]] = []
        for window in range(windows):
            start = round(grid[window].start * SAMPLE_RATE)
            frame = round(start * frames / length)
            seen = [piece for piece in seen if frame - piece[0] < frames]
            for speaker, piece in enumerate(pieces(active[window], exclude_overlap, enough)):
                if piece is None:
                    continue
                known = next((e for at, mask, e in seen if shared(mask, piece, frame - at) >= self.reuse), None)
                if known is None:
                    known = self._embed(samples[start : start + length], piece, length)
                    seen.append((frame, piece, known))
                made[window, speaker] = known
        return made

    def _embed(self, samples: torch.Tensor, piece: Mask, length: int) -> Floats:
        keep = torch.from_numpy(piece[np.arange(len(samples)) * len(piece) // length])
        speech = samples[keep]
        if len(speech) < MIN_SAMPLES:
            speech = torch.nn.functional.pad(speech, (0, MIN_SAMPLES - len(speech)))
        made: Floats = self._embedding(speech[None, None])[0]
        return made


def pieces(active: Mask, exclude_overlap: bool, enough: int) -> list[Mask | None]:
    """Return, for each speaker of a window (frames, speakers), the frames to embed, or None where they are fewer than `enough`.

    Frames in which others speak too are left out, unless too few would be left.
    """
    alone = active & (active.sum(axis=1, keepdims=True) < 2) if exclude_overlap else active
    chosen = (clean if clean.sum() > enough else whole for clean, whole in zip(alone.T, active.T, strict=True))
    return [mask if mask.sum() >= enough else None for mask in chosen]


def shared(earlier: Mask, later: Mask, shift: int) -> float:
    """Return intersection over union of two masks, the later of which begins `shift` frames after the earlier."""
    common = int((earlier[shift:] & later[: len(later) - shift]).sum())
    return common / (int(earlier.sum()) + int(later.sum()) - common)
