"""How a person moves, as a lab would add it: nothing of Affectory is changed for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np

from annotators.annotator import Annotator
from annotators.media import decoder
from annotators.models import local
from pipeline.judge.rule import Rule
from schemas.claims import Claim, Label
from schemas.record import Clip
from schemas.vocabulary.distributions import likeliest, scores_of
from schemas.vocabulary.modalities import Modality
from schemas.vocabulary.spaces import space

GAIT = Modality(
    name="gait",
    says="how the whole body moves, without face and sound",
    place=4,
    verb="moves as if",
    needs="video",
    absent="there is no picture",
    unread="the body cannot be read",
    stage="silent",
    question="watch without sound — what does the movement alone show?",
)


@dataclass(frozen=True, kw_only=True)
class StepLabels(Annotator[Clip, np.ndarray]):
    """Says only labels: light, steady or heavy, by how much of the picture moves."""

    name: ClassVar[str] = "labels.gait_steps"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("video",)
    provides: ClassVar[tuple[str, ...]] = ("labels",)
    shared: ClassVar[bool] = True
    model: str = "gait-steps"

    def load(self, device: str) -> np.ndarray:
        return np.loadtxt(local.path(self.model) / "steps.csv", delimiter=",")

    def annotate(self, model: np.ndarray, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        return [self._labels(model, record) for record in records]

    def _labels(self, model: np.ndarray, clip: Clip) -> tuple[Claim, ...]:
        if clip.video is None:
            return ()
        frames = [frame.image.mean(axis=2) / 255 for frame in decoder.frames(Path(clip.video.path), rate=5, width=64)]
        moved = np.mean([np.abs(b - a).mean() for a, b in pairwise(frames)] or [0.0])
        logits = model[:, 0] * moved + model[:, 1]
        scores = np.exp(logits - logits.max())
        scores = tuple(round(float(score), 4) for score in scores / scores.sum())
        return (Label(by=self.key, modality="gait", space="gait3", names=space("gait3").labels, scores=scores),)


@dataclass(frozen=True, kw_only=True)
class Heavy(Rule):
    """A person decides about each clip in which somebody moves heavily."""

    name: ClassVar[str] = "gaitlab.heavy"
    version: ClassVar[str] = "1"
    least: float = 0.5

    def review(self, clip: Clip) -> Iterable[str]:
        for label in clip.labels:
            if label.space == "gait3" and likeliest(scores_of(label)) == "heavy" and max(label.scores) >= self.least:
                yield f"somebody moves heavily: {max(label.scores):.2f}, from {self.least:g} on a person decides"
