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

    In a clip without speech the target is the largest face, which nothing else can tell, with speaker and score None. That the
    speaker is not seen is said only where the lips of every face that was found were measured.
    """

    name: ClassVar[str] = "targets.lips"
    version: ClassVar[str] = "2"
    requires: ClassVar[tuple[str, ...]] = ("faces", "turns", "video", "audio")
    uses: ClassVar[tuple[str, ...]] = ("overlooked",)
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
        if not _found(clip):
            return self._target(clip, None, None, "no face is seen")
        if clip.audio is None or clip.audio.path is None:
            reason = "the sound cannot be heard, so no lips can be matched with it"
            return self._target(clip, None, None, reason, unjudged=_found(clip))
        sound = decoder.audio(Path(clip.audio.path), rate=_RATE)
        found = [measure(face, sound, _RATE, self._own(clip, face)) for face in clip.faces]
        seen = [lips for lips in found if lips is not None]
        if clip.faces and not seen:
            reason = f"no lips are seen well enough: {len(clip.faces)} small, turned or brief faces{_more(clip)}"
            return self._target(clip, None, None, reason, unjudged=_found(clip))
        return self._choose(clip, seen)

    def _choose(self, clip: Clip, seen: Sequence[Lips]) -> Target:
        """Take the face that follows best among those that talk; none of them may be the speaker."""
        others = {lips.track: lips for lips in seen}
        unjudged = _found(clip) - len(seen)
        left = f"{unjudged} of {_found(clip)} faces were not looked at"
        talking = [lips for lips in seen if lips.travel >= self.travel and lips.follows >= self._least(lips)]
        if talking:
            best = min(talking, key=lambda lips: (-lips.follows, lips.track))
            del others[best.track]
            reason = f"lips of {best.track} move with the speech ({best.follows:.2f}, jaw {best.travel:.2f})"
            told = [reason, *map(self._not, others.values()), *([left] if unjudged else [])]
            return self._target(clip, best.track, best.follows, "; ".join(told), unjudged)
        follows = max((lips.follows for lips in seen), default=None)
        absent = f"whether the speaker is seen cannot be told: {len(seen)} of {_found(clip)} faces were looked at"
        told = [*map(self._not, others.values()), absent if unjudged else "the speaker is not seen"]
        return self._target(clip, None, follows, "; ".join(told), unjudged)

    def _least(self, lips: Lips) -> float:
        return self.follows - self.scatter / math.sqrt(lips.seconds)

    def _not(self, lips: Lips) -> str:
        if lips.travel < self.travel:
            return f"lips of {lips.track} hardly move (jaw {lips.travel:.2f})"
        verb = "go with the speech less" if lips.follows >= self._least(lips) else "do not go with the speech"
        return f"lips of {lips.track} {verb} ({lips.follows:.2f})"

    def _silent(self, clip: Clip) -> Target:
        found, left = _found(clip), _left_out(clip)
        if not found:
            return self._target(clip, None, None, "nobody speaks and no face is seen")
        if not clip.faces:
            return self._target(clip, None, None, f"nobody speaks; 0 of {found} faces were looked at", left)
        largest = clip.faces[0].track
        reason = f"nobody speaks; {largest} is the {'largest' if found > 1 else 'only'} face"
        of = f" of the {len(clip.faces)} that were looked at{_more(clip)}" if left else ""
        return self._target(clip, largest, None, reason + of, left)

    def _target(self, clip: Clip, track: str | None, score: float | None, reason: str, unjudged: int = 0) -> Target:
        limited = None if score is None else round(max(-1.0, min(1.0, score)), 4)
        return Target(by=self.key, speaker=clip.speaker, track=track, score=limited, reason=reason, unjudged=unjudged)

    def _own(self, clip: Clip, face: FaceTrack) -> npt.NDArray[np.bool_]:
        """Return at which samples of the face the speaker may be speaking: not while only others do."""
        times = np.asarray(face.times)
        own = _inside(times, [turn.span for turn in clip.turns if turn.speaker == clip.speaker], self.margin)
        others = _inside(times, [turn.span for turn in clip.turns if turn.speaker != clip.speaker], 0.0)
        return own | ~others


def _left_out(clip: Clip) -> int:
    """Return how many faces were found and not followed."""
    return sum(one.faces for one in clip.overlooked)


def _found(clip: Clip) -> int:
    """Return how many faces were found, followed or not."""
    return len(clip.faces) + _left_out(clip)


def _more(clip: Clip) -> str:
    """Return in words how many faces were not followed; empty where all were."""
    return f"; {_left_out(clip)} more of {_found(clip)} faces were not looked at" if _left_out(clip) else ""


def _inside(times: npt.NDArray[np.float64], spans: Sequence[Span], margin: float) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(times), np.bool_)
    for span in spans:
        inside |= (times >= span.start - margin) & (times < span.end + margin)
    return inside
