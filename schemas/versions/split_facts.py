"""What a version says about its splits: the proof that nothing ties two of them, and how alike they are."""

from __future__ import annotations

from dataclasses import dataclass

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
LINKS = {
    "source": "source, between its clips",
    "speaker": "speaker that sources.csv names",
    "voice": "voice",
    "face": "face",
    "scene": "scene",
}
"""Kinds of links, in words."""
NONE = "none"
"""Stands for the label of clips that were not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFacts:
    """Links of one kind between sources; for `source`, between the clips of one source."""

    kind: str
    """source, speaker (named in sources.csv), voice, face or scene."""
    links: int
    crossing: int
    """How many lead from one split into another: 0 in every version."""
    threshold: float | None = None
    """Cosine from which two voices or faces are one person's."""
    nearest: float | None = None
    """Highest cosine of two voices or faces in different splits; None where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRows:
    """One split."""

    split: str
    sources: int
    components: int
    clips: int
    """Accepted, for review, or rejected by the review budget alone."""
    labels: dict[str, int]
    """The same clips by fused label, `none` where nothing was judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFacts:
    """The splits of a version."""

    links: tuple[LinkFacts, ...]
    components: int
    """Sets of sources that links hold together, in one split each."""
    largest_sources: int
    largest_clips: int
    splits: tuple[SplitRows, ...]
    moved: tuple[str, ...] = ()
    """Sources (source_id) that an earlier version had in another split, and why they had to move is a new link or sources.csv."""
    links_of: str | None = None
    """Version in which links and moves were counted, where this one is a part of it: a part has no more of them."""
    copies: int = 0
    """Clips that another source holds too, rejected with a pointer to it."""
