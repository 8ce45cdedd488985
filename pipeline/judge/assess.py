"""How sure the evidence is and where it disagrees: a pure function of a clip's labels and texts.

What people have decided stands above what machines say: their label is the label of the clip, and where they judged picture and
sound alone, these are the witnesses of the category.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from itertools import combinations

from schemas.claims import Assessment, Conflict, Label
from schemas.provenance import Provenance, canonical
from schemas.record import Clip
from schemas.validate import Proportion
from schemas.vocabulary.distributions import (
    ALL,
    DISAGREE,
    Distribution,
    by_modality,
    category,
    divergence,
    entropy,
    expected_valence,
    opposed,
    outlier,
    pooled,
    tempered,
    top,
)
from schemas.vocabulary.modalities import channel_witness

DECISION = "decision"
"""The author in whose name people's decisions are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessSettings:
    """What counts as disagreement."""

    space: str = "ekman7"
    """The label space in which modalities are compared and fused."""
    conflict: Proportion = DISAGREE
    """Jensen-Shannon divergence (bits) from which two modalities disagree."""
    valence: Proportion = 0.2
    """Valence of this strength or more has a sign."""
    tie: Proportion = 0.05
    """Labels whose probability is this close to that of the likeliest are tied with it."""
    same: Proportion = 1.0
    """Overlap from which two sets of labels are equal."""
    differ: Proportion = 0.0
    """Overlap up to which they are unlike."""
    temperatures: tuple[tuple[str, float], ...] = ()
    """By provenance key of an author of labels: the temperature at which its distributions are taken; 1 for all others."""

    @property
    def provenance(self) -> Provenance:
        """Return the author of assessments."""
        return Provenance(name="assess", version="1", config=canonical(asdict(self)))


@cache
def assess_author(settings: AssessSettings) -> str:
    """Return the provenance key of assessments."""
    return settings.provenance.key


def assess(clip: Clip, settings: AssessSettings) -> Clip:
    """Return the clip with a fused label (modality `all`) and an assessment; unchanged where no modality says anything."""
    spoken = witnesses(clip, settings)
    if not spoken:
        return clip
    by, settled = assess_author(settings), people_labels(clip)
    fused = pooled(list(spoken.values()))
    felt = {name: expected_valence(one, settings.space) for name, one in spoken.items()}
    conflicts = tuple(
        Conflict(
            first=first,
            second=second,
            divergence=divergence(spoken[first], spoken[second]),
            opposed=opposed(felt[first], felt[second], settings.valence),
        )
        for first, second in combinations(spoken, 2)
    )
    assessment = Assessment(
        by=by,
        ambiguity=entropy(fused),
        consistency=_consistency(clip),
        category=_category(spoken, fused, settled, settings),
        outlier=outlier({(pair.first, pair.second): pair.divergence for pair in conflicts}, settings.conflict),
        conflicts=conflicts,
    )
    return clip.with_claims(by, (assessment,) if ALL in settled else (_label(by, fused, settings), assessment))


def witnesses(clip: Clip, settings: AssessSettings) -> dict[str, dict[str, float]]:
    """Return what the machines say by modality, each taken at its temperature."""
    temperatures = dict(settings.temperatures)
    labels = (tempered(label, temperatures[label.by]) if label.by in temperatures else label for label in clip.labels)
    return by_modality((label for label in labels if label.by.partition("@")[0] != DECISION), settings.space)


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
    truth = top(fused, settings.tie) if len(spoken) > 2 or video == audio else None
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


def _consistency(clip: Clip) -> float | None:
    """Return the share of the commonest emotion among the samples of one author, of the least consistent author if several."""
    named: dict[str, list[str]] = {}
    for text in clip.texts:
        if text.kind == "rationale" and not text.label_conditioned:
            named.setdefault(text.by, []).extend(m.word for m in text.measures if m.name == "emotion" and m.word is not None)
    shares = [Counter(words).most_common(1)[0][1] / len(words) for words in named.values() if len(words) > 1]
    return round(min(shares), 4) if shares else None


def _label(by: str, fused: Distribution, settings: AssessSettings) -> Label:
    names = tuple(fused)
    return Label(
        by=by,
        modality=ALL,
        space=settings.space,
        names=names,
        scores=tuple(round(fused[name], 4) for name in names),
        valence=round(expected_valence(fused, settings.space), 4),
    )
