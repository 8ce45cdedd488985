"""What people decided about a clip, and which clips need one more person. Pure functions of answers, whatever their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from label_studio.consensus.agreement import SCORED, TOGETHER, nominal, scored, value
from label_studio.consensus.consensus import Consensus
from label_studio.project.answers import Answer
from label_studio.project.form import UNCLEAR
from schemas.vocabulary.distributions import ALL, likeliest
from schemas.vocabulary.modalities import modalities
from schemas.vocabulary.spaces import space

REJECTED = "rejected"
BACKERS = 2
"""So many people must have said what is decided, where as many are asked. Dawid and Skene alone would settle one against one with
confidence and be right half of the time (two reviewers of 90 %, 5 to 300 clips)."""


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
    alone: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What each modality alone says, in their order; its names are () where it was not asked, is unclear or not decided."""
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


def decide_clips(consensus: Consensus) -> tuple[Decision, ...]:
    """Return what is decided, by clip id: by an adjudicator's last answer, else by enough people who are sure enough together."""
    found = (_decision(consensus, clip) for clip in consensus.clips)
    return tuple(decision for decision in found if decision is not None)


def disputed(consensus: Consensus) -> tuple[str, ...]:
    """Return the clips, by id, that enough people answered without deciding them, and that no adjudicator has decided."""
    asked = consensus.settings.annotators
    answered = (clip for clip in consensus.clips if len(consensus.reviews.get(clip, ())) >= asked)
    return tuple(clip for clip in answered if _decision(consensus, clip) is None)


def _decision(consensus: Consensus, clip: str) -> Decision | None:
    """Return what is decided about a clip, None where nothing is."""
    alone, reviews = consensus.adjudications.get(clip), consensus.reviews.get(clip, ())
    if alone is not None and alone.cannot is not None:
        return _unjudged(alone.cannot, (alone,), alone)
    chosen = value(alone, ALL) if alone is not None else None
    if chosen is not None:
        return _judged(consensus, clip, {chosen: 1.0}, alone)
    unable = Counter(one.cannot for one in reviews if one.cannot is not None)
    if len(reviews) >= consensus.settings.annotators and 2 * unable.total() > len(reviews):
        reason = min(unable, key=lambda one: (-unable[one], one))
        return _unjudged(reason, [one for one in reviews if one.cannot is not None], None)
    return _judged(consensus, clip, consensus.beliefs[ALL][clip], None) if _settled(consensus, clip, ALL) else None


def _settled(consensus: Consensus, clip: str, field: str) -> str | None:
    """Return the value of a field that reviewers have decided, None where they have not."""
    backers = Counter(said for said in (value(one, field) for one in consensus.reviews.get(clip, ())) if said is not None)
    if backers.total() < consensus.settings.annotators:
        return None
    belief = consensus.beliefs[field][clip]
    best = likeliest(belief)
    backed = backers[best] >= min(BACKERS, consensus.settings.annotators)
    return best if backed and belief[best] >= consensus.settings.sure else None


def _judged(consensus: Consensus, clip: str, belief: Mapping[str, float], alone: Answer | None) -> Decision:
    """Return the decision; what an adjudicator leaves open stays with the reviewers."""
    label = likeliest(belief)
    first = [alone] if alone else []
    reviews = [one for one in consensus.reviews.get(clip, ()) if one.cannot is None]
    named = {field: (value(alone, field) if alone else None) or _settled(consensus, clip, field) for field in nominal()}
    scores = {field: _mean(first, field) for field in SCORED}
    scores |= {field: _mean(reviews, field) for field, mean in scores.items() if mean is None}
    fitting = [one for one in reviews if _usable(one) and value(one, ALL) == label]
    by_skill = sorted(fitting, key=lambda one: (-consensus.skill[one.reviewer], one.reviewer))
    best = next((one for one in (*first, *by_skill) if _usable(one)), None)
    return Decision(
        clip_id=clip,
        names=_names(label),
        scores=_spread(belief, consensus.settings.space),
        valence=scores["valence"],
        arousal=scores["arousal"],
        intensity=scores["intensity"],
        alone=tuple((modality, _names(named[modality])) for modality in modalities()),
        truth=named["truth"],
        rationale=best.rationale if best else None,
        rationale_by=best.reviewer if best else None,
        reviewers=tuple(sorted({one.reviewer for one in (*first, *reviews)})),
        adjudicator=alone.reviewer if alone else None,
        cannot=None,
    )


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
