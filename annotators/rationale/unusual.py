"""How unusual a cue is, on one scale for all of them: a head tilted by 20 degrees beside sobs that score .97.

The scale is the share of clips of everyday people that hold no cue of this kind as strong as this one (`reference.json`, measured
by `python -m tests.accuracy.reference`). What counts in standard deviations of the speaker's own voice is held to that too: it is
no more unusual than it is for the speaker.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from schemas.claims import Cue

REFERENCE = "reference.json"
_OWN_UNIT = frozenset({"voice.loudness", "voice.pitch", "voice.melody"})
"""Kinds that are valued in standard deviations from what is usual for the speaker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What cues were found in clips of everyday people."""

    annotators: tuple[str, ...]
    """Those who looked, by name; of cues by others nothing is known."""
    clips: Mapping[str, int]
    """By modality: clips in which there was something to look at."""
    strongest: Mapping[str, tuple[float, ...]]
    """By kind, as `face.smile`: the strongest value, without its sign, of each clip that holds such a cue; ascending."""


_REFERENCE = TypeAdapter(Reference)


@cache
def cue_reference() -> Reference:
    """Return the table that ships."""
    return _REFERENCE.validate_json(files("annotators.rationale").joinpath(REFERENCE).read_bytes())


def kind_of(cue_id: str) -> str:
    """Return the kind of a cue: `face.smile` of `face.smile.2`."""
    return cue_id.rpartition(".")[0]


def unusual(cue: Cue) -> float | None:
    """Return 0 to 1 how unusual a cue is; None of one without a value, or made by somebody whom the reference does not know."""
    known = cue_reference()
    if cue.value is None or cue.by.partition("@")[0] not in known.annotators or not known.clips.get(cue.modality):
        return None
    kind, clips = kind_of(cue.cue_id), known.clips[cue.modality]
    as_strong = sum(value >= abs(cue.value) for value in known.strongest.get(kind, ()))
    # Half a clip for what was never seen: nothing is certain after so few.
    share = 1 - (as_strong + 0.5) / (clips + 1)
    return round(min(share, math.erf(abs(cue.value) / math.sqrt(2))) if kind in _OWN_UNIT else share, 4)
