"""What one person answered about one clip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a person says of one modality, or of all together."""

    modality: str
    names: tuple[str, ...]
    valence: float | None = None
    arousal: float | None = None
    intensity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One submitted annotation."""

    answer_id: str
    clip_id: str
    version: str
    form: str
    kind: str
    reviewer: str
    seconds: float
    submitted: str
    given: tuple[Given, ...]
    truth: str | None = None
    cannot: str | None = None
    label_outcome: str | None = None
    rationale: str | None = None
    rationale_outcome: str | None = None
    preferred: str | None = None
