"""pyannote.audio's speaker diarization on local weights; imported by `turns.pyannote` when it loads, never before.

The pipeline is pyannote's own (Bredin 2023, "pyannote.audio 2.1 speaker diarization pipeline"). What is ours is how voices are
embedded: pieces of speech that neighbouring windows share are embedded once (ECAPA takes nine tenths of the time), and each piece
goes through the network alone, because padding a batch of pieces of unlike length changes the embedding.
"""

from __future__ import annotations

import math
import os
import warnings
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

from annotators.speech.ecapa import DIMENSION, MIN_SAMPLES, SAMPLE_RATE, Ecapa
from annotators.speech.turns import Diarized, Labelled
from annotators.torch_threads import torch_threads
from schemas.errors import ModelFileError
from schemas.values import Span

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


class VoiceModel(Model):  # type: ignore[misc]
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
        """Return (windows, speakers, 192); NaN where a speaker says nothing."""
        active = np.nan_to_num(binary_segmentations.data) > 0
        windows, frames, speakers = active.shape
        samples = file["waveform"][0]
        grid = binary_segmentations.sliding_window
        length = round(grid.duration * SAMPLE_RATE)
        enough = math.ceil(MIN_SAMPLES * frames / length)
        made = np.full((windows, speakers, DIMENSION), np.nan, np.float32)
        seen: list[tuple[int, Mask, Floats]] = []
        for window in range(windows):
            start = round(grid[window].start * SAMPLE_RATE)
            frame = round(start * frames / length)
            seen = [piece for piece in seen if frame - piece[0] < frames]
            for speaker, piece in enumerate(frames_to_embed(active[window], exclude_overlap, enough)):
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
        if 0 < len(speech) < MIN_SAMPLES:
            speech = speech.repeat(math.ceil(MIN_SAMPLES / len(speech)))
        made: Floats = self._embedding(speech[None, None])[0]
        return made


def frames_to_embed(active: Mask, exclude_overlap: bool, enough: int) -> list[Mask | None]:
    """Return, for each speaker of a window (frames, speakers), the frames to embed, None for a speaker who says nothing.

    Frames in which others speak too are left out, unless fewer than `enough` would be left.
    """
    alone = active & (active.sum(axis=1, keepdims=True) < 2) if exclude_overlap else active
    chosen = (clean if clean.sum() >= enough else whole for clean, whole in zip(alone.T, active.T, strict=True))
    return [mask if mask.any() else None for mask in chosen]


def shared(earlier: Mask, later: Mask, shift: int) -> float:
    """Return intersection over union of two masks, the later of which begins `shift` frames after the earlier."""
    common = int((earlier[shift:] & later[: len(later) - shift]).sum())
    return common / (int(earlier.sum()) + int(later.sum()) - common)


def local(segmentation: Path, embedding: Path, device: str, *, step: float, reuse: float, parameters: dict[str, Any]) -> Any:
    """Return the pipeline on the weights in two folders, each with a model.safetensors."""
    # Where no window holds enough of one voice, pyannote takes the mean of nothing: that source has one speaker without a voice.
    warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
    warnings.filterwarnings("ignore", "invalid value encountered in divide", RuntimeWarning)
    voice = VoiceModel()
    voice.ecapa.load_state_dict(load_file(embedding / "model.safetensors"), strict=True)
    pipeline = Diarization(
        reuse=reuse,
        segmentation=_segmentation(segmentation),
        segmentation_step=step,
        segmentation_batch_size=32,
        embedding=voice.eval(),
        embedding_exclude_overlap=True,
        # Only VBx clustering reads it, but without one the constructor asks the hub.
        plda=object.__new__(PLDA),
        clustering="AgglomerativeClustering",
    )
    return pipeline.instantiate(parameters).to(torch.device(device))


def whole_pipeline(folder: Path, device: str, batch: int) -> Any:
    """Return the pipeline that a folder's config.yaml describes.

    Raises:
        ModelFileError: the folder does not hold a whole pipeline; pyannote would fetch what is missing from the hub.
    """
    config = folder / "config.yaml"
    settings = config.read_text(encoding="utf-8") if config.is_file() else ""
    for part in ("segmentation", "embedding", "plda"):
        if f"{part}: $model/{part}" not in settings or not (folder / part).is_dir():
            raise ModelFileError(f"{config} is not a whole pipeline: {part} is not in a folder beside it")
    pipeline = Pipeline.from_pretrained(folder)
    pipeline.segmentation_batch_size = batch
    pipeline.embedding_batch_size = batch
    return pipeline.to(torch.device(device))


def diarize(pipeline: Any, sound: Floats, threads: int) -> Diarized:
    """Return what the pipeline hears in mono samples at 16 kHz."""
    if len(sound) < MIN_SAMPLES or not np.any(sound):
        return Diarized(speech=(), floor=(), voices={})
    waveform = torch.from_numpy(np.array(sound, np.float32))[None]
    with torch_threads(threads), torch.inference_mode():
        heard = pipeline({"waveform": waveform, "sample_rate": SAMPLE_RATE, "uri": "source"})
    labels = heard.speaker_diarization.labels()
    voices = heard.speaker_embeddings if heard.speaker_embeddings is not None else ()
    return Diarized(
        speech=_spans(heard.speaker_diarization),
        floor=_spans(heard.exclusive_speaker_diarization),
        voices={label: tuple(map(float, voice)) for label, voice in zip(labels, voices, strict=False)},
    )


def _spans(annotation: Any) -> tuple[Labelled, ...]:
    tracks = annotation.itertracks(yield_label=True)
    return tuple((Span(start=max(0.0, part.start), end=part.end), label) for part, _, label in tracks if part.end > 0)


def _segmentation(folder: Path) -> Any:
    """Return PyanNet as it was trained for speaker-diarization 2.1; the checkpoint's own settings, written out."""
    model = PyanNet(
        sincnet={"stride": 10, "sample_rate": SAMPLE_RATE},
        lstm={"hidden_size": 128, "num_layers": 4, "bidirectional": True, "monolithic": True, "dropout": 0.5},
        linear={"hidden_size": 128, "num_layers": 2},
    )
    model.specifications = Specifications(
        problem=Problem.MULTI_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=5.0,
        classes=["speaker#1", "speaker#2", "speaker#3"],
        permutation_invariant=True,
    )
    model.build()
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    return model.eval()
