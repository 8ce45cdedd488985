"""What a composed rationale has to say, before it is said in a language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Protocol

from annotators.rationale.contract import Sentence
from schemas.claims import Cue, Label
from schemas.values import Span

Unknown = Mapping[str, tuple[str, bool]]
"""By modality why it has no label, and whether somebody looked and withheld one."""
START, END = 0.3, 1.0
"""Seconds after the start, and before the end, that are told in words."""
LONG, MOST = 2.0, 0.8
"""Seconds from which on it is told until when something lasts, and share of a clip that is all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What is seen or heard once or several times, with the cues for it, in order of time."""

    text: str
    cues: tuple[Cue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one modality contributes."""

    modality: str
    label: Label | None
    """None where none is given."""
    own: Cue | None
    """The cue that says what the label says, or how lively it is where there is none."""
    noted: tuple[Noted, ...]
    """The most unusual first."""
    felt: str | None = None
    """The likeliest name of the label where modalities are compared; None where it is too unlikely to contradict another."""

    @property
    def cites(self) -> tuple[str, ...]:
        """Return the cue that stands for the whole part; the most unusual where there is no other."""
        return (self.own.cue_id if self.own else self.noted[0].cues[0].cue_id,)


class Wording(Protocol):
    """A language in which rationales are written."""

    def part(self, part: Part, seconds: float) -> Sentence:
        """Say what one modality shows, in a clip of so many seconds."""

    def against(self, odd: Part, rest: Sequence[Part]) -> Sentence:
        """Say that one modality contradicts all the others."""

    def disagree(self, parts: Sequence[Part]) -> Sentence:
        """Say that modalities contradict each other, and nothing tells which is right."""

    def half(self, shown: Sequence[Part], silent: Sequence[Part]) -> Sentence:
        """Say that some show an emotion and the others none, which is no contradiction."""

    def alike(self, parts: Sequence[Part], same: bool) -> Sentence:
        """Say that modalities say the same, or at least nothing that contradicts."""

    def lean(self, parts: Sequence[Part]) -> Sentence:
        """Say that modalities lean to unlike emotions, too unsurely for a contradiction."""

    def apart(self, parts: Sequence[Part]) -> Sentence:
        """Say that modalities speak of different things."""

    def whole(self, ranked: Sequence[tuple[str, float]], cites: Sequence[str], unknown: Unknown) -> Sentence:
        """Say what all together say, the likeliest first, () where nobody gives a label; and what is not known.

        `unknown` holds for each modality why, and whether somebody looked and withheld a label.
        """


def noted(cues: Sequence[Cue]) -> Iterator[Noted]:
    """Yield cues in their order, those of one text together."""
    by_text: dict[str, list[Cue]] = {}
    for cue in cues:
        by_text.setdefault(cue.text, []).append(cue)
    for text, many in by_text.items():
        yield Noted(text=text, cues=tuple(sorted(many, key=lambda cue: (cue.span.start if cue.span else -1.0, cue.cue_id))))


def form_runs(found: Sequence[Noted]) -> list[tuple[bool, list[Noted]]]:
    """Return what is noted in order, neighbours of one form together: whether they are sounds, which are heard, else doings."""
    return [(heard, list(run)) for heard, run in groupby(found, key=lambda one: one.text in phrases()["heard"])]


def times(one: Noted, said: Callable[[Cue], str], seconds: float) -> list[str]:
    """Return when something is noted, as a language says it: once where it lasts nearly all the time, [] if nobody knows."""
    lasting = [cue for cue in one.cues if whole_clip(cue.span, seconds)]
    return list(dict.fromkeys(told for cue in lasting or one.cues if (told := said(cue))))


def marks(cites: Sequence[str]) -> str:
    """Return citations as they stand in a sentence."""
    return f"[{', '.join(cites)}]"


def unmarked(text: str) -> str:
    """Return a quoted text that cannot pose as a citation."""
    return text.replace("[", "(").replace("]", ")")


def number(seconds: float) -> str:
    """Return seconds to a tenth, without a zero behind the point."""
    return f"{seconds:.1f}".removesuffix(".0")


def whole_clip(span: Span | None, seconds: float) -> bool:
    """Tell whether something lasts nearly all the time."""
    return span is not None and span.duration >= MOST * seconds


@cache
def phrases() -> Mapping[str, Mapping[str, str]]:
    """Return what is said in Chinese, by what it is in English: `heard` (nouns), `done` (verbs), `names` and others."""
    found: Mapping[str, Mapping[str, str]] = json.loads(files("annotators.rationale").joinpath("phrases.json").read_text("utf-8"))
    return found
