"""How a person moves, as a lab would add it: nothing of Affectory is changed for it."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import TypeAdapter

from annotators.annotator import Annotator
from annotators.llm.client import LlmClient
from annotators.llm.structured import Complaint, LlmAnnotator, ask_checked, read_json, strict_schema
from annotators.media import decoder
from annotators.models import local
from pipeline.export.exporter import Exporter
from pipeline.export.outlet import Outlet
from pipeline.judge.rule import Rule
from schemas.claims import Claim, Cue, Label, Text
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
class Moves:
    """What the language model is asked for."""

    walks: bool
    manner: str


MOVES = TypeAdapter(Moves)


@dataclass(frozen=True, kw_only=True)
class ToldMoves(LlmAnnotator[Clip]):
    """Asks a language model whether the words tell of walking, and how."""

    name: ClassVar[str] = "cues.gait_told"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("transcript",)
    provides: ClassVar[tuple[str, ...]] = ("cues", "texts")

    def annotate(self, model: LlmClient, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        return [(self._said(model, clip.transcript),) if clip.transcript else () for clip in records]

    def _said(self, client: LlmClient, words: str) -> Claim:
        request = self.request("Do these quoted words tell of walking? How, in a word?", words, strict_schema(MOVES))
        outcome = ask_checked(client, request, self._read, "That cannot be used. ${complaint} Answer again.")
        if outcome.answer is None:
            return outcome.failure(Text(by=self.key, text_id=self.name, kind="moves", text=""))
        text = f"tells of walking: {outcome.answer.manner}" if outcome.answer.walks else "tells of no walking"
        return Cue(by=self.key, cue_id="gait.told.1", modality="gait", span=None, text=text)

    def _read(self, content: str) -> Moves | Complaint:
        found = read_json(content, MOVES)
        if isinstance(found, Moves) and found.walks and len(found.manner.split()) != 1:
            return Complaint(kind="manner", text="`manner` is one word.")
        return found


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


@dataclass(frozen=True, kw_only=True)
class GaitCsv(Exporter):
    """`gait.csv`: a clip a line, with the label of its gait."""

    name: ClassVar[str] = "gaitcsv"
    version: ClassVar[str] = "1"
    says: ClassVar[str] = "the gait of each clip, as a table"
    omits: ClassVar[str] = "everything but the gait"
    columns: ClassVar[tuple[str, ...]] = ("labels",)

    def write(self, clips: Iterable[Clip], out: Outlet) -> None:
        with (out.folder / "gait.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("clip_id", "gait"))
            for clip in clips:
                label = next((one for one in clip.labels if one.modality == "gait"), None)
                if label is None:
                    out.leave_out(clip, "its gait was not judged")
                else:
                    table.writerow((clip.clip_id, likeliest(scores_of(label))))
