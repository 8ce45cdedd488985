"""Where a clip goes: accept, review or reject. Pure: the same record and the same settings give the same route.

Gates come first: what cannot be used is rejected, whatever it says. What the machines disagree about, or are unsure of, goes to
people, the most informative first as far as the budget goes; what would need a person and gets none is rejected, not accepted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from pipeline.judge.assess import AssessSettings, assess, likeliest_conflict, witnesses
from pipeline.judge.rule import Rule, reasons
from schemas.claims import Assessment, Conflict, Route
from schemas.errors import UsageError
from schemas.provenance import Provenance, canonical
from schemas.record import Clip
from schemas.validate import NotNegative, NotNegativeInt, Proportion
from schemas.versions.rows import ACCEPT, REJECT, REVIEW
from schemas.vocabulary.contrast import DISAGREE
from schemas.vocabulary.distributions import ALL, fused, ranked
from schemas.vocabulary.silence import unlabelled, withheld

SPENT = "it would need a person, and the review budget is spent on more informative clips"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """Thresholds of the gates (reject), of review, the budget and the audit."""

    min_seconds: NotNegative = 1.0
    """Clips of fewer seconds are rejected."""
    max_overlap: Proportion = 0.5
    """Clips in which others speak for a larger share of the time are rejected."""
    min_word_probability: Proportion = 0.4
    """Clips whose words the recogniser is less sure of on average are rejected; words of subtitles have no probability."""
    need_face: bool = False
    """Reject clips in which no face is known to be the target's."""
    min_modalities: NotNegativeInt = 1
    """Clips in which fewer modalities say something are rejected."""
    conflict: Proportion = DISAGREE
    """Probability of a real conflict of two modalities from which a person decides."""
    ambiguity: Proportion = 0.85
    """Ambiguity from which a person decides."""
    consistency: Proportion = 0.6
    """A person decides where a smaller share of the sampled rationales than this agrees on the emotion."""
    budget: str | None = None
    """At most this many clips (`200`) or this share of all clips (`20%`) go to people; None: all that need one."""
    audit: Proportion = 0.05
    """Share of the accepted that people check, drawn by the hash of the clip's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Assess and route, as a plan says."""

    assess: AssessSettings
    route: RouteSettings
    judged: bool
    """Whether the plan has an annotator that says what is felt; without one no clip can be asked for it."""
    rules: tuple[Rule, ...] = ()
    """Of the plan's own, asked behind the built-in ones."""

    @property
    def author(self) -> Provenance:
        """Return the author of routes."""
        return _author(self.route, self.rules)

    def __call__(self, clip: Clip) -> Clip:
        """Return the clip with fused label, assessment and route."""
        assessed = assess(clip, self.assess)
        routed = route(assessed, self)
        return assessed.with_claims(routed.by, (routed,))


@cache
def _author(settings: RouteSettings, rules: tuple[Rule, ...]) -> Provenance:
    own = {"rules": [rule.settings for rule in rules]} if rules else {}
    return Provenance(name="route", version="2", config=canonical({**asdict(settings), **own}))


@cache
def _author_key(settings: RouteSettings, rules: tuple[Rule, ...]) -> str:
    return _author(settings, rules).key


def route(clip: Clip, judge: Judge) -> Route:
    """Return where an assessed clip goes, the budget left aside."""
    settings = judge.route
    by = _author_key(settings, judge.rules)
    assessment = clip.assessments[-1] if clip.assessments else None
    informative = priority(assessment)
    if against := (*gates(clip, judge), *reasons(judge.rules, "reject", clip)):
        return Route(by=by, decision=REJECT, reasons=against, priority=informative)
    doubtful = (*(doubts(assessment, settings) if assessment else ()), *reasons(judge.rules, "review", clip))
    if doubtful:
        return Route(by=by, decision=REVIEW, reasons=doubtful, priority=informative, expected=expected(assessment, settings))
    if assessment is None:
        return Route(by=by, decision=ACCEPT, reasons=("nothing was judged: no annotator says what is felt",), priority=0.0)
    drawn = _draw(clip.clip_id) < settings.audit
    return Route(by=by, decision=ACCEPT, reasons=(_agreement(clip, judge.assess),), priority=informative, audit=drawn)


