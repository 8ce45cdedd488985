"""What a label says in words that a person would use, as a cue, so that a rationale can cite it."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.claims import Claim, Cue, Label
from schemas.vocabulary.distributions import ALL, ranked, scores_of
from schemas.vocabulary.modalities import modality_of

ADJECTIVES = {
    "anger": "angry",
    "boredom": "bored",
    "disgust": "disgusted",
    "fear": "afraid",
    "happiness": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": "surprised",
}


def impression(label: Label, number: int = 1) -> Cue:
    """Return a label with scores as a cue: `words.minilm.1` by `labels.words_minilm`, valued by its top score."""
    tool = label.by.partition("@")[0].rpartition(".")[2].removeprefix(f"{label.modality}_")
    text = f"{modality_of(label.modality).verb} {leaning(label)}"
    cue_id = f"{label.modality}.{tool}.{number}"
    return Cue(by=label.by, cue_id=cue_id, modality=label.modality, span=None, text=text, value=max(label.scores))


def with_impressions(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return claims with a cue for each label of the whole clip's target that has scores and none, so that it can be cited.

    Several labels of one modality get cues with numbers, in their order.
    """
    there = {claim.cue_id for claim in claims if isinstance(claim, Cue)}
    labels = (claim for claim in claims if isinstance(claim, Label) and claim.scores and claim.modality != ALL)
    about = (label for label in labels if label.person is None and label.span is None and label.perspective == "expressed")
    made: list[Cue] = []
    for label in about:
        before = sum(cue.modality == label.modality for cue in made)
        made.append(impression(label, before + 1))
    return (*claims, *(cue for cue in made if cue.cue_id not in there))


def leaning(label: Label) -> str:
    """Return how sure of what a label is: "clearly happy", "rather angry", "neither clearly sad nor clearly afraid"."""
    (first, most), *others = ranked(scores_of(label))
    if most >= 0.75:
        return f"clearly {label_name(first)}"
    if most >= 0.5 or not others:
        return f"rather {label_name(first)}"
    return f"unclear, {label_name(first)} or {label_name(others[0][0])}"


def label_name(name: str) -> str:
    """Return a label as an adjective, or as it is written where there is none."""
    return ADJECTIVES.get(name, name.replace("_", " "))
