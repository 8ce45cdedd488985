"""What a label says in words that a person would use, as a cue, so that a rationale can cite it."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.claims import Claim, Cue, Label
from schemas.vocabulary.distributions import ALL, ranked, scores_of

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
_VERBS = {"face": "looks", "voice": "sounds"}


def impression(label: Label) -> Cue:
    """Return a label with scores as a cue: `words.minilm.1` by `labels.words_minilm`, valued by its top score."""
    tool = label.by.partition("@")[0].rpartition(".")[2].removeprefix(f"{label.modality}_")
    text = f"{_VERBS.get(label.modality, 'reads as')} {leaning(label)}"
    return Cue(
        by=label.by, cue_id=f"{label.modality}.{tool}.1", modality=label.modality, span=None, text=text, value=max(label.scores)
    )


def with_impressions(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return claims with a cue for each label of the whole clip's target that has scores and none, so that it can be cited."""
    there = {claim.cue_id for claim in claims if isinstance(claim, Cue)}
    labels = (claim for claim in claims if isinstance(claim, Label) and claim.scores and claim.modality != ALL)
    about = (label for label in labels if label.person is None and label.span is None and label.perspective == "expressed")
    made = {cue.cue_id: cue for cue in map(impression, about) if cue.cue_id not in there}
    return (*claims, *made.values())


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