def gates(clip: Clip, judge: Judge) -> Iterator[str]:
    """Yield why a clip cannot be used."""
    settings = judge.route
    span = clip.actual or clip.requested
    if span.duration < settings.min_seconds:
        yield f"it is {span.duration:.2f} s long, less than {settings.min_seconds:g} s"
    share = clip.overlap / span.duration if span.duration > 0 else 0.0
    if share > settings.max_overlap:
        yield f"others speak during {share:.0%} of it, more than {settings.max_overlap:.0%}"
    sure = [word.probability for word in clip.words if word.probability is not None]
    if sure and sum(sure) / len(sure) < settings.min_word_probability:
        yield f"its words are unsure: {sum(sure) / len(sure):.2f} on average, less than {settings.min_word_probability:g}"
    if settings.need_face and not any(target.track for target in clip.targets):
        doubtful = any(target.doubtful for target in clip.targets)
        yield f"the face of the person whom it is about {'is not known' if doubtful else 'is not seen'}"
    heard = list(witnesses(clip, judge.assess))
    if judge.judged and len(heard) < settings.min_modalities:
        why = "".join(f"; {name}: {reason}" for name, reason in unlabelled(clip, judge.assess.space).items())
        yield f"of the {settings.min_modalities} modalities that must say something, {_listed(heard)} does{why}"


def doubts(assessment: Assessment, settings: RouteSettings) -> Iterator[str]:
    """Yield why a person should decide, the weightiest reason first."""
    pairs = [pair for pair in assessment.conflicts if (pair.probability or 0.0) >= settings.conflict and pair.axis is not None]
    for pair in sorted(pairs, key=lambda pair: (-(pair.probability or 0.0), pair.first, pair.second)):
        yield _disagreement(pair, settings.conflict)
    if assessment.ambiguity is not None and assessment.ambiguity >= settings.ambiguity:
        yield f"the evidence is ambiguous: {assessment.ambiguity:.2f}, from {settings.ambiguity:g} on a person decides"
    if assessment.consistency is not None and assessment.consistency < settings.consistency:
        yield f"only {assessment.consistency:.0%} of the sampled rationales name the same emotion"


def expected(assessment: Assessment | None, settings: RouteSettings) -> float | None:
    """Return how likely the modalities really conflict, where that is why a person decides; None where it is not."""
    pair = likeliest_conflict(assessment) if assessment else None
    return pair.probability if pair and pair.probability is not None and pair.probability >= settings.conflict else None


def priority(assessment: Assessment | None) -> float:
    """Return how informative a person's answer is, 0 to 1: by the likeliest conflict, ambiguity and samples that differ."""
    if assessment is None:
        return 0.0
    pair = likeliest_conflict(assessment)
    unsure = 1 - assessment.consistency if assessment.consistency is not None else 0.0
    return round(0.75 * (pair.probability or 0.0 if pair else 0.0) + 0.15 * (assessment.ambiguity or 0.0) + 0.1 * unsure, 4)


def allowed(budget: str | None, clips: int) -> int | None:
    """Return how many clips may go to people, None without a limit.

    Raises:
        UsageError: the budget is neither a count nor a share in per cent.
    """
    if budget is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", budget.strip())
    if not found or (found[2] and float(found[1]) > 100) or (not found[2] and "." in found[1]):
        raise UsageError(f"a review budget is a count or a share, as 200 or 20%, not {budget!r}")
    return round(float(found[1]) / 100 * clips) if found[2] else int(found[1])


def spend(
    waiting: npt.NDArray[np.bool_], priorities: npt.NDArray[np.float64], draws: npt.NDArray[np.uint64], budget: int | None
) -> npt.NDArray[np.bool_]:
    """Return which of the clips that wait for review get it: those of highest priority, of equals those drawn first."""
    if budget is None or int(waiting.sum()) <= budget:
        return waiting
    places = np.flatnonzero(waiting)
    order = np.lexsort((draws[places], -priorities[places]))
    chosen = np.zeros_like(waiting)
    chosen[places[order[:budget]]] = True
    return chosen


def draw(clip_id: str) -> int:
    """Return a number below 2**64 that depends on the clip's id alone."""
    return int.from_bytes(hashlib.sha256(f"audit {clip_id}".encode()).digest()[:8], "big")


def _draw(clip_id: str) -> float:
    return draw(clip_id) / 2**64


_UNLIKE = {"classes": "", "valence": ", one good and one bad to feel", "arousal": ", one calm and one excited"}


def _disagreement(pair: Conflict, limit: float) -> str:
    how = _UNLIKE["valence" if pair.opposed else pair.axis or "classes"]
    return (
        f"{pair.first} and {pair.second} disagree{how}: "
        f"a real conflict with a probability of {pair.probability:.2f}, from {limit:g} on a person decides"
    )


def _agreement(clip: Clip, limits: AssessSettings) -> str:
    """Return what an accepted clip says, and who says nothing although there was something to look at."""
    whole, silent = fused(clip.labels), withheld(clip.labels)
    heard = [name for name, one in witnesses(clip, limits).items() if one.distribution]
    if not whole:
        return f"no label, because {next(label.withheld for label in reversed(clip.labels) if label.modality == ALL)}"
    best, score = ranked(whole[ALL])[0]
    who = f"only {heard[0]} can be judged:" if len(heard) == 1 else f"{_listed(heard)} do not disagree:"
    return f"{who} {best}, {score:.2f}" + "".join(f"; {name}: no label, because {why}" for name, why in silent.items())


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part) or "none"
