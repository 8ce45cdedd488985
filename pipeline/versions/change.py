"""What became of one clip from one version to the next. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from pipeline.versions.causes import DECISION, PERSON, Authors, causes, unsigned
from schemas.claims import Label
from schemas.record import Clip
from schemas.vocabulary.distributions import likeliest, scores_of
from schemas.vocabulary.modalities import modality_order

ADDED, REMOVED, ROUTED, SPLIT, LABELLED, SCORED, SAID, TERMS = KINDS = (
    "added", "removed", "re-routed", "in another split", "labelled anew", "scored anew", "said anew", "under other terms",
)  # fmt: skip
TOLD = (
    "speaker", "transcript", "targets", "cues", "texts", "assessments", "preferences", "reviews",
)  # fmt: skip
"""Columns whose change is told by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that became of a clip; `what` is the modality of a label, or the names of columns or terms."""

    kind: str
    clip_id: str
    file: str
    what: str | None = None
    before: str | None = None
    after: str | None = None
    why: tuple[str, ...]
    """Who or what changed."""
    reasons: tuple[str, ...] = ()
    """Where a clip is re-routed: the reasons of the new route, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipState:
    """A clip as a version holds it, without what is large."""

    decision: str
    split: str
    clip: Clip

    @property
    def clip_id(self) -> str:
        """Return the id of the clip."""
        return self.clip.clip_id

    @property
    def source_id(self) -> str:
        """Return the id of its source."""
        return self.clip.source.source_id

    @property
    def file(self) -> str:
        """Return the file that it was cut from."""
        return self.clip.source.file

    def change(self, kind: str, why: tuple[str, ...], what: str | None = None, between: tuple[str, str] | None = None) -> Change:
        """Return one change of this clip."""
        before, after = between or (None, None)
        return Change(kind=kind, clip_id=self.clip_id, file=self.file, what=what, before=before, after=after, why=why)

    def labels(self) -> dict[str, Label]:
        """Return the label of each modality that counts: what people decided before what a machine or one person says."""
        ordered = sorted(self.clip.labels, key=lambda label: _rank(label.by))
        return {label.modality: label for label in ordered if label.person is None and label.span is None}

    def reasons(self) -> tuple[str, ...]:
        """Return why the clip went where it went."""
        return self.clip.routes[-1].reasons if self.clip.routes else ()


def _rank(by: str) -> int:
    return 2 if by.startswith(DECISION) else 0 if by.startswith(PERSON) else 1


def changes(old: ClipState, new: ClipState, authors: Authors) -> Iterator[Change]:
    """Yield all that is not the same about a clip that is in both versions."""
    if old.decision != new.decision:
        why = causes(old.clip, new.clip, authors, ("routes", "assessments"))
        yield replace(new.change(ROUTED, why, between=(old.decision, new.decision)), reasons=new.reasons())
    if old.split != new.split:
        yield new.change(SPLIT, ("splits are given anew",), between=(old.split, new.split))
    if old.clip == new.clip:
        return
    before = asdict(old.clip.source)
    terms = [name for name, value in asdict(new.clip.source).items() if before[name] != value]
    if terms:
        yield new.change(TERMS, ("sources.csv says so",), what=", ".join(terms))
    yield from _labels(old, new, authors)
    columns = tuple(name for name in TOLD if _said(old.clip, name) != _said(new.clip, name))
    if columns:
        yield new.change(SAID, causes(old.clip, new.clip, authors, columns), what=", ".join(columns))


def _labels(old: ClipState, new: ClipState, authors: Authors) -> Iterator[Change]:
    before, after = old.labels(), new.labels()
    for modality in sorted(before.keys() | after.keys(), key=modality_order):
        was, now = before.get(modality), after.get(modality)
        if was == now:
            continue
        names = _winner(was), _winner(now)
        if names[0] != names[1]:
            yield new.change(LABELLED, causes(old.clip, new.clip, authors, ("labels",)), modality, names)
        elif was is None or now is None or unsigned(was) != unsigned(now):
            yield new.change(SCORED, causes(old.clip, new.clip, authors, ("labels",)), modality)


def _winner(label: Label | None) -> str:
    """Return in words what a label says: the likeliest name, the set, or the point on the axes."""
    if label is None:
        return "none"
    if label.scores:
        return likeliest(scores_of(label))
    axes = (f"{axis} {value:.2f}" for axis in ("valence", "arousal") if (value := getattr(label, axis)) is not None)
    return " + ".join(label.names) or ", ".join(axes) or "nothing"


def _said(clip: Clip, name: str) -> object:
    """Return a column without the keys of who says it: an author that changed and says the same changes nothing."""
    held = getattr(clip, name)
    return tuple(map(unsigned, held)) if isinstance(held, tuple) else held
