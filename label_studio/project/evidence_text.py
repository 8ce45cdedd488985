"""What a clip says, in lines for a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from label_studio.project.answers import Answer, Given
from label_studio.project.form import SPACE
from schemas.claims import Label
from schemas.record import Clip
from schemas.values import Span
from schemas.vocabulary.distributions import ALL, ranked, scores_of
from schemas.vocabulary.languages import running_text
from schemas.vocabulary.modalities import modality_order
from schemas.vocabulary.silence import unlabelled

_CUES = 24
"""Cues that are told, the earliest first."""
_LIKELIEST = 2
"""Labels of a distribution that are told."""
# Everything that is no text: PostgreSQL refuses NUL, the others show as nothing or turn the page around them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def storable(text: str) -> str:
    """Return a text as it can be stored and shown: control characters become visible, lines and all else stay."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def transcript_line(clip: Clip) -> str:
    """Return who says what, one line per change of speaker."""
    if not clip.words:
        return clip.transcript or ""
    languages = [claim.language for claim in clip.languages]
    spoken = groupby(clip.words, key=lambda word: word.speaker)
    return "\n".join(f"{speaker or '?'}: {running_text((word.text for word in words), languages)}" for speaker, words in spoken)


def labels(clip: Clip, onto: str = SPACE) -> str:
    """Return what the machine takes each modality to say, the likeliest labels first; one line each, the whole first.

    A modality without a label is told with the reason why it has none; `onto` is the label space in which people are asked.
    """
    latest = {label.modality: _distribution(label) for label in clip.labels if label.names}
    told = {name: f"no label, because {why}" for name, why in unlabelled(clip, onto).items()}
    lively = {label.modality: f", arousal {label.arousal:+.2f}" for label in clip.labels if label.arousal is not None}
    said = {name: f"{text}{lively.get(name, '')}" for name, text in {**told, **latest}.items()}
    return "\n".join(f"{name.capitalize()}: {said[name]}" for name in sorted(said, key=modality_order)) if clip.labels else ""


def cues(clip: Clip) -> str:
    """Return the cues in order of time, those of the whole clip first, one line each."""
    ordered = sorted(clip.cues, key=lambda cue: (cue.span.start if cue.span else -1.0, cue.cue_id))
    lines = [f"{_when(cue.span)}  {cue.modality} {cue.text}" for cue in ordered[:_CUES]]
    more = len(ordered) - len(lines)
    return "\n".join(lines + ([f"and {more} more"] if more > 0 else []))


def reviewers(answers: Sequence[Answer]) -> str:
    """Return what each reviewer answered, one block each, in order of their pseudonyms."""
    return "\n".join(_reviewer(answer) for answer in sorted(answers, key=lambda answer: (answer.reviewer, answer.answer_id)))


def _reviewer(answer: Answer) -> str:
    if answer.cannot:
        return f"{answer.reviewer}: cannot judge ({answer.cannot})"
    parts = [_given(given) for given in sorted(answer.given, key=lambda given: modality_order(given.modality))]
    truth = f"; truth in {answer.truth}" if answer.truth else ""
    return f"{answer.reviewer}: {' · '.join(parts)}{truth}"


def _given(given: Given) -> str:
    name = "" if given.modality == ALL else f"{given.modality} "
    scales = [f"{scale} {value:+g}" for scale in ("valence", "arousal") if (value := getattr(given, scale)) is not None]
    scales += [f"intensity {given.intensity:g}"] if given.intensity is not None else []
    return f"{name}{', '.join(given.names)}" + (f" ({', '.join(scales)})" if scales else "")


def _distribution(label: Label) -> str:
    told = (f"{name} {score:.0%}" for name, score in ranked(scores_of(label))[:_LIKELIEST])
    return " · ".join(told) or ", ".join(label.names)


def _when(span: Span | None) -> str:
    return "throughout" if span is None else f"{span.start:.1f}–{span.end:.1f} s"
