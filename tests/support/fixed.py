"""Annotators that say the same about everything, installed by the door that third parties use."""

from dataclasses import dataclass
from typing import ClassVar

from annotators.annotator import Annotator
from schemas.claims import Cue, FaceTrack, KeyFrame, Label, Language, Target, Turn
from schemas.record import Clip, Source, claim_fields
from schemas.values import Span

ENTRY_POINTS = (
    "[affectory.annotators]\nturns.fixed = tests.support.fixed:FixedTurns\ncues.fixed = tests.support.fixed:FixedCues\n"
)


def installed(folder):
    """Make `folder` one that, on the path of Python, holds these annotators as an installed package."""
    place = folder / "fixed-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: fixed\nVersion: 1.0\n")
    (place / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


@dataclass(frozen=True, kw_only=True)
class FixedTurns(Annotator[Source, None]):
    """One speaker speaks twice."""

    name: ClassVar[str] = "turns.fixed"
    version: ClassVar[str] = "1"
    scope: ClassVar[str] = "source"
    provides: ClassVar[tuple[str, ...]] = ("turns", "languages")

    def load(self, device):
        return None

    def annotate(self, model, records):
        spans = (Span(start=0.5, end=3.0), Span(start=5.0, end=7.5))
        turns = tuple(Turn(by=self.key, span=span, speaker="S0", floor=(span,)) for span in spans)
        return [(*turns, Language(by=self.key, language="en")) for _ in records]


@dataclass(frozen=True, kw_only=True)
class FixedCues(Annotator[Clip, None]):
    """One cue in every clip; it could say more."""

    name: ClassVar[str] = "cues.fixed"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("requested",)
    provides: ClassVar[tuple[str, ...]] = tuple(claim_fields(Clip)[kind] for kind in (Cue, Label, Target, KeyFrame, FaceTrack))

    def load(self, device):
        return None

    def annotate(self, model, records):
        text = "laughs at {:.1f} s".format
        return [
            (Cue(by=self.key, cue_id="voice.laugh.1", modality="voice", span=None, text=text(record.requested.start), value=1.0),)
            for record in records
        ]
