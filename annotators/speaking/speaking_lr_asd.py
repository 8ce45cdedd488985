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
from annotators.speaking.mouths import FaceStretch, face_stretches
from schemas.claims import Claim, FaceTrack, Speaking
from schemas.record import Clip
from schemas.validate import NotNegative, Positive, PositiveInt
from schemas.values import Span

Scores = npt.NDArray[np.float32]
_PAUSE, _SILENT = 25.0, -65.0
"""Decibels below the loud parts of a clip, and of full scale, from which there is a pause."""
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
    requires: ClassVar[tuple[str, ...]] = ("video", "audio", "faces", "turns", "speaker")
    provides: ClassVar[tuple[str, ...]] = ("speaking",)

    model: str = "lr-asd"
    gap: NotNegative = 1.0
    """Seconds: a face that is lost for longer begins anew; in between its box is thought to move evenly."""
    smallest: Positive = 16.0
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

        return SpeakingNet.read(local.path(self.model)).to(memory_format=torch.channels_last)

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
        from annotators.speaking.network import RATE, Looked, look  # noqa: PLC0415
        from annotators.torch_threads import torch_threads  # noqa: PLC0415

        sound = decoder.audio(Path(clip.audio.path))
        speech = spoken_pictures(clip, sound, RATE)
        told: dict[str, list[tuple[FaceStretch, Looked]]] = {}
        with torch_threads(self.threads):
            for piece in face_stretches(Path(clip.video.path), faces, self.gap, self.width):
                if len(piece.faces) >= _LEAST:
                    marks = _part(speech, piece.first, len(piece.faces))
                    told.setdefault(piece.track, []).append((piece, look(model, piece.faces, sound, piece.first, marks)))
        for track, pieces in told.items():
            yield self._claim(track, pieces)

    def _claim(self, track: str, pieces: Sequence[tuple[FaceStretch, Any]]) -> Speaking:
        from annotators.speaking.network import LAGS, RATE  # noqa: PLC0415

        times = [(piece.first + k) / RATE for piece, looked in pieces for k in range(len(looked.scores))]
        sums = np.sum([looked.fits for _, looked in pieces], axis=0)
        pictures = np.sum([looked.pictures for _, looked in pieces], axis=0)
        fits = {lag / RATE: float(total / number) for lag, total, number in zip(LAGS, sums, pictures, strict=True) if number}
        return Speaking(
            by=self.key,
            track=track,
            rate=float(RATE),
            times=tuple(round(time, 3) for time in times),
            scores=tuple(round(float(x), 3) for _, looked in pieces for x in looked.scores),
            moves=tuple(round(float(x), 3) for _, looked in pieces for x in looked.moves),
            seconds=round(float(pictures[0]) / RATE, 3),
            lags=tuple(fits),
            fits=tuple(round(value, 3) for value in fits.values()),
        )

    def _tall(self, clip: Clip, face: FaceTrack) -> bool:
        """Tell whether the face is large enough, in the picture as it is looked at."""
        if clip.height is None or clip.width is None:
            return True
        heights = sorted(box.height for box in (*face.boxes, *face.bare_boxes))
        return heights[len(heights) // 2] * clip.height * min(1.0, self.width / clip.width) >= self.smallest


def spoken_pictures(clip: Clip, sound: Scores, rate: int) -> npt.NDArray[np.bool_]:
    """Tell for each picture of the clip whether its speaker alone is heard: inside the own turns, and not in a pause.

    A pause is what is more than `_PAUSE` decibels below the loud parts of the clip.
    """
    each = decoder.RATE // rate
    count = len(sound) // each
    level = 10 * np.log10(np.mean(np.reshape(sound[: count * each].astype(np.float64), (count, each)) ** 2, axis=1) + 1e-12)
    loud = level > max(_SILENT, float(np.percentile(level, 95)) - _PAUSE) if count else np.zeros(0, np.bool_)
    at = (np.arange(count) + 0.5) / rate
    own = inside(at, [turn.span for turn in clip.turns if turn.speaker == clip.speaker])
    others = inside(at, [turn.span for turn in clip.turns if turn.speaker != clip.speaker])
    return np.asarray(loud & own & ~others, np.bool_)


def inside(times: npt.NDArray[np.float64], spans: Sequence[Span]) -> npt.NDArray[np.bool_]:
    """Tell for each time whether it lies in one of the spans."""
    held = np.zeros(len(times), np.bool_)
    for span in spans:
        held |= (times >= span.start) & (times < span.end)
    return held


def _part(marks: npt.NDArray[np.bool_], first: int, count: int) -> npt.NDArray[np.bool_]:
    """Return so many of the marks from the first on; beyond the end nothing is marked."""
    part = marks[first : first + count]
    return np.pad(part, (0, count - len(part)))
