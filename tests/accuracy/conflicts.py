"""`python -m tests.accuracy.conflicts`: how many of the clips that go to people because modalities conflict really do.

First on CREMA-D's votes (`tests.accuracy.votes`). Then on planted joins: what the embedded annotators say of one person's face
beside what they say of another's voice or words, all of known emotion. A join is a real conflict where both show an emotion, and
not the same one. `--fit` prints the numbers that `schemas.vocabulary.contrast` holds.
"""

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.face.labels_face_expression import FaceExpression
from annotators.models import local
from annotators.registry import used_by
from annotators.training.voice_emodb import EMOTIONS
from pipeline.judge.route import Judge
from pipeline.plan import read_plan
from schemas.claims import Claim, Label, Language, MediaFile, Turn
from schemas.record import Clip, Origin
from schemas.values import Span
from schemas.vocabulary.contrast import AXES, at_odds
from tests.accuracy import face, votes
from tests.accuracy.words import comments
from tests.support.research import research

ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="joined.mp4", duration=9.0, streams="audio+video")
SPAN = Span(start=0.0, end=3.0)
SPACE = "ekman7"
EACH = 12
"""Comments and utterances of each emotion."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """What an annotator says of something of known emotion."""

    modality: str
    truth: str
    labels: tuple[Label, ...]
    """() where the annotator says nothing of it."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of the joins of two modalities."""

    what: str
    joins: int
    compared: int
    """Joins in which both modalities pass their gates, in a space that both can express."""
    real: int
    routed: int
    found: int
    """Real ones among the routed."""
    expected: float | None
    """Mean probability over the routed; None where nothing is."""


def faces() -> list[Side]:
    """Return what the face annotator says of stills with a known expression."""
    expression, finder = FaceExpression(), MediapipeFaces()
    reader, looker = expression.load("cpu"), finder.load("cpu")
    found = []
    for still in face.STILLS:
        image = face.picture(still.media)
        told = face.read(image, face.face_in(image, looker, still.at), expression, reader)
        labels = () if isinstance(told, face.Sight) else (_label("labels.face_expression", "face", told),)
        found.append(Side(modality="face", truth=still.label, labels=labels))
    return found


def spoken() -> list[Side]:
    """Return what the words annotator says of comments with one label, so many of each."""
    kept = [(text, label) for text, label in _some(comments(), lambda one: one[1], lambda one: one[0]) if text.strip()]
    language = (Language(by="w@1#0", language="en"),)
    clips = [Clip(source=ORIGIN, clip_id="1" * 16, requested=SPAN, transcript=text, languages=language) for text, _ in kept]
    return _said("words", clips, [label for _, label in kept])


def heard() -> list[Side]:
    """Return what the voice annotator says of EMO-DB's utterances, so many of each, nothing known of the speakers.

    The annotator may have learned from these very utterances: it can be too sure, and more often right than on others.
    """
    files = _some(sorted(research("emodb").glob("*.flac")), lambda one: EMOTIONS[one.stem[5]], lambda one: one.stem)
    span, clips = Span(start=0.0, end=2.0), []
    for file in files:
        turn = Turn(by="t@1#0", span=span, speaker="S0", floor=(span,))
        sound = MediaFile(path=str(file))
        clips.append(Clip(source=ORIGIN, clip_id="1" * 16, requested=span, audio=sound, speaker="S0", turns=(turn,)))
    return _said("voice", clips, [EMOTIONS[one.stem[5]] for one in files])


def joins(judge: Judge, first: Sequence[Side], second: Sequence[Side]) -> Row:
    """Join each of the first with each of the second, and judge what comes of it."""
    routes = [
        (_judged(judge, one, other), bool(at_odds([one.truth], [other.truth], SPACE))) for one, other in product(first, second)
    ]
    sent = [(made.routes[-1].expected, real) for made, real in routes if made.routes[-1].expected is not None]
    return Row(
        what=f"{first[0].modality} and {second[0].modality}",
        joins=len(routes),
        compared=sum(any(pair.axis for one in made.assessments for pair in one.conflicts) for made, _ in routes),
        real=sum(real for _, real in routes),
        routed=len(sent),
        found=sum(real for _, real in sent),
        expected=float(np.mean([chance for chance, _ in sent])) if sent else None,
    )


def rows() -> Iterator[Row]:
    """Yield what becomes of the joins of each two modalities, by the embedded plan."""
    judge = read_plan("embedded").judge
    judge = replace(judge, route=replace(judge.route, audit=0.0))
    sides = {"face": faces(), "voice": heard(), "words": spoken()}
    for one, other in (("face", "voice"), ("face", "words"), ("voice", "words")):
        yield joins(judge, sides[one], sides[other])


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables."""
    from tests.accuracy.tables import table

    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.conflicts", description=__doc__.partition("\n")[0])
    parser.add_argument("--fit", action="store_true", help="print the calibration that CREMA-D's votes give")
    if parser.parse_args(argv).fit:
        for axis in AXES:
            print(axis, votes.fitted(axis), "ships:", votes.shipped()[axis])
    for model in used_by("embedded"):
        local.fetch(model)
    told = [
        (row.axis, row.trials, f"{row.real:.1%}", f"{row.ece:.3f}", f"{row.routed:.1%}", _share(row.found), _share(row.expected),
         f"{row.caught:.0%}")
        for row in votes.rows()
    ]  # fmt: skip
    heads = ("on", "draws of voters", "real conflicts", "calibration error", "to people", "of these real", "expected", "caught")
    table("Conflicts: CREMA-D's votes for face alone and voice alone, actors left out", heads, told)
    sent = [
        (row.what, row.joins, row.compared, row.real, row.routed, _share(row.found / row.routed if row.routed else None),
         _share(row.expected), f"{row.found / row.real:.0%}")
        for row in rows()
    ]  # fmt: skip
    heads = ("joined", "joins", "can be compared", "real conflicts", "to people", "of these real", "expected", "caught")
    table("Conflicts: planted joins of one person's face, another's voice, another's words", heads, sent)


def _judged(judge: Judge, one: Side, other: Side) -> Clip:
    clip = Clip(source=ORIGIN, clip_id="1" * 16, requested=SPAN, labels=(*one.labels, *other.labels))
    return judge(clip)


def _said(modality: str, clips: Sequence[Clip], truths: Sequence[str]) -> list[Side]:
    """Return what the annotators of the embedded plan that label a modality say of clips."""
    plan = read_plan("embedded")
    makers = [one for one in plan.scoped("clip") if one.name.startswith("labels.") and modality in one.name]
    claims: list[tuple[Claim, ...]] = [() for _ in clips]
    for maker in makers:
        model = maker.load("cpu")
        claims = [(*before, *new) for before, new in zip(claims, maker.annotate(model, clips), strict=True)]
    labels = [tuple(one for one in many if isinstance(one, Label) and one.modality == modality) for many in claims]
    return [Side(modality=modality, truth=truth, labels=told) for truth, told in zip(truths, labels, strict=True)]


def _label(by, modality, scores):
    return Label(by=f"{by}@1#0", modality=modality, space=SPACE, names=face.NAMES, scores=tuple(scores))


def _some(many, label, name):
    """Return so many of each label, drawn by a hash of their names."""
    found: dict[str, list] = {}
    for one in sorted(many, key=lambda one: hashlib.sha256(name(one).encode()).digest()):
        found.setdefault(label(one), []).append(one)
    return [one for key in sorted(found) for one in found[key][:EACH]]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


if __name__ == "__main__":
    main()
