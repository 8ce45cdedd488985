"""The voice of a clip's speaker as a vector, to tell voices apart across the clips of a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from annotators.annotator import Annotator
from annotators.media import decoder
from annotators.models import local
from schemas.claims import Claim, Voiceprint
from schemas.record import Clip
from schemas.validate import Positive, PositiveInt
from schemas.values import Span

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class EcapaVoiceprints(Annotator[Clip, Any]):
    """ECAPA on what the clip's speaker says while nobody else does; on all of it where too little is left.

    A clip without speech, or with less than `least` seconds of it, gets none.
    """

    name: ClassVar[str] = "voiceprints.ecapa"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("audio", "turns", "speaker")
    provides: ClassVar[tuple[str, ...]] = ("voiceprints",)
    shared: ClassVar[bool] = True

    model: str = "ecapa-voxceleb"
    least: Positive = 0.4
    """Seconds of speech below which a voice is not told."""
    longest: Positive = 8.0
    """Seconds of speech that are listened to, from the first on."""
    threads: PositiveInt = 1
    """Threads of one clip; part of the settings because the order of additions can change the last bits."""

    def load(self, device: str) -> Any:
        """Return the network."""
        from safetensors.torch import load_file  # noqa: PLC0415

        from annotators.speech.ecapa import Ecapa  # noqa: PLC0415

        net = Ecapa()
        net.load_state_dict(load_file(local.path(self.model) / "model.safetensors"), strict=True)
        return net.eval().to(device)

    def annotate(self, model: Any, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return up to one voiceprint per clip.

        Raises:
            ItemError: the sound cannot be decoded.
        """
        return [self._one(model, record) for record in records]

    def _one(self, model: Any, clip: Clip) -> tuple[Claim, ...]:
        if clip.speaker is None or clip.audio is None or clip.audio.path is None:
            return ()
        import torch  # noqa: PLC0415

        from annotators.torch_threads import torch_threads  # noqa: PLC0415

        speech = own_speech(clip, decoder.audio(Path(clip.audio.path)), self.least)[: round(self.longest * decoder.RATE)]
        if len(speech) < self.least * decoder.RATE or not np.any(speech):
            return ()
        device = next(model.parameters()).device
        with torch_threads(self.threads), torch.inference_mode():
            vector = model(torch.from_numpy(np.array(speech, np.float32))[None].to(device))[0].cpu().numpy().astype(np.float64)
        unit = vector / max(float(np.linalg.norm(vector)), 1e-12)
        told = tuple(round(float(x), 6) for x in unit)
        return (Voiceprint(by=self.key, speaker=clip.speaker, seconds=round(len(speech) / decoder.RATE, 3), embedding=told),)


def own_speech(clip: Clip, sound: Samples, least: float) -> Samples:
    """Return the samples in which the clip's speaker alone speaks; all its turns where that is less than `least` seconds."""
    own = _marked([turn.span for turn in clip.turns if turn.speaker == clip.speaker], len(sound))
    alone = own & ~_marked([turn.span for turn in clip.turns if turn.speaker != clip.speaker], len(sound))
    return sound[alone if alone.sum() >= least * decoder.RATE else own]


def _marked(spans: Sequence[Span], length: int) -> npt.NDArray[np.bool_]:
    marks = np.zeros(length, np.bool_)
    for span in spans:
        marks[round(span.start * decoder.RATE) : round(span.end * decoder.RATE)] = True
    return marks
