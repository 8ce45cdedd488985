"""Which faces of a clip move their mouths as one that speaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from annotators.annotator import Annotator
from annotators.media import decoder
from annotators.models import local
from annotators.speaking.mouths import Stretch, stretches
from schemas.claims import Claim, FaceTrack, Speaking
from schemas.record import Clip
from schemas.validate import NotNegative, Positive, PositiveInt

Scores = npt.NDArray[np.float32]
_LEAST = 5
"""Fewer pictures than this are no motion."""


@dataclass(frozen=True, kw_only=True)
class LrAsdSpeaking(Annotator[Clip, Any]):
    """LR-ASD on each face track that is large enough: a logit per picture, 25 a second, above 0 where the face speaks.

    It sees that a mouth moves and hears that somebody speaks; it does not know whether this voice is of this mouth. A clip
    without sound has none of the faces told.
    """

    name: ClassVar[str] = "speaking.lr_asd"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("video", "audio", "faces")
    provides: ClassVar[tuple[str, ...]] = ("speaking",)

    model: str = "lr-asd"
    gap: NotNegative = 1.0
    """A face that is lost for longer begins anew; in between its box is thought to move evenly."""
    smallest: Positive = 16
    """Least height of a face in pixels (median of its track)."""
    most: PositiveInt = 8
    """Most faces of a clip, largest first; each takes 0.1 s of one core per second."""
    width: PositiveInt = 1280
    """Wider pictures are scaled down to so many pixels."""
    threads: PositiveInt = 1
    """Threads of one clip; part of the settings because the order of additions can change the last bits."""

    def load(self, device: str) -> Any:
        """Return the network, on the CPU whatever the device."""
        import torch  # noqa: PLC0415

        from annotators.speaking.network import SpeakingNet  # noqa: PLC0415

        return SpeakingNet.read(local.path(self.model)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def annotate(self, model: Any, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return one claim per face that was looked at, in order of track.

        Raises:
            ItemError: picture or sound cannot be decoded.
        """
        return [tuple(self._one(model, record)) for record in records]

    def _one(self, model: Any, clip: Clip) -> Iterator[Speaking]:
        if clip.video is None or clip.video.path is None or clip.audio is None or clip.audio.path is None:
            return
        faces = [face for face in clip.faces if self._tall(clip, face)][: self.most]
        if not faces:
            return
        from annotators.speaking.network import RATE, score  # noqa: PLC0415

        sound = decoder.audio(Path(clip.audio.path))
        told: dict[str, list[tuple[Stretch, Scores, Scores]]] = {}
        for piece in stretches(Path(clip.video.path), faces, self.gap, self.width):
            if len(piece.faces) >= _LEAST:
                told.setdefault(piece.track, []).append((piece, *score(model, piece.faces, sound, piece.first, self.threads)))
        for track, pieces in told.items():
            times = [(piece.first + k) / RATE for piece, scores, _ in pieces for k in range(len(scores))]
            yield Speaking(
                by=self.key,
                track=track,
                rate=float(RATE),
                times=tuple(round(time, 3) for time in times),
                scores=tuple(round(float(x), 3) for _, scores, _ in pieces for x in scores),
                moves=tuple(round(float(x), 3) for _, _, moves in pieces for x in moves),
            )

    def _tall(self, clip: Clip, face: FaceTrack) -> bool:
        """Tell whether the face is large enough, in the picture as it is looked at."""
        if clip.height is None or clip.width is None:
            return True
        heights = sorted(box.height for box in (*face.boxes, *face.bare_boxes))
        return heights[len(heights) // 2] * clip.height * min(1.0, self.width / clip.width) >= self.smallest
