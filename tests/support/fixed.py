"""Annotators that say the same about everything, installed by the door that third parties use."""

import ctypes
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from annotators.annotator import Annotator
from schemas.claims import Cue, FaceTrack, KeyFrame, Label, Language, Target, Turn
from schemas.record import Clip, Source, claim_fields
from schemas.values import Span

ENTRY_POINTS = """[affectory.annotators]
turns.fixed = tests.support.fixed:FixedTurns
turns.many = tests.support.fixed:ManyTurns
cues.fixed = tests.support.fixed:FixedCues
cues.poisoned = tests.support.fixed:PoisonedCues
"""


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
class ManyTurns(FixedTurns):
    """One speaker speaks twenty times, for a second each."""

    name: ClassVar[str] = "turns.many"

    def annotate(self, model, records):
        spans = [Span(start=2.5 * turn + 0.5, end=2.5 * turn + 1.5) for turn in range(20)]
        return [tuple(Turn(by=self.key, span=span, speaker="S0", floor=(span,)) for span in spans) for _ in records]


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


@dataclass(frozen=True, kw_only=True)
class PoisonedCues(FixedCues):
    """In the eighth clip of a source it does what the file is called after."""

    name: ClassVar[str] = "cues.poisoned"

    def annotate(self, model, records):
        said = super().annotate(model, records)
        for place, record in enumerate(records):
            if record.requested.start < 18.5 < record.requested.end and not Path(os.environ["MENDED"]).exists():
                said[place] = getattr(self, Path(record.source.file).stem)(said[place])
        return said

    def segfaults(self, said):
        ctypes.string_at(0)

    def hangs(self, said):
        while True:
            pass

    def leaks(self, said):
        held = []
        while True:
            held.append(bytearray(b"x" * 2**26))

    def raises(self, said):
        return 1 / 0

    def garbage(self, said):
        return (replace(said[0], value=math.nan),)

    def eats(self, said):
        raise RuntimeError("CUDA out of memory. Tried to allocate 80.00 GiB")
