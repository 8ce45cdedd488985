"""Made-up feelings for clips, so that what reads labels, cues and rationales can be tried without a model."""

from __future__ import annotations

import random
from dataclasses import replace

from annotators.rationale.composed import ComposedRationale
from annotators.verbalize import impression
from pipeline.judge.route import Judge
from schemas.claims import Cue, Label
from schemas.record import Clip
from schemas.values import Span
from schemas.vocabulary.spaces import space

EKMAN = space("ekman7").labels
TOLD = {
    "face": ("smiles broadly", "raises the brows", "presses the lips together", "looks away", "frowns"),
    "voice": ("speaks more quietly than usual", "speaks faster than usual", "laughs", "sighs", "the pitch rises"),
    "words": ("says “sorry”", "says “ask not”", "says “my fellow Americans”"),
}


def distribution(rng: random.Random, top: str) -> tuple[float, ...]:
    """Return made-up scores over ekman7, most on `top`, that sum to 1."""
    most = rng.uniform(0.4, 0.95)
    rest = [rng.random() ** 3 for _ in EKMAN]
    others = sum(share for name, share in zip(EKMAN, rest, strict=True) if name != top)
    scores = [most if name == top else (1 - most) * share / others for name, share in zip(EKMAN, rest, strict=True)]
    return tuple(round(score, 4) for score in scores)


def felt(clip: Clip, judge: Judge, more: tuple[Cue, ...] = ()) -> Clip:
    """Return the clip with labels, cues and a rationale that depend on its id alone, assessed and routed."""
    rng = random.Random(clip.clip_id)
    length = clip.span.duration
    mood = rng.choice(EKMAN)
    labels, cues = [], list(more)
    for modality, told in TOLD.items():
        if rng.random() < 0.12:
            continue
        top = mood if rng.random() < 0.65 else rng.choice(EKMAN)
        axes = {"valence": round(rng.uniform(-0.9, 0.9), 4), "arousal": round(rng.uniform(-0.5, 0.9), 4)}
        labels.append(
            Label(
                by=f"labels.{modality}_made@1#0",
                modality=modality,
                space="ekman7",
                names=EKMAN,
                scores=distribution(rng, top),
                **(axes if modality == "voice" else {}),
            )
        )
        cues.append(impression(labels[-1]))
        for number in range(1, rng.randint(1, 6)):
            start = round(rng.uniform(0, length * 0.95), 2)
            span = Span(start=start, end=round(min(length, start + rng.uniform(0.1, 2.0)), 2))
            value = round(rng.uniform(0.1, 1.0), 2)
            text = rng.choice(told)
            name = f"{modality}.{text.split()[-1].strip('“”')}.{number}"
            cues.append(Cue(by="cues.made@1#0", cue_id=name, modality=modality, span=span, text=text, value=value))
    record = replace(clip, labels=tuple(labels), cues=tuple(cues))
    rationale = ComposedRationale()
    return judge(record.with_claims(rationale.key, rationale.annotate(None, [record])[0]))
