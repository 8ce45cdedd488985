"""The person whom a clip is about: the face whose lips follow the speech."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from annotators.annotator import Annotator
from annotators.face.lip_speech import Lips, measure
from annotators.media import decoder
from schemas.claims import Claim, FaceTrack, Target
from schemas.record import Clip
from schemas.values import Span

_RATE = 16000


@dataclass(frozen=True, kw_only=True)
class LipTargets(Annotator[Clip, None]):
    """Exactly one target per clip, from jaw travel and the correlation of lips and loudness while the speaker holds the floor.

    In a clip without speech the target is the largest face, which nothing else can tell, with speaker and score None.
    """

    name: ClassVar[str] = "targets.lips"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("faces", "turns", "video", "audio")
    provides: ClassVar[tuple[str, ...]] = ("targets",)
    shared: ClassVar[bool] = True

    travel: float = 0.13
    """Least travel of the jaw of a talking face, as a blendshape from 0 to 1."""
    follows: float = 0.33
    """Usual correlation of a talking face with its own speech."""
    scatter: float = 0.75
    """By how much the correlation of 1 s may fall below that (n s: by root n less) before the words count as somebody else's."""
    margin: float = 0.25
    """Seconds before and after a turn in which lips still count as part of it."""

    def load(self, device: str) -> None:
        """Return nothing: there is no model."""

    def annotate(self, model: None, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return one target per clip."""
        return [(self._one(record),) for record in records]

    def _one(self, clip: Clip) -> Target:
        if clip.speaker is None:
            return self._silent(clip)
        if not clip.faces:
            return self._target(clip, None, None, "no face is seen")
        if clip.audio is None or clip.audio.path is None:
            return self._target(clip, None, None, "the sound cannot be heard, so no lips can be matched with it")
        sound = decoder.audio(Path(clip.audio.path), rate=_RATE)
        found = [measure(face, sound, _RATE, self._own(clip, face)) for face in clip.faces]
        seen = [lips for lips in found if lips is not None]
        if not seen:
            return self._target(clip, None, None, f"no lips are seen well enough: {len(clip.faces)} small, turned or brief faces")
        return self._choose(clip, seen)

    def _choose(self, clip: Clip, seen: Sequence[Lips]) -> Target:
        """Take the face that follows best among those that talk; none of them may be the speaker."""
        others = {lips.track: lips for lips in seen}
        talking = [lips for lips in seen if lips.travel >= self.travel and lips.follows >= self._least(lips)]
        if talking:
            best = min(talking, key=lambda lips: (-lips.follows, lips.track))
            del others[best.track]
            reason = f"lips of {best.track} move with the speech ({best.follows:.2f}, jaw {best.travel:.2f})"
            return self._target(clip, best.track, best.follows, "; ".join([reason, *map(self._not, others.values())]))
        best = max(seen, key=lambda lips: (lips.follows, lips.track))
        return self._target(clip, None, best.follows, "; ".join([*map(self._not, others.values()), "the speaker is not seen"]))

    def _least(self, lips: Lips) -> float:
        return self.follows - self.scatter / math.sqrt(lips.seconds)

    def _not(self, lips: Lips) -> str:
        if lips.travel < self.travel:
            return f"lips of {lips.track} hardly move (jaw {lips.travel:.2f})"
        verb = "go with the speech less" if lips.follows >= self._least(lips) else "do not go with the speech"
        return f"lips of {lips.track} {verb} ({lips.follows:.2f})"

    def _silent(self, clip: Clip) -> Target:
        if not clip.faces:
            return self._target(clip, None, None, "nobody speaks and no face is seen")
        largest = clip.faces[0].track
        return self._target(
            clip, largest, None, f"nobody speaks; {largest} is the {'largest' if len(clip.faces) > 1 else 'only'} face"
        )

    def _target(self, clip: Clip, track: str | None, score: float | None, reason: str) -> Target:
        limited = None if score is None else round(max(-1.0, min(1.0, score)), 4)
        return Target(by=self.key, speaker=clip.speaker, track=track, score=limited, reason=reason)

    def _own(self, clip: Clip, face: FaceTrack) -> npt.NDArray[np.bool_]:
        """Return at which samples of the face the speaker may be speaking: not while only others do."""
        times = np.asarray(face.times)
        own = _inside(times, [turn.span for turn in clip.turns if turn.speaker == clip.speaker], self.margin)
        others = _inside(times, [turn.span for turn in clip.turns if turn.speaker != clip.speaker], 0.0)
        return own | ~others


def _inside(times: npt.NDArray[np.float64], spans: Sequence[Span], margin: float) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(times), np.bool_)
    for span in spans:
        inside |= (times >= span.start - margin) & (times < span.end + margin)
    return inside
