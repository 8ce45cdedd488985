"""How sure the evidence is and where it disagrees: a pure function of a clip's labels and texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Annotated

from pydantic import Field

from annotators.conflict import ALL, Distribution, category, divergence, entropy, opposed, pooled, said, top, valence
from schemas.claims import Assessment, Conflict, Label
from schemas.provenance import Provenance, canonical
from schemas.record import Clip

Share = Annotated[float, Field(ge=0, le=1)]
VIDEO, AUDIO = "face", "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessSettings:
    """What counts as disagreement."""

    space: str = "ekman7"
    """The label space in which modalities are compared and fused."""
    conflict: Share = 0.3
    """Jensen-Shannon divergence (bits) from which two modalities disagree."""
    valence: Share = 0.2
    """Valence of this strength or more has a sign."""
    tie: Share = 0.05
    """Labels this close to the likeliest are tied with it."""
    same: Share = 1.0
    """Overlap from which two sets of labels are equal."""
    differ: Share = 0.0
    """Overlap up to which they are unlike."""

    @property
    def provenance(self) -> Provenance:
        """Return the author of assessments."""
        return Provenance(name="assess", version="1", config=canonical(asdict(self)))


def assess(clip: Clip, settings: AssessSettings) -> Clip:
    """Return the clip with a fused label (modality `all`) and an assessment; unchanged where no modality says anything."""
    spoken = said(clip.labels, settings.space)
    if not spoken:
        return clip
    by = settings.provenance.key
    fused = pooled(list(spoken.values()))
    felt = {name: valence(one, settings.space) for name, one in spoken.items()}
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
        category=_category(spoken, fused, settings),
        outlier=outlier(conflicts, settings.conflict),
        conflicts=conflicts,
    )
    return clip.spoken(by, (_label(by, fused, settings), assessment))


def outlier(conflicts: tuple[Conflict, ...], limit: float) -> str | None:
    """Return the one modality that disagrees with every other while these agree; None with fewer than three."""
    names = sorted({name for pair in conflicts for name in (pair.first, pair.second)})
    if len(names) < 3:
        return None
    for name in names:
        mine = [pair.divergence for pair in conflicts if name in {pair.first, pair.second}]
        others = [pair.divergence for pair in conflicts if name not in {pair.first, pair.second}]
        if all(d is not None and d >= limit for d in mine) and all(d is not None and d < limit for d in others):
            return name
    return None


def _category(spoken: Mapping[str, Distribution], fused: Distribution, settings: AssessSettings) -> str:
    """Return the category, with the fused label for the truth where it is more than one of two witnesses."""
    if VIDEO not in spoken or AUDIO not in spoken:
        return "unresolved"
    video, audio = (top(spoken[name], settings.tie) for name in (VIDEO, AUDIO))
    truth = top(fused, settings.tie) if len(spoken) > 2 or video == audio else None
    return category(video, audio, truth, settings.same, settings.differ)


def _consistency(clip: Clip) -> float | None:
    words = [
        measure.word
        for text in clip.texts
        if text.kind == "rationale" and not text.label_conditioned
        for measure in text.measures
        if measure.name == "emotion" and measure.word is not None
    ]
    return round(Counter(words).most_common(1)[0][1] / len(words), 4) if len(words) > 1 else None


def _label(by: str, fused: Distribution, settings: AssessSettings) -> Label:
    names = tuple(fused)
    return Label(
        by=by,
        modality=ALL,
        space=settings.space,
        names=names,
        scores=tuple(round(fused[name], 4) for name in names),
        valence=round(valence(fused, settings.space), 4),
    )
