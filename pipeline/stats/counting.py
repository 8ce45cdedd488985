"""Counts of a version's rows for its card: one pass over Parquet, media and time series left unread."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.judge.assess import DECISION
from pipeline.stats.audit import Audit
from pipeline.stats.counters import COLUMNS as TALLIED
from pipeline.stats.counters import DecisionCounters, VersionCounters, routed
from pipeline.stats.facts import CostFacts, Counted, DecisionFacts, LabelFacts, Property, SplitCounts, SubgroupFacts
from schemas.claims import Review, Route, Text
from schemas.record import Clip
from schemas.versions.review_facts import ConflictFacts, conflicts_sent
from schemas.versions.rows import ACCEPT, FOLDERS, REJECT, REVIEW, read_file
from schemas.vocabulary.distributions import fused_label
from schemas.vocabulary.modalities import modality_order
from schemas.vocabulary.spaces import space

VALUES = 1000
"""Values of one property that are told apart, the first ones met; a version may have as many as it has sources."""
SHOWN = 20
"""Groups of one property that are told, the largest."""
HELD = ("video", "audio", "image", "transcript")
_STATED = ("licence", "consent", "origin")
"""Properties in somebody's own words."""
_PROPERTIES = ("language", "licence", "consent", "origin", "streams", "speakers in the source", "view of the face")
TOGETHER = " + "
"""Between the languages of one clip."""
_SPENT = ("tokens_in", "tokens_out", "price")
_LEAVES = (
    *(f"source.{name}" for name in ("source_id", "licence", "consent", "language", "origin", "streams")),
    *(
        "video.path",
        "audio.path",
        "image.path",
        "transcript",
        "languages.language",
        "speakers.speaker",
        "targets.track",
        "targets.state",
    ),
    *(f"faces.{name}" for name in ("track", "view")),
    *(f"texts.{name}" for name in ("by", "kind", "label_conditioned", "measures")),
    *(f"reviews.{name}" for name in ("kind", "outcome", "cannot")),
)


class Count:
    """All counters."""

    def __init__(self, name: str) -> None:
        self.tally = VersionCounters(name)
        self.destinations = {decision: DecisionCounters() for decision in FOLDERS}
        self.splits: dict[str, _Split] = {}
        self.values = {name: _Values() for name in _PROPERTIES}
        self.held: Counter[str] = Counter()
        self.costs: dict[str, _Cost] = {}
        self.audit: Counter[str] = Counter()
        self.rationales = self.label_conditioned = self.by_people = 0
        self.lengths = (float("inf"), float("-inf"))
        # Rows of a source lie together, so that only where it changes is a number kept.
        self.sources, self.source = array("Q"), -1

    def read(self, version: Path) -> None:
        """Count all clips of a version."""
        for decision, split, clip in _clips(version):
            self.add(decision, split, clip)

    def add(self, decision: str, split: str, clip: Clip) -> None:
        """Count one clip, which lies with the clips of `decision`."""
        seconds, route = clip.span.duration, routed(clip)
        self.destinations[decision].add(route, seconds)
        self._audited(route, clip.reviews)
        for text in clip.texts:
            self._spent(text)
        ambiguity = next((one.ambiguity for one in clip.assessments[-1:]), None)
        for name, value in _properties(clip):
            self.values[name].add(value, decision, seconds, ambiguity)
        if decision == ACCEPT:
            self._published(split, clip, seconds)

    def totals(self) -> dict[str, Any]:
        """Return the fields of CardFacts that are counted."""
        some = self.lengths[0] <= self.lengths[1]
        return {
            "space": self.tally.space,
            "labels": space(self.tally.space).labels,
            "splits": tuple(split.facts(name) for name, split in sorted(self.splits.items())),
            "decisions": tuple(_decided(decision, one) for decision, one in self.destinations.items()),
            "sources": len(np.unique(np.frombuffer(self.sources, np.uint64))) if self.sources else 0,
            "seconds": self.destinations[ACCEPT].seconds,
            "shortest": self.lengths[0] if some else None,
            "longest": self.lengths[1] if some else None,
            "columns": tuple((name, self.held[name]) for name in HELD),
            "said": tuple(self._said()),
            "categories": ordered(self.tally.categories),
            "outliers": ordered(self.tally.outliers),
            "rationales": self.rationales,
            "label_conditioned": self.label_conditioned,
            "by_people": self.by_people,
            "properties": tuple(values.facts(name) for name, values in self.values.items()),
            "costs": tuple(cost.facts(author) for author, cost in sorted(self.costs.items())),
            "conflicts": self._conflicts(),
            "audit": Audit(**{name: self.audit[name] for name in ("drawn", "checked", "wrong", "cannot")}),
        }

    def _published(self, split: str, clip: Clip, seconds: float) -> None:
        self.tally.add(clip)
        self.splits.setdefault(split, _Split()).add(clip, seconds)
        self.held.update(name for name in HELD if getattr(clip, name) is not None)
        self.lengths = (min(self.lengths[0], seconds), max(self.lengths[1], seconds))
        self.rationales += any(text.kind == "rationale" for text in clip.texts)
        self.label_conditioned += sum(text.label_conditioned for text in clip.texts)
        self.by_people += any(review.kind == DECISION for review in clip.reviews)
        source = int(clip.source.source_id, 16)
        if source != self.source:
            self.sources.append(source)
            self.source = source

    def _audited(self, route: Route, reviews: Sequence[Review]) -> None:
        if not route.audit:
            return
        self.audit["drawn"] += 1
        for review in [one for one in reviews if one.kind == DECISION][-1:]:
            self.audit["cannot"] += review.cannot is not None
            self.audit["checked"] += review.outcome is not None
            self.audit["wrong"] += review.outcome in {"edited", "rejected"}

    def _spent(self, text: Text) -> None:
        spent = {one.name: one.value for one in text.measures if one.name in _SPENT and one.value is not None}
        if spent:
            self.costs.setdefault(text.by.partition("@")[0], _Cost()).add(spent)

    def _conflicts(self) -> ConflictFacts | None:
        sent = self.destinations[REVIEW]
        return conflicts_sent(sent.conflicts, sent.expected)

    def _said(self) -> Iterator[LabelFacts]:
        for modality in sorted(self.tally.felt, key=modality_order):
            felt = self.tally.felt[modality]
            if felt.clips or felt.withheld:
                mean = tuple((name, felt.mass[name] / felt.clips) for name in sorted(felt.mass))
                why = ordered(felt.withheld)
                yield LabelFacts(modality=modality, clips=felt.clips, likeliest=ordered(felt.likeliest), mean=mean, withheld=why)


