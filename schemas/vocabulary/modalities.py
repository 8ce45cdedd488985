"""Modalities: the channels through which a person can be read, and all that the house must know of one to speak of it.

Whoever names modalities asks here: join, judge, form, card, page, `explain` and prompts. The built-in ones come in by the same
door as those of other packages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from schemas.doors import behind, opened_door
from schemas.errors import UsageError
from schemas.vocabulary.distributions import ALL

MODALITIES = "affectory.modalities"
"""The entry-point group; a modality is registered under its own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modality:
    """A channel through which a person can be read."""

    name: str
    says: str
    """What it is about."""
    place: int = 100
    """Where it stands among others: lower first, of equals by name."""
    subject: str = ""
    """What starts a sentence about it: "The face"; empty: "The" and its name."""
    plural: bool = False
    """Its name is a plural: the words stand, the face stands."""
    verb: str = "reads as"
    """What leads from it to an adjective: the face *looks* happy."""
    channel: Literal["video", "audio", "text"] | None = None
    """What carries it, where that is one of these: the first of a channel is its witness in the category of a conflict."""
    needs: str | None = None
    """Path of the clip's field without which there is nothing to read, as `targets.track`; None: it can always be read."""
    absent: str = ""
    """In words, that there is nothing to read; empty: there is no …"""
    doubt: str | None = None
    """Path of the clip's field that leaves open whether there is anything to read, by what it holds, and where nobody has filled
    it; None: nothing does."""
    untold: str = ""
    """In words, that this is left open; empty: whether there is a … cannot be told"""
    unread: str = ""
    """In words, that it is there and no annotator can read it."""
    stage: Literal["silent", "sound", "text", "all"] = "all"
    """What a reviewer is given who judges it alone: the picture without sound, the sound, the words, or the whole clip."""
    question: str = ""
    """What that reviewer is asked; empty: what does it alone show?"""
    colour: tuple[str, str] = ("#7b4397", "#c793e2")
    """Of its marks on the page, on light and on dark ground, as CSS."""

    @property
    def subject_text(self) -> str:
        """Return what starts a sentence about it."""
        return self.subject or f"The {self.name}"

    def missing(self, clip: object) -> str | None:
        """Return in words why it says nothing about a clip; None where nothing tells whether it could."""
        if self.needs is None:
            return None
        if _holds(clip, self.needs):
            return self.unread or f"the {self.name} cannot be read"
        if self.doubt is not None and (_holds(clip, self.doubt) or not getattr(clip, self.doubt.partition(".")[0])):
            return self.untold or f"whether there is a {self.name} cannot be told"
        return self.absent or f"there is no {self.name}"


def _holds(clip: object, path: str) -> bool:
    """Tell whether a clip holds something, anything but None, 0 and what is empty, under the path of a field."""
    seen: list[object] = [clip]
    for part in path.split("."):
        values = (getattr(one, part) for one in seen)
        seen = [one for value in values for one in (value if isinstance(value, tuple) else (value,)) if one is not None]
    return any(seen)


FACE = Modality(
    name="face",
    says="expression and head movement of one face",
    place=1,
    verb="looks",
    channel="video",
    needs="targets.track",
    absent="the face is not seen",
    doubt="targets.doubtful",
    untold="whose face it is cannot be told",
    unread="the face cannot be read",
    stage="silent",
    question="watch without sound — what does the face alone show?",
    colour=("#b4560b", "#f0a05a"),
)
VOICE = Modality(
    name="voice",
    says="how it sounds, whatever is said",
    place=2,
    verb="sounds",
    channel="audio",
    needs="speaker",
    absent="nobody speaks",
    unread="the voice cannot be read",
    stage="sound",
    question="listen without picture — Tab, then Space plays",
    colour=("#2364aa", "#74b0f0"),
)
WORDS = Modality(
    name="words",
    says="what is said, whatever it sounds like",
    place=3,
    subject="What is said",
    plural=True,
    channel="text",
    needs="transcript",
    absent="no words are known",
    unread="the words are in a language that cannot be read here",
    stage="text",
    question="read — what do the words alone say?",
    colour=("#2c7a4b", "#73c895"),
)


@cache
def modalities() -> dict[str, Modality]:
    """Return all registered modalities by name, in their order.

    Raises:
        UsageError: one cannot be imported, is registered twice, or under another name than its own.
    """
    found: list[Modality] = []
    for name, entry in behind(MODALITIES).items():
        modality: Modality = opened_door(entry, Modality)
        if modality.name != name:
            raise UsageError(f"{MODALITIES}: {name} ({entry.value}) names itself {modality.name!r}")
        found.append(modality)
    return {one.name: one for one in sorted(found, key=lambda one: (one.place, one.name))}


def modality_of(name: str) -> Modality:
    """Return the registered modality of that name, or a plain one where its package is not installed."""
    return modalities().get(name) or Modality(name=name, says=f"as the name says: {name}")


def channel_witness(channel: str, heard: Iterable[str]) -> str | None:
    """Return the first of the modalities that are heard which a channel carries, in their order; None where none is."""
    carried = (one for one in sorted(heard, key=modality_order) if modality_of(one).channel == channel)
    return next(carried, None)


def modality_order(name: str) -> tuple[int, str]:
    """Return what modalities are ordered by: all together, then the registered in their order, then the unknown by name."""
    known = (ALL, *modalities())
    return known.index(name) if name in known else len(known), name
