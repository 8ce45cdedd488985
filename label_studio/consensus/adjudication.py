"""What people decided about a clip, and which clips need one more person. Pure functions of answers, whatever their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from pydantic import Field

from label_studio.consensus.agreement import ADJUDICATE, ALL, NOMINAL, SCORED, TOGETHER, fit_field, latest_answers, scored, value
from label_studio.project.answers import Answer
from label_studio.project.form import UNCLEAR
from schemas.errors import UsageError
from schemas.vocabulary.spaces import space

REJECTED = "rejected"
BACKERS = 2
"""So many people must have said what is decided, where as many are asked. Dawid and Skene alone would settle one against one with
confidence and be right half of the time (two reviewers of 90 %, 5 to 300 clips)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSettings:
    """When people have decided."""

    annotators: Annotated[int, Field(ge=1)] = 2
    """So many people answer each clip."""
    sure: Annotated[float, Field(gt=0.5, le=1)] = 0.8
    """Probability of a label from which it is decided."""
    space: str = "ekman7"
    """Label space that people label in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What people decided about one clip."""

    clip_id: str
    names: tuple[str, ...] = ()
    """The label; several where people gave several together; () where the clip cannot be judged."""
    scores: tuple[tuple[str, float], ...] = ()
    """Probability of each label of the space, in its order; () where the clip cannot be judged."""
    valence: float | None = None
    arousal: float | None = None
    intensity: float | None = None
    face: tuple[str, ...] = ()
    """What the face alone says (V); () where it was not asked, is unclear or not decided; likewise voice (A) and words (T)."""
    voice: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    truth: str | None = None
    rationale: str | None = None
    rationale_by: str | None = None
    """Reviewer who wrote the rationale, or let it stand."""
    reviewers: tuple[str, ...]
    """Everybody whose answer is in it, sorted."""
    adjudicator: str | None = None
    """Who decided alone; None where the reviewers decided."""
    cannot: str | None = None
    """Why the clip cannot be judged, None where it can."""

    @property
    def label(self) -> str | None:
        """Return the names in one word, None where the clip cannot be judged."""
        return TOGETHER.join(self.names) or None

    @property
    def adjudicated(self) -> bool:
        """Tell whether one person decided alone."""
        return self.adjudicator is not None


def decide_clips(answers: Iterable[Answer], settings: ReviewSettings) -> tuple[Decision, ...]:
    """Return what is decided, by clip id: by an adjudicator's last answer, else by enough people who are sure enough together.

    Raises:
        UsageError: an answer names a label that is not in the label space.
    """
    panel = _panel(answers, settings)
    found = (_decision(panel, clip) for clip in panel.clips)
    return tuple(decision for decision in found if decision is not None)


