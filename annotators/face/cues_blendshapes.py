"""What the target's face and head do, as cues that a rationale can cite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from annotators.annotator import Annotator
from annotators.face.moves import Bars, Movement, expressions, movements, strongest
from annotators.face.target import talks, target_face
from schemas.claims import Claim, Cue, FaceTrack
from schemas.record import Clip


@dataclass(frozen=True, kw_only=True)
class BlendshapeCues(Annotator[Clip, None]):
    """Expressions above the person's own rest and movements of the head, the strongest few of a clip in order of time.

    The value is the peak: of a blendshape, 0 to 1, or of a head movement, in degrees. A mouth that talks needs more to count, or
    does not count at all. A target that is not seen, too small, or without a mesh gets no cue.
    """

    name: ClassVar[str] = "cues.blendshapes"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("faces", "targets", "words", "turns", "speaker", "height")
    provides: ClassVar[tuple[str, ...]] = ("cues",)
    shared: ClassVar[bool] = True

    most: int = 6
    """Most cues of a clip."""
    normal: float = 3.0
    """Seconds of a track that show what is normal for the person."""
    gap: float = 0.25
    """Longest interruption in seconds that is passed over."""
    turned: float = 40.0
    """Degrees of yaw beyond which a face's shapes are guesses."""
    away: float = 16.0
    """Degrees by which a raised, lowered or tilted head differs from usual; a turned one half as much again."""
    swing: float = 6.0
    """Least degrees of each half of a nod or shake; there must be three."""
    beat: float = 0.5
    """Longest half of a nod or shake, in seconds."""
    smallest: int = 40
    """Least median height of a face in pixels, where the size of the picture is known."""
    margin: float = 0.08
    """Seconds before and after a word in which the mouth still counts as talking."""

    def load(self, device: str) -> None:
        """Return nothing: there is no model."""

    def annotate(self, model: None, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return the cues of each clip."""
        return [self._one(record) for record in records]

    def _one(self, clip: Clip) -> tuple[Claim, ...]:
        face = target_face(clip)
        if face is None or not face.blendshapes or self._small(clip, face):
            return ()
        bars = Bars(settled=self.normal, gap=self.gap, turned=self.turned, away=self.away, swing=self.swing, beat=self.beat)
        held = [*expressions(face, talks(clip, face.times, self.margin), bars), *movements(face, bars)]
        numbers: Counter[str] = Counter()
        return tuple(self._cue(one, numbers) for one in strongest(held, self.most))

    def _small(self, clip: Clip, face: FaceTrack) -> bool:
        heights = sorted(box.height for box in face.boxes)
        return clip.height is not None and heights[len(heights) // 2] * clip.height < self.smallest

    def _cue(self, held: Movement, numbers: Counter[str]) -> Cue:
        numbers[held.kind] += 1
        cue_id = f"face.{held.kind}.{numbers[held.kind]}"
        value = round(held.peak, 3)
        return Cue(by=self.key, cue_id=cue_id, modality="face", span=held.span, text=held.text, value=value)
