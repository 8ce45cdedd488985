"""Rows to review, as they are read from a version, and annotations, as Label Studio sends them."""

from dataclasses import replace

from schemas.claims import Assessment, Conflict, Cue, Label, Route, Text, Turn, Word
from schemas.values import Span
from tests.support.reported import clip

AT = "2026-01-02T03:04:05.678901Z"
SHOWN = {"all": "happiness", "face": "happiness", "voice": "sadness", "words": "neutral"}


class Files:
    """Media at addresses that nobody asks."""

    def url(self, clip_id, kind):
        return f"/data/local-files/?d=clips/{clip_id}.{kind}"


def label(modality, name):
    return Label(by=f"labels.{modality}@1#0", modality=modality, space="ekman7", names=(name, "fear"), scores=(0.9, 0.1))


def record(number=0, probability=0.8, texts=("The face smiles [face.smile.1].",), **more):
    """Return a clip with something to review; without a probability its modalities cannot be compared."""
    axis = None if probability is None else "classes"
    conflict = Conflict(first="face", second="voice", divergence=0.5, opposed=None, axis=axis, probability=probability)
    judged = Assessment(by="assess@1#0", ambiguity=0.5, consistency=None, category="neither", outlier=None, conflicts=(conflict,))
    spans = [Span(start=start, end=start + 0.4) for start in (0.0, 0.5, 1.0)]
    said = zip(spans, ("well,", "fine.", "Really?"), ("S0", "S0", "S1"), strict=True)
    told = [
        Text(by=f"rationale.r{place}@1#0", text_id=f"rationale.r{place}", kind="rationale", text=text)
        for place, text in enumerate(texts)
    ]
    made = clip(
        number,
        fps=25.0,
        turns=(Turn(by="turns.made@1#0", span=spans[0], speaker="S0", floor=(spans[0],)),),
        words=tuple(Word(by="words.made@1#0", span=span, text=text, speaker=speaker) for span, text, speaker in said),
        cues=(Cue(by="cues.made@1#0", cue_id="face.smile.1", modality="face", span=spans[1], text="smiles"),),
        labels=tuple(label(modality, name) for modality, name in SHOWN.items()),
        texts=tuple(told),
        assessments=(judged,),
        routes=(Route(by="route@1#0", decision="review", reasons=("face and voice disagree",), priority=0.7),),
    )
    return replace(made, **more)


def annotation(number=7, person=3, seconds=12.345, **filled):
    """Return an annotation with these controls filled in: a list for choices, a string for a text."""
    results = [
        {"from_name": name, "to_name": "clip", "type": "choices", "value": {"choices": value}}
        if isinstance(value, list)
        else {"from_name": name, "to_name": "clip", "type": "textarea", "value": {"text": [value]}}
        for name, value in filled.items()
    ]
    return {
        "id": number, "completed_by": person, "result": results, "lead_time": seconds, "was_cancelled": False,
        "created_at": AT, "updated_at": AT, "task": 1, "project": 2, "ground_truth": False, "draft_created_at": None,
    }  # fmt: skip
