"""What people answered, put where it belongs: as claims of each person, and as a decision that stands above the machines'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from annotators.store import WorkStore
from label_studio.consensus.adjudication import Decision, decide_clips
from label_studio.consensus.consensus import Consensus, ReviewSettings
from label_studio.project.answers import ANSWERS, REVIEWS, Answer, answer_claims, load_answers, person
from label_studio.project.form import SPACE
from pipeline.judge.assess import DECISION, assess
from pipeline.judge.route import Judge
from pipeline.rights.withdrawn import NOTHING, Withdrawn
from schemas.claims import Claim, Label, Review, Route, Text
from schemas.provenance import Provenance, canonical, digest
from schemas.record import Clip
from schemas.versions.rows import ACCEPT, REJECT, REVIEW
from schemas.vocabulary.distributions import ALL, likeliest

PREFER = "prefer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipReview:
    """What people said of one clip."""

    answers: tuple[Answer, ...]
    decision: Decision | None


_TOLD = TypeAdapter(ClipReview)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewIndex:
    """Where a build finds what people said: in the work store, by the hash of all answers and of how they are weighed.

    And what they asked to be left out.
    """

    key: str
    settings: ReviewSettings
    withdrawn: Withdrawn = NOTHING

    def apply_decisions(self, clip: Clip, judge: Judge, store: WorkStore) -> Clip:
        """Return a clip that machines have judged as people have left it."""
        told = store.get("people", digest([self.key, clip.clip_id]), _TOLD) if self.key else None
        return apply_decisions(clip, told, judge, self.settings) if told is not None else clip


def gather(out: Path) -> tuple[Answer, ...]:
    """Return all answers that lie beside the versions in `out`, by id."""
    return tuple(sorted(load_answers(out / REVIEWS / ANSWERS), key=lambda answer: answer.answer_id))


def key(consensus: Consensus) -> str:
    """Return the hash of what people said and how it is weighed; empty where nobody said anything."""
    told = [_hashed(answer) for answer in consensus.answers]
    return digest([told, asdict(consensus.settings)], 16) if told else ""


def _hashed(answer: Answer) -> dict[str, object]:
    # Answers of the first label space were hashed before there was another.
    return {name: value for name, value in asdict(answer).items() if (name, value) != ("space", SPACE)}


def clip_reviews(consensus: Consensus) -> dict[str, ClipReview]:
    """Return what was said of each clip, by clip id."""
    decisions = {decision.clip_id: decision for decision in decide_clips(consensus)}
    by_clip: dict[str, list[Answer]] = {}
    for answer in consensus.answers:
        by_clip.setdefault(answer.clip_id, []).append(answer)
    return {clip: ClipReview(answers=tuple(many), decision=decisions.get(clip)) for clip, many in sorted(by_clip.items())}


def laid_out(consensus: Consensus, store: WorkStore) -> ReviewIndex:
    """Put what was said of each clip into the work store, where every worker finds it."""
    people = ReviewIndex(key=key(consensus), settings=consensus.settings)
    for clip_id, said in clip_reviews(consensus).items():
        store.put("people", digest([people.key, clip_id]), said, _TOLD)
    return people


def authors(answers: Sequence[Answer], settings: ReviewSettings) -> tuple[Provenance, ...]:
    """Return everybody in whose name people's claims are made."""
    persons = {one.key: one for one in map(person, answers)}
    return (*(persons[name] for name in sorted(persons)), *((decision_provenance(settings),) if answers else ()))


def apply_decisions(clip: Clip, said: ClipReview, judge: Judge, settings: ReviewSettings) -> Clip:
    """Return the clip with people's claims and decision, assessed anew and routed by them.

    The machines' route stays in one respect: what they had accepted and drawn for the audit stays marked as such.
    """
    machine = clip.routes[-1]
    candidate = next((label for label in clip.labels if label.modality == ALL), None)
    for by, mine in _by_author(said.answers).items():
        clip = clip.with_claims(by, mine)
    if said.decision is not None:
        by = decision_author(settings)
        clip = clip.with_claims(by, _claims(by, said.decision, said.answers, candidate, settings))
    clip = assess(clip, judge.assess)
    if machine.decision == REJECT:
        return clip.with_claims(machine.by, (machine,))
    return clip.with_claims(machine.by, (_overruled(machine, said, settings),))


