"""The plan: one TOML file decides all that can change a shard, and is refused before the build starts if it cannot work."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from annotators.annotator import Annotator
from annotators.media.cutting import CutSettings
from annotators.models import catalog
from annotators.registry import configured, plan_file, plan_names
from label_studio.consensus.consensus import ReviewSettings
from pipeline.clips.segment import SegmentSettings
from pipeline.judge.assess import AssessSettings
from pipeline.judge.route import Judge, RouteSettings, allowed
from pipeline.judge.rule import Rule, configured_rule
from pipeline.runtime.settings import RunSettings
from pipeline.split.assign import SplitSettings
from pipeline.split.duplicates import DuplicateSettings
from schemas.errors import UsageError, did_you_mean
from schemas.provenance import Provenance, digest
from schemas.record import SCHEMA_VERSION, Clip, Source, claim_fields
from schemas.validate import validate
from schemas.vocabulary.spaces import space

TABLES = ("segment", "cut", "release", "assess", "route", "review", "split", "duplicates", "run", "annotators", "rules")
_TOGETHER = "clips of a source"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSettings:
    """How shards are written."""

    shard_bytes: Annotated[int, Field(ge=1)] = 500_000_000
    """About so many bytes make one shard."""
    row_group_bytes: Annotated[int, Field(ge=1)] = 64_000_000
    """A row group ends at so many bytes, if not before."""
    row_group_rows: Annotated[int, Field(ge=1)] = 100
    """Or at so many rows; the viewer of the Hub reads pages of 100."""
    row_group_typical: Annotated[int, Field(ge=1)] = 25
    """About so many rows make a row group: it ends behind one clip in so many, chosen by the hash that its id is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What is said of all clips of a source together, and then of each clip."""

    together: tuple[Annotator[Any, Any], ...]
    clips: tuple[Annotator[Any, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan that can work."""

    name: str
    segment: SegmentSettings
    cut: CutSettings
    release: ReleaseSettings
    assess: AssessSettings
    route: RouteSettings
    review: ReviewSettings
    split: SplitSettings
    duplicates: DuplicateSettings
    run: RunSettings
    annotators: tuple[Annotator[Any, Any], ...]
    rules: tuple[Rule, ...] = ()

    def scoped(self, scope: str) -> tuple[Annotator[Any, Any], ...]:
        """Return the annotators of one scope, in order."""
        return tuple(annotator for annotator in self.annotators if annotator.scope == scope)

    @property
    def rounds(self) -> tuple[Round, ...]:
        """Return the annotators of clips in order: the first round begins with clips alone, the last may have none after it.

        What is said of all clips at the very end (`last_together`) is in no round: nothing reads it but the judge.
        """
        rounds = [Round(together=(), clips=())]
        for annotator in self.annotators[: len(self.annotators) - len(self.last_together)]:
            last = rounds[-1]
            if annotator.scope == "clip":
                rounds[-1] = replace(last, clips=(*last.clips, annotator))
            elif annotator.scope == _TOGETHER and (last.clips or len(rounds) == 1):
                rounds.append(Round(together=(annotator,), clips=()))
            elif annotator.scope == _TOGETHER:
                rounds[-1] = replace(last, together=(*last.together, annotator))
        return tuple(rounds)

    @property
    def last_together(self) -> tuple[Annotator[Any, Any], ...]:
        """Return the annotators of all clips of a source that no annotator of clips comes after, in order."""
        last = max((place for place, one in enumerate(self.annotators) if one.scope != _TOGETHER), default=-1)
        return self.annotators[last + 1 :]

    @property
    def judge(self) -> Judge:
        """Return what makes of a clip's labels an assessment and a route."""
        judged = any("labels" in annotator.provides for annotator in self.annotators)
        return Judge(assess=self.assess, route=self.route, judged=judged, rules=self.rules)

    @property
    def authors(self) -> tuple[Provenance, ...]:
        """Return everybody who makes claims."""
        return (*(annotator.provenance for annotator in self.annotators), self.assess.provenance, self.judge.author)

    @property
    def resolved(self) -> dict[str, Any]:
        """Return the plan with every default filled in, as JSON can hold it."""
        return {
            "name": self.name,
            "schema": SCHEMA_VERSION,
            "segment": asdict(self.segment),
            "cut": asdict(self.cut),
            "release": asdict(self.release),
            "assess": asdict(self.assess),
            "route": asdict(self.route),
            "review": asdict(self.review),
            "split": asdict(self.split),
            "duplicates": asdict(self.duplicates),
            "annotators": [asdict(annotator.provenance) for annotator in self.annotators],
            **({"rules": [rule.settings for rule in self.rules]} if self.rules else {}),
        }

    @property
    def hash(self) -> str:
        """Return the hash of all that can change a shard."""
        return digest({key: value for key, value in self.resolved.items() if key != "name"}, 16)