class _Split:
    def __init__(self) -> None:
        self.clips, self.seconds = 0, 0.0
        self.labels: Counter[str] = Counter()

    def add(self, clip: Clip, seconds: float) -> None:
        self.clips += 1
        self.seconds += seconds
        if label := fused_label(clip.labels):
            self.labels[label] += 1

    def facts(self, name: str) -> SplitCounts:
        return SplitCounts(name=name, clips=self.clips, seconds=self.seconds, labels=ordered(self.labels))


class _Value:
    def __init__(self) -> None:
        self.decisions: Counter[str] = Counter()
        self.seconds = self.ambiguity = 0.0
        self.assessed = 0

    def facts(self, value: str | None) -> SubgroupFacts:
        return SubgroupFacts(
            value=value,
            clips=self.decisions.total(),
            accepted=self.decisions[ACCEPT],
            review=self.decisions[REVIEW],
            rejected=self.decisions[REJECT],
            seconds=self.seconds,
            ambiguity=self.ambiguity / self.assessed if self.assessed else None,
        )


class _Values:
    def __init__(self) -> None:
        self.known: dict[str | None, _Value] = {}
        self.others = 0

    def add(self, value: str | None, decision: str, seconds: float, ambiguity: float | None) -> None:
        if value not in self.known:
            if len(self.known) >= VALUES:
                self.others += 1
                return
            self.known[value] = _Value()
        mine = self.known[value]
        mine.decisions[decision] += 1
        mine.seconds += seconds * (decision == ACCEPT)
        if ambiguity is not None:
            mine.ambiguity += ambiguity
            mine.assessed += 1

    def facts(self, name: str) -> Property:
        groups = sorted((one.facts(value) for value, one in self.known.items()), key=lambda one: (-one.clips, one.value or ""))
        # What a table says of sources that stay here is for nobody else to read: a refusal may name who refused.
        withheld = [group for group in groups if name in _STATED and group.value is not None and not group.accepted]
        told = [group for group in groups if group not in withheld]
        rest = self.others + sum(group.clips for group in told[SHOWN:])
        return Property(name=name, groups=tuple(told[:SHOWN]), others=rest, withheld=sum(group.clips for group in withheld))


class _Cost:
    def __init__(self) -> None:
        self.texts = self.priced = 0
        self.sums: dict[str, float] = dict.fromkeys(_SPENT, 0.0)

    def add(self, spent: Mapping[str, float]) -> None:
        self.texts += 1
        self.priced += "price" in spent
        for name, value in spent.items():
            self.sums[name] += value

    def facts(self, author: str) -> CostFacts:
        return CostFacts(author=author, texts=self.texts, priced=self.priced, **self.sums)


def ordered(counts: Mapping[str, int]) -> Counted:
    """Return counts, the largest first, of equals by name."""
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _decided(decision: str, place: DecisionCounters) -> DecisionFacts:
    return DecisionFacts(decision=decision, clips=place.clips, seconds=place.seconds, reasons=ordered(place.reasons))


def _properties(clip: Clip) -> Iterator[tuple[str, str | None]]:
    source = clip.source
    spoken = sorted({one.language for one in clip.languages})
    yield "language", TOGETHER.join(spoken) or source.language
    for name in ("licence", "consent", "origin", "streams"):
        yield name, getattr(source, name)
    yield "speakers in the source", str(len({one.speaker for one in clip.speakers}))
    views = {face.track: face.view for face in clip.faces}
    target = clip.targets[-1] if clip.targets else None
    seen = views.get(target.track) if target and target.track else None
    yield "view of the face", "whose face it is cannot be told" if not seen and (target is None or target.doubtful) else seen


def _clips(version: Path) -> Iterator[tuple[str, str, Clip]]:
    """Yield decision, split and clip, with the columns that are counted only."""
    for decision, folder in FOLDERS.items():
        for file in sorted((version / folder).glob("*.parquet")):
            for clip in read_file(file, (*TALLIED, *_LEAVES), batch=256):
                yield decision, file.name.partition("-")[0], clip
