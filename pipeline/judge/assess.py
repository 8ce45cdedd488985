"""How sure the evidence is and where it disagrees: a pure function of a clip's labels and texts.

What people have decided stands above what machines say: their label is the label of the clip, and where they judged picture and
sound alone, these are the witnesses of the category.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from itertools import combinations

from schemas.claims import Assessment, Conflict, Label
from schemas.provenance import Provenance, canonical
from schemas.record import Clip
from schemas.validate import Proportion
from schemas.vocabulary.contrast import DISAGREE, SURE, Evidence, contrast, evidence_by_modality, sure_enough
from schemas.vocabulary.distributions import (
    ALL,
    Distribution,
    category,
    divergence,
    entropy,
    expected_valence,
    opposed,
    outlier,
    pooled,
    sentiments,
    tempered,
    top,
)
from schemas.vocabulary.modalities import channel_witness
from schemas.vocabulary.silence import unlabelled
from schemas.vocabulary.synonyms import unified

DECISION = "decision"
"""The author in whose name people's decisions are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessSettings:
    """What counts as disagreement."""

    space: str = "ekman7"
    """The label space in which modalities are compared and fused."""
    conflict: Proportion = DISAGREE
    """Probability of a real conflict from which two modalities disagree."""
    valence: Proportion = 0.2
    """Valence of this strength or more has a sign."""
    tie: Proportion = 0.05
    """Labels whose probability is this close to that of the likeliest are tied with it."""
    same: Proportion = 1.0
    """Overlap from which two sets of labels are equal."""
    differ: Proportion = 0.0
    """Overlap up to which they are unlike."""
    sure: Proportion = SURE
    """Probability that the likeliest label of a modality needs, for the modality to contradict another."""
    temperatures: tuple[tuple[str, float], ...] = ()
    """By provenance key of an author of labels: the temperature at which its distributions are taken; 1 for all others."""

    @property
    def provenance(self) -> Provenance:
        """Return the author of assessments."""
        return Provenance(name="assess", version="2", config=canonical(asdict(self)))


@cache
def assess_author(settings: AssessSettings) -> str:
    """Return the provenance key of assessments."""
    return settings.provenance.key


def assess(clip: Clip, settings: AssessSettings) -> Clip:
    """Return the clip with a fused label (modality `all`) and an assessment; unchanged where no modality says anything.

    Where none gives a label, neither is one given of all together, and the fused label says why.
    """
    said = witnesses(clip, settings)
    if not said:
        return clip
    by, settled = assess_author(settings), people_labels(clip)
    spoken = {name: one.distribution for name, one in said.items() if one.distribution}
    fused = pooled(list(spoken.values())) if spoken else {}
    conflicts = tuple(compared(said, settings))
    assessment = Assessment(
        by=by,
        ambiguity=entropy(fused) if fused else None,
        consistency=_consistency(clip, settings.space),
        category=_category(spoken, fused, settled, settings),
        outlier=outlier({(pair.first, pair.second): pair.probability for pair in conflicts}, settings.conflict),
        conflicts=conflicts,
    )
    return clip.with_claims(by, (assessment,) if ALL in settled else (_label(clip, fused, said, settings), assessment))


def witnesses(clip: Clip, settings: AssessSettings) -> dict[str, Evidence]:
    """Return what the machines say by modality, each taken at its temperature."""
    machines = [label for label in clip.labels if label.by.partition("@")[0] != DECISION]
    return heard(machines, settings)


def heard(labels: Iterable[Label], settings: AssessSettings) -> dict[str, Evidence]:
    """Return what labels say by modality, each taken at its temperature."""
    temperatures = dict(settings.temperatures)
    taken = (tempered(label, temperatures[label.by]) if label.by in temperatures else label for label in labels)
    return evidence_by_modality(taken, settings.space)