def read_plan(name: str) -> Plan:
    """Return the plan in a TOML file, or an installed one by name.

    Raises:
        UsageError: no such plan, or it cannot work; the message names the place.
    """
    place = plan_file(name)
    path = name if name in plan_names() else str(place)
    try:
        table = tomllib.loads(place.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"--plan {path}: {error}") from error
    if unknown := sorted(set(table) - set(TABLES)):
        raise UsageError(f"--plan {path}: unknown table {unknown[0]!r}{did_you_mean(unknown[0], TABLES)}")
    assess = validate(AssessSettings, table.get("assess", {}), f"--plan {path}: [assess]")
    plan = Plan(
        name=name if name in plan_names() else Path(name).stem,
        segment=validate(SegmentSettings, table.get("segment", {}), f"--plan {path}: [segment]"),
        cut=validate(CutSettings, table.get("cut", {}), f"--plan {path}: [cut]"),
        release=validate(ReleaseSettings, table.get("release", {}), f"--plan {path}: [release]"),
        assess=assess,
        route=validate(RouteSettings, table.get("route", {}), f"--plan {path}: [route]"),
        review=validate(ReviewSettings, _of_space(table.get("review", {}), assess.space), f"--plan {path}: [review]"),
        split=validate(SplitSettings, table.get("split", {}), f"--plan {path}: [split]"),
        duplicates=validate(DuplicateSettings, table.get("duplicates", {}), f"--plan {path}: [duplicates]"),
        run=validate(RunSettings, table.get("run", {}), f"--plan {path}: [run]"),
        annotators=tuple(configured(one, where) for one, where in _each(table, "annotators", path)),
        rules=tuple(configured_rule(one, where) for one, where in _each(table, "rules", path)),
    )
    _check(plan, path)
    return plan


def budgeted(plan: Plan, budget: str | None) -> Plan:
    """Return the plan with another review budget, the same plan for None.

    Raises:
        UsageError: the budget is not a count or a share.
    """
    if budget is None:
        return plan
    allowed(budget, 0)
    return replace(plan, route=replace(plan.route, budget=budget))


def _each(table: Mapping[str, Any], name: str, path: str) -> Iterator[tuple[dict[str, object], str]]:
    """Yield the tables that are written with double brackets, and where each stands."""
    tables, where = table.get(name, []), f"--plan {path}: [[{name}]]"
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise UsageError(f"{where} is written with double brackets, once per {name.removesuffix('s')}")
    return ((one, where) for one in tables)


def _of_space(table: object, space_name: str) -> object:
    """Return the table of the review: people are asked about the labels in which machines are compared."""
    return {"space": space_name, **table} if isinstance(table, dict) else table


def _check(plan: Plan, path: str) -> None:
    """Refuse a plan with a model that is not in the table, or with an annotator twice or before those whose claims it reads."""
    for name in (name for annotator in plan.annotators for name in annotator.model_names()):
        catalog.find_model(name)
    space(plan.assess.space)
    if plan.review.space != plan.assess.space:
        raise UsageError(f"--plan {path}: people label in {plan.review.space}, machines are compared in {plan.assess.space}")
    allowed(plan.route.budget, 0)
    later = [annotator.scope != "source" for annotator in plan.annotators]
    if later != sorted(later):
        raise UsageError(f"--plan {path}: annotators of sources come first, then those of clips and of all clips of a source")
    claims = set(claim_fields(Source).values()) | set(claim_fields(Clip).values())
    filled: set[str] = set()
    for place, annotator in enumerate(plan.annotators):
        if annotator in plan.annotators[:place]:
            raise UsageError(f"--plan {path}: {annotator.name} stands there twice, with the same settings")
        if missing := (set(annotator.requires) & claims) - filled:
            raise UsageError(f"--plan {path}: {annotator.name} reads {sorted(missing)[0]}, which no annotator before it gives")
        # A label becomes a cue, too.
        filled |= {*annotator.provides, *(("cues",) if "labels" in annotator.provides else ())}