def disputed(answers: Iterable[Answer], settings: ReviewSettings) -> tuple[str, ...]:
    """Return the clips, by id, that enough people answered without deciding them, and that no adjudicator has decided."""
    panel = _panel(answers, settings)
    answered = (clip for clip in panel.clips if len(panel.reviews.get(clip, ())) >= settings.annotators)
    return tuple(clip for clip in answered if _decision(panel, clip) is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """All answers by clip, each reviewer's last, and the estimates that all clips share."""

    settings: ReviewSettings
    reviews: Mapping[str, tuple[Answer, ...]]
    adjudications: Mapping[str, Answer]
    beliefs: Mapping[str, Mapping[str, Mapping[str, float]]]
    """By field, by clip: the probability of each value."""
    skill: Mapping[str, float]

    @property
    def clips(self) -> list[str]:
        return sorted(self.reviews.keys() | self.adjudications.keys())


def _panel(answers: Iterable[Answer], settings: ReviewSettings) -> _Panel:
    ordered = sorted(answers, key=lambda one: (one.submitted, one.answer_id))
    kept = latest_answers(ordered)
    adjudications = {one.clip_id: one for one in ordered if one.kind == ADJUDICATE}
    _check((*kept, *adjudications.values()), settings.space)
    fits = {field: fit_field(kept, field) for field in NOMINAL}
    return _Panel(
        settings=settings,
        reviews={clip: tuple(many) for clip, many in groupby(kept, key=lambda one: one.clip_id)},
        adjudications=adjudications,
        beliefs={field: fit.by_item() for field, fit in fits.items()},
        skill=fits[ALL].reliability(),
    )


def _decision(panel: _Panel, clip: str) -> Decision | None:
    """Return what is decided about a clip, None where nothing is."""
    alone, reviews = panel.adjudications.get(clip), panel.reviews.get(clip, ())
    if alone is not None and alone.cannot is not None:
        return _unjudged(alone.cannot, (alone,), alone)
    chosen = value(alone, ALL) if alone is not None else None
    if chosen is not None:
        return _judged(panel, clip, {chosen: 1.0}, alone)
    unable = Counter(one.cannot for one in reviews if one.cannot is not None)
    if len(reviews) >= panel.settings.annotators and 2 * unable.total() > len(reviews):
        reason = min(unable, key=lambda one: (-unable[one], one))
        return _unjudged(reason, [one for one in reviews if one.cannot is not None], None)
    return _judged(panel, clip, panel.beliefs[ALL][clip], None) if _settled(panel, clip, ALL) else None


def _settled(panel: _Panel, clip: str, field: str) -> str | None:
    """Return the value of a field that reviewers have decided, None where they have not."""
    backers = Counter(said for said in (value(one, field) for one in panel.reviews.get(clip, ())) if said is not None)
    if backers.total() < panel.settings.annotators:
        return None
    belief = panel.beliefs[field][clip]
    best = min(belief, key=lambda name: (-belief[name], name))
    backed = backers[best] >= min(BACKERS, panel.settings.annotators)
    return best if backed and belief[best] >= panel.settings.sure else None


def _judged(panel: _Panel, clip: str, belief: Mapping[str, float], alone: Answer | None) -> Decision:
    """Return the decision; what an adjudicator leaves open stays with the reviewers."""
    label = min(belief, key=lambda name: (-belief[name], name))
    first = [alone] if alone else []
    reviews = [one for one in panel.reviews.get(clip, ()) if one.cannot is None]
    named = {field: (value(alone, field) if alone else None) or _settled(panel, clip, field) for field in NOMINAL}
    scores = {field: _mean(first, field) for field in SCORED}
    scores |= {field: _mean(reviews, field) for field, mean in scores.items() if mean is None}
    fitting = [one for one in reviews if _usable(one) and value(one, ALL) == label]
    by_skill = sorted(fitting, key=lambda one: (-panel.skill[one.reviewer], one.reviewer))
    best = next((one for one in (*first, *by_skill) if _usable(one)), None)
    return Decision(
        clip_id=clip,
        names=_names(label),
        scores=_spread(belief, panel.settings.space),
        valence=scores["valence"],
        arousal=scores["arousal"],
        intensity=scores["intensity"],
        face=_names(named["face"]),
        voice=_names(named["voice"]),
        words=_names(named["words"]),
        truth=named["truth"],
        rationale=best.rationale if best else None,
        rationale_by=best.reviewer if best else None,
        reviewers=tuple(sorted({one.reviewer for one in (*first, *reviews)})),
        adjudicator=alone.reviewer if alone else None,
        cannot=None,
    )


def _check(answers: Iterable[Answer], name: str) -> None:
    known = set(space(name).labels)
    for answer in answers:
        strange = {name for one in answer.given for name in one.names if name != UNCLEAR or one.modality == ALL} - known
        if strange:
            raise UsageError(f"answer {answer.answer_id} of clip {answer.clip_id} says {sorted(strange)[0]}, no label of {name}")


def _usable(answer: Answer) -> bool:
    return bool(answer.rationale) and answer.rationale_outcome != REJECTED and answer.cannot is None


def _mean(answers: Iterable[Answer], field: str) -> float | None:
    said = [one for one in (scored(answer, field) for answer in answers) if one is not None]
    return round(sum(said) / len(said), 4) if said else None


def _names(label: str | None) -> tuple[str, ...]:
    return tuple(label.split(TOGETHER)) if label not in {None, UNCLEAR} else ()


def _spread(belief: Mapping[str, float], name: str) -> tuple[tuple[str, float], ...]:
    """Return the probability of each label of the space; that of a set of names is shared among them."""
    shares = dict.fromkeys(space(name).labels, 0.0)
    for value_, probability in belief.items():
        names = value_.split(TOGETHER)
        for one in names:
            shares[one] += probability / len(names)
    return tuple((label, round(share, 4)) for label, share in shares.items())


def _unjudged(reason: str, unable: Sequence[Answer], alone: Answer | None) -> Decision:
    return Decision(
        clip_id=unable[0].clip_id,
        reviewers=tuple(one.reviewer for one in unable),
        adjudicator=alone.reviewer if alone else None,
        cannot=reason,
    )
