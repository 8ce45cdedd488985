"""What people's decisions teach the next version: how sure each author should sound, and when a person should decide.

People see the clips in review and a sample of the accepted ones. So that what is learned holds for both, an audited clip stands
for 1 / (share that is audited) clips. Nothing is learned from few clips, or where it would not do better on clips left out.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from pipeline.judge.assess import DECISION, AssessSettings, compared, heard
from pipeline.judge.route import RouteSettings
from pipeline.judge.temperature import FOLDS, Example, Temperature, mappable_labels, temperature
from pipeline.judge.threshold import Case, Threshold, matched, threshold
from schemas.claims import Label
from schemas.versions.review_facts import ConflictFacts, LearnedFacts
from schemas.vocabulary.contrast import at_odds
from schemas.vocabulary.distributions import ALL, about_target, tempered

CONFLICT = "route.conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A clip that people decided."""

    clip_id: str
    labels: tuple[Label, ...]
    """What machines say of it, as they said it, at temperature 1."""
    people: tuple[tuple[str, tuple[str, ...]], ...]
    """Modality (or all) with the names that people gave it; a modality that they did not judge alone is absent or has ()."""
    audited: bool
    """Accepted, and drawn to be checked."""
    expected: float | None = None
    """Probability of a real conflict, where that was why people decided; None where it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What changes; authors that are not named, and a threshold of None, stay as they are."""

    temperatures: tuple[Temperature, ...]
    threshold: Threshold | None
    conflict: float
    """Probability from which a person decides: the learned threshold; without one, that which sends as many clips to people as
    before, whatever the temperatures do to probabilities."""

    def facts(self) -> tuple[LearnedFacts, ...]:
        """Return it as the report shows it."""
        rows = [
            LearnedFacts(
                what=one.by,
                before=one.before,
                after=one.after,
                items=one.items,
                measure="ece",
                measure_before=one.ece_before,
                measure_after=one.ece_after,
            )
            for one in self.temperatures
        ]
        limit = self.threshold
        if limit is not None:
            before, after = limit.balanced
            rows.append(
                LearnedFacts(
                    what=CONFLICT,
                    before=limit.before,
                    after=limit.after,
                    items=limit.real + limit.consistent,
                    measure="balanced",
                    measure_before=before,
                    measure_after=after,
                )
            )
        return tuple(rows)


def learn(clips: Iterable[Judged], assess: AssessSettings, route: RouteSettings) -> Learned:
    """Return what decided clips teach beyond the present settings; their order does not matter."""
    ordered = sorted(clips, key=lambda one: one.clip_id)
    temperatures = _temperatures(ordered, assess, route)
    if not ordered:
        return Learned(temperatures=(), threshold=None, conflict=route.conflict)
    without = [_temperatures([one for one in ordered if _fold(one) != fold], assess, route) for fold in range(FOLDS)]
    settings = tuple(changed(assess, found) for found in (*without, temperatures))
    cases = [case for case in (_case(one, assess, settings, route) for one in ordered) if case is not None]
    found = threshold(cases, route.conflict)
    conflict = found.after if found else matched(cases, route.conflict) if temperatures else route.conflict
    return Learned(temperatures=temperatures, threshold=found, conflict=conflict)


def apply(label: Label, learned: Learned) -> Label:
    """Return a label at its author's learned temperature; unchanged where none was learned."""
    found = {one.by: one.after for one in learned.temperatures}
    return tempered(label, found[label.by]) if label.by in found and label.scores else label


def changed(assess: AssessSettings, temperatures: Sequence[Temperature]) -> AssessSettings:
    """Return settings with the learned temperatures in place of their authors' earlier ones."""
    merged = {**dict(assess.temperatures), **{one.by: one.after for one in temperatures}}
    return replace(assess, temperatures=tuple(sorted(merged.items())))


def _temperatures(clips: Sequence[Judged], assess: AssessSettings, route: RouteSettings) -> tuple[Temperature, ...]:
    now = dict(assess.temperatures)
    examples: defaultdict[str, list[Example]] = defaultdict(list)
    for clip in clips:
        people = dict(clip.people)
        for label in _machines(clip):
            names = people.get(label.modality, ())
            if label.scores and len(names) == 1 and names[0] in mappable_labels(label, assess.space).values():
                example = Example(
                    clip_id=clip.clip_id, label=label, truth=names[0], weight=_weight(clip, route), fold=_fold(clip)
                )
                examples[label.by].append(example)
    found = (temperature(many, assess.space, now.get(by, 1.0)) for by, many in sorted(examples.items()))
    return tuple(one for one in found if one is not None)


def _case(clip: Judged, assess: AssessSettings, learned: Sequence[AssessSettings], route: RouteSettings) -> Case | None:
    """Return None where no two modalities can be compared."""
    now, *later = (_likeliest(clip, settings) for settings in (assess, *learned))
    if now is None or any(one is None for one in later):
        return None
    return Case(
        now=now,
        learned=tuple(one for one in later if one is not None),
        real=real_conflict(clip, assess.space),
        weight=_weight(clip, route),
        audited=clip.audited,
        fold=_fold(clip),
    )


def real_conflict(clip: Judged, onto: str) -> bool | None:
    """Tell whether people who judged modalities alone name unlike emotions for two of them; None where too few were judged."""
    alone = [names for modality, names in clip.people if modality != ALL]
    found = [one for one in (at_odds(*pair, onto) for pair in combinations(alone, 2)) if one is not None]
    return any(found) if found else None


def conflict_facts(clips: Iterable[Judged], onto: str) -> ConflictFacts | None:
    """Return what came of the clips that went to people because of a conflict; None where none of them was judged so far."""
    sent = [(one.expected, real) for one in clips if one.expected is not None and (real := real_conflict(one, onto)) is not None]
    if not sent:
        return None
    mean = sum(expected for expected, _ in sent) / len(sent)
    return ConflictFacts(clips=len(sent), expected=round(mean, 4), real=sum(real for _, real in sent))


def _likeliest(clip: Judged, settings: AssessSettings) -> float | None:
    # Of a pair one of which is too unsure no conflict can be told: it goes to nobody, whatever the threshold.
    return max((pair.probability or 0.0 for pair in compared(heard(_machines(clip), settings), settings)), default=None)


def _machines(clip: Judged) -> list[Label]:
    return [one for one in clip.labels if one.by.partition("@")[0] != DECISION and about_target(one)]


def _weight(clip: Judged, route: RouteSettings) -> float:
    return 1 / route.audit if clip.audited and route.audit > 0 else 1.0


def _fold(clip: Judged) -> int:
    return int.from_bytes(hashlib.sha256(f"fold {clip.clip_id}".encode()).digest()[:8], "big") % FOLDS