@cache
def decision_author(settings: ReviewSettings) -> str:
    """Return the provenance key of people's decisions."""
    return decision_provenance(settings).key


def decision_provenance(settings: ReviewSettings) -> Provenance:
    """Return the author of people's decisions."""
    return Provenance(name=DECISION, version="1", config=canonical(asdict(settings)))


def _by_author(answers: Sequence[Answer]) -> Mapping[str, tuple[Claim, ...]]:
    """Return each person's claims; of several answers of one kind the last one counts."""
    counted = {
        (person(answer).key, answer.kind): answer for answer in sorted(answers, key=lambda one: (one.submitted, one.answer_id))
    }
    found: dict[str, tuple[Claim, ...]] = {}
    for (by, _), answer in sorted(counted.items()):
        found[by] = (*found.get(by, ()), *answer_claims(answer))
    return found


def _claims(
    by: str, decision: Decision, answers: Sequence[Answer], candidate: Label | None, settings: ReviewSettings
) -> tuple[Claim, ...]:
    counted = [answer for answer in answers if answer.kind != PREFER]
    review = Review(
        by=by,
        review_id=digest([decision.clip_id, sorted(answer.answer_id for answer in counted)], 16),
        kind=DECISION,
        outcome=_outcome(decision, candidate),
        truth=decision.truth,
        cannot=decision.cannot,
        seconds=round(sum(answer.seconds for answer in counted), 3),
        submitted=max(answer.submitted for answer in counted),
    )
    if decision.cannot is not None:
        return (review,)
    whole = Label(
        by=by,
        modality=ALL,
        space=settings.space,
        names=tuple(name for name, _ in decision.scores),
        scores=tuple(score for _, score in decision.scores),
        valence=decision.valence,
        arousal=decision.arousal,
        intensity=decision.intensity,
    )
    parts = (Label(by=by, modality=modality, space=settings.space, names=names) for modality, names in decision.alone)
    text = (Text(by=by, text_id="decision", kind="rationale", text=decision.rationale),) if decision.rationale else ()
    return (whole, *parts, *text, review)


def _outcome(decision: Decision, candidate: Label | None) -> str | None:
    """Return whether people came to the machines' label: accepted or edited; None where there was none to compare with."""
    if candidate is None or decision.cannot is not None:
        return None
    machine = likeliest(dict(zip(candidate.names, candidate.scores, strict=True)))
    return "accepted" if decision.names == (machine,) else "edited"


def _overruled(machine: Route, said: ClipReview, settings: ReviewSettings) -> Route:
    decision = said.decision
    people = len({one.reviewer for one in said.answers if one.kind != PREFER and one.space == settings.space})
    if decision is not None and decision.cannot is not None:
        return replace(machine, decision=REJECT, reasons=(f"{_people(people)} cannot judge it: {decision.cannot}",))
    if decision is not None:
        how = "by an adjudicator after" if decision.adjudicated else "by"
        sure = min(dict(decision.scores)[name] for name in decision.names) * len(decision.names)
        label = " and ".join(decision.names)
        return replace(machine, decision=ACCEPT, reasons=(f"decided {how} {_people(people)}: {label}, {sure:.2f}",))
    if not people or (people < settings.annotators and machine.decision == ACCEPT):
        return machine
    state = (
        f"{_people(people)} have answered and do not agree: an adjudicator decides"
        if people >= settings.annotators
        else f"{people} of {_people(settings.annotators)} has answered"
    )
    # What people have begun is finished, whatever the budget.
    return replace(machine, decision=REVIEW, reasons=(state, *machine.reasons), priority=1.0)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