def compared(said: Mapping[str, Evidence], settings: AssessSettings) -> Iterator[Conflict]:
    """Yield how each two modalities compare that have anything in common, or a label each."""
    for first, second in combinations(said, 2):
        one, other = said[first], said[second]
        found = contrast(sure_enough(one, settings.sure), sure_enough(other, settings.sure), settings.space)
        if found.axis is None and not (one.distribution and other.distribution):
            continue
        yield Conflict(
            first=first,
            second=second,
            divergence=divergence(one.distribution, other.distribution),
            opposed=None
            if one.valence is None or other.valence is None
            else opposed(one.valence, other.valence, settings.valence),
            axis=found.axis,
            probability=found.probability,
        )


def likeliest_conflict(assessment: Assessment) -> Conflict | None:
    """Return the pair that is likeliest to conflict, of equals the first by name; None where no two can be compared."""
    known = [pair for pair in assessment.conflicts if pair.probability is not None]
    return min(known, key=lambda pair: (-(pair.probability or 0.0), pair.first, pair.second), default=None)


def people_labels(clip: Clip) -> dict[str, Label]:
    """Return what people have decided by modality (`all`: the label of the clip); empty where they have not."""
    return {label.modality: label for label in clip.labels if label.by.partition("@")[0] == DECISION}


def _category(
    spoken: Mapping[str, Distribution], fused: Distribution, settled: Mapping[str, Label], settings: AssessSettings
) -> str:
    """Return the category; without people the fused label stands for the truth where it is more than one of two witnesses."""
    video, audio = (
        _witness(channel_witness(channel, {*spoken, *settled}), spoken, settled, settings) for channel in ("video", "audio")
    )
    if ALL in settled:
        return category(video, audio, top(_scores(settled[ALL]), settings.tie), settings.same, settings.differ)
    truth = top(fused, settings.tie) if fused and (len(spoken) > 2 or video == audio) else None
    return category(video, audio, truth, settings.same, settings.differ)


def _witness(
    modality: str | None, spoken: Mapping[str, Distribution], settled: Mapping[str, Label], settings: AssessSettings
) -> frozenset[str]:
    if modality is None:
        return frozenset()
    if modality in settled:
        return frozenset(settled[modality].names)
    return top(spoken[modality], settings.tie) if modality in spoken else frozenset()


def _scores(label: Label) -> Distribution:
    return dict(zip(label.names, label.scores, strict=True))


def _consistency(clip: Clip, onto: str) -> float | None:
    """Return the share of the commonest emotion among the samples of one author, of the least consistent author if several.

    Words for one label of the space `onto` are one emotion. A rationale in further languages is the same sample.
    """
    named: dict[str, list[str]] = {}
    first: dict[str, str | None] = {}
    for text in clip.texts:
        if text.kind == "rationale" and not text.label_conditioned and first.setdefault(text.by, text.language) == text.language:
            words = (one.word for one in text.measures if one.name == "emotion" and one.word is not None)
            named.setdefault(text.by, []).extend(unified(word, onto) for word in words)
    shares = [Counter(words).most_common(1)[0][1] / len(words) for words in named.values() if len(words) > 1]
    return round(min(shares), 4) if shares else None


def _label(clip: Clip, fused: Distribution, said: Mapping[str, Evidence], settings: AssessSettings) -> Label:
    names = tuple(fused)
    if fused:
        valence = expected_valence(fused, settings.space) if sentiments(settings.space) else None
    else:
        valence = _mean([one.valence for one in said.values()])
    arousal = _mean([one.arousal for one in said.values()])
    why = "; ".join(f"{name}: {reason}" for name, reason in unlabelled(clip, settings.space).items())
    return Label(
        by=assess_author(settings),
        modality=ALL,
        space=settings.space,
        names=names,
        scores=tuple(round(fused[name], 4) for name in names),
        valence=None if valence is None else round(valence, 4),
        arousal=None if arousal is None else round(arousal, 4),
        withheld=None if fused else why or "no modality gives a label",
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
