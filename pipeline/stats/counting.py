"""Counts of a version's rows for its card: one pass over Parquet, media and time series left unread."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from pipeline.judge.assess import DECISION
from pipeline.stats.audit import Audit
from pipeline.stats.counters import COLUMNS as TALLIED
from pipeline.stats.counters import DecisionCounters, VersionCounters, routed
from pipeline.stats.facts import CostFacts, Counted, DecisionFacts, LabelFacts, Property, SplitCounts, SubgroupFacts
from schemas.claims import Label
from schemas.versions.rows import ACCEPT, FOLDERS, REJECT, REVIEW
from schemas.vocabulary.distributions import ALL, fused, likeliest
from schemas.vocabulary.spaces import space

VALUES = 1000
"""Values of one property that are told apart, the first ones met; a version may have as many as it has sources."""
SHOWN = 20
"""Groups of one property that are told, the largest."""
HELD = ("video", "audio", "image", "transcript")
STATED = ("licence", "consent", "origin")
"""Properties in somebody's own words."""
PROPERTIES = ("language", "licence", "consent", "origin", "streams", "speakers in the source", "view of the face")
TOGETHER = " + "
"""Between the languages of one clip."""
_SPENT = ("tokens_in", "tokens_out", "seconds", "price")
_LEAVES = (
    *(f"source.{name}" for name in ("source_id", "licence", "consent", "language", "origin", "streams")),
    *("video.path", "audio.path", "image.path", "transcript", "languages.list.element.language"),
    *("speakers.list.element.speaker", "targets.list.element.track"),
    *(f"faces.list.element.{name}" for name in ("track", "view")),
    *(f"texts.list.element.{name}" for name in ("by", "kind", "label_conditioned", "measures")),
    *(f"reviews.list.element.{name}" for name in ("kind", "outcome", "cannot")),
)


class Count:
    """All counters."""

    def __init__(self, name: str) -> None:
        self.tally = VersionCounters(name)
        self.destinations = {decision: DecisionCounters() for decision in FOLDERS}
        self.splits: dict[str, _Split] = {}
        self.values = {name: _Values() for name in PROPERTIES}
        self.held: Counter[str] = Counter()
        self.costs: dict[str, _Cost] = {}
        self.audit: Counter[str] = Counter()
        self.rationales = self.label_conditioned = self.by_people = 0
        self.lengths = (float("inf"), float("-inf"))
        # Rows of a source lie together, so that only where it changes is a number kept.
        self.sources, self.source = array("Q"), -1

    def read(self, version: Path) -> None:
        """Count all rows of a version."""
        for decision, split, row in _rows(version):
            self.add(decision, split, row)

    def add(self, decision: str, split: str, row: Mapping[str, Any]) -> None:
        """Count one row, which lies with the clips of `decision`."""
        span = row["actual"] or row["requested"]
        seconds = span["end"] - span["start"]
        route = routed(row)
        self.destinations[decision].add(route, seconds)
        self._audited(route, row.get("reviews") or ())
        for text in row["texts"]:
            self._spent(text)
        ambiguity = next((one["ambiguity"] for one in row["assessments"][-1:]), None)
        for name, value in _properties(row):
            self.values[name].add(value, decision, seconds, ambiguity)
        if decision == ACCEPT:
            self._published(split, row, seconds)

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
            "audit": Audit(**{name: self.audit[name] for name in ("drawn", "checked", "wrong", "cannot")}),
        }

    def _published(self, split: str, row: Mapping[str, Any], seconds: float) -> None:
        self.tally.add(row)
        self.splits.setdefault(split, _Split()).add(row, seconds)
        self.held.update(name for name in HELD if row[name] is not None)
        self.lengths = (min(self.lengths[0], seconds), max(self.lengths[1], seconds))
        self.rationales += any(text["kind"] == "rationale" for text in row["texts"])
        self.label_conditioned += sum(text["label_conditioned"] for text in row["texts"])
        self.by_people += any(review["kind"] == DECISION for review in row.get("reviews") or ())
        source = int(row["source"]["source_id"], 16)
        if source != self.source:
            self.sources.append(source)
            self.source = source

    def _audited(self, route: Mapping[str, Any], reviews: Sequence[Mapping[str, Any]]) -> None:
        if not route["audit"]:
            return
        self.audit["drawn"] += 1
        for review in [one for one in reviews if one["kind"] == DECISION][-1:]:
            self.audit["cannot"] += review["cannot"] is not None
            self.audit["checked"] += review["outcome"] is not None
            self.audit["wrong"] += review["outcome"] in {"edited", "rejected"}

    def _spent(self, text: Mapping[str, Any]) -> None:
        spent = {one["name"]: one["value"] for one in text["measures"] if one["name"] in _SPENT and one["value"] is not None}
        if spent:
            self.costs.setdefault(text["by"].partition("@")[0], _Cost()).add(spent)

    def _said(self) -> Iterator[LabelFacts]:
        for modality in sorted(self.tally.felt, key=lambda name: (name != ALL, name)):
            felt = self.tally.felt[modality]
            if felt.clips:
                mean = tuple((name, felt.mass[name] / felt.clips) for name in sorted(felt.mass))
                yield LabelFacts(modality=modality, clips=felt.clips, likeliest=ordered(felt.likeliest), mean=mean)


class _Split:
    def __init__(self) -> None:
        self.clips, self.seconds = 0, 0.0
        self.labels: Counter[str] = Counter()

    def add(self, row: Mapping[str, Any], seconds: float) -> None:
        self.clips += 1
        self.seconds += seconds
        whole = [label for label in row["labels"] if label["modality"] == ALL and label["scores"]][-1:]
        for distribution in fused(Label(**label) for label in whole).values():
            self.labels[likeliest(distribution)] += 1

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
        withheld = [group for group in groups if name in STATED and group.value is not None and not group.accepted]
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


def _properties(row: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    source = row["source"]
    spoken = sorted({one["language"] for one in row["languages"]})
    yield "language", TOGETHER.join(spoken) or source["language"]
    for name in ("licence", "consent", "origin", "streams"):
        yield name, source[name]
    yield "speakers in the source", str(len({one["speaker"] for one in row["speakers"]}))
    views = {face["track"]: face["view"] for face in row["faces"]}
    track = next((target["track"] for target in row["targets"][-1:]), None)
    yield "view of the face", views.get(track)


def _rows(version: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield decision, split and row, with the columns that are counted only."""
    for decision, folder in FOLDERS.items():
        for file in sorted((version / folder).glob("*.parquet")):
            with pq.ParquetFile(file) as shard:
                there = shard.schema_arrow.names
                wanted = [leaf for leaf in (*TALLIED, *_LEAVES) if leaf.partition(".")[0] in there]
                for part in shard.iter_batches(256, columns=wanted):
                    for row in part.to_pylist():
                        yield decision, file.name.partition("-")[0], row
