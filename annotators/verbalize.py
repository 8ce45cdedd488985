"""What a label says in words that a person would use, as a cue, so that a rationale can cite it."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.claims import Claim, Cue, Label
from schemas.vocabulary.distributions import about_target, ranked, scores_of
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
CLEARLY, RATHER = 0.75, 0.5
"""Probabilities from which on a label is told as clear, and as what it rather is."""
AROUSED = 0.25
"""Arousal from which on, and of its negative up to which, something is lively or calm."""


def impression(label: Label, number: int = 1) -> Cue:
    """Return a label with scores as a cue: `words.minilm.1` by `labels.words_minilm`, valued by its top score.

    One that is withheld is told, and valued, by its arousal.
    """
    tool = label.by.partition("@")[0].rpartition(".")[2].removeprefix(f"{label.modality}_")
    told = leaning(label) if label.scores else f"{liveliness(label.arousal or 0.0)}, without a clear emotion"
    cue_id = f"{label.modality}.{tool}.{number}"
    value = max(label.scores) if label.scores else label.arousal
    text = f"{modality_of(label.modality).verb} {told}"
    return Cue(by=label.by, cue_id=cue_id, modality=label.modality, span=None, text=text, value=value)


def with_impressions(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return claims with a cue for each label of the whole clip's target that says something, so that it can be cited.

    That is one that has scores, or is withheld and has an arousal. A label that has its cue gets no other. Several labels of one
    modality get cues with numbers, in their order.
    """
    there = {claim.cue_id for claim in claims if isinstance(claim, Cue)}
    own = (claim for claim in claims if isinstance(claim, Label) and about_target(claim))
    made: list[Cue] = []
    for label in own:
        if label.scores or (label.withheld is not None and label.arousal is not None):
            made.append(impression(label, 1 + sum(cue.modality == label.modality for cue in made)))
    return (*claims, *(cue for cue in made if cue.cue_id not in there))


def leaning(label: Label) -> str:
    """Return how sure of what a label is: "clearly happy", "rather angry", "unclear, afraid or happy"."""
    (first, most), *others = ranked(scores_of(label))
    if most >= CLEARLY:
        return f"clearly {label_name(first)}"
    if most >= RATHER or not others:
        return f"rather {label_name(first)}"
    return f"unclear, {label_name(first)} or {label_name(others[0][0])}"


def liveliness(arousal: float) -> str:
    """Return an arousal, -1 to 1, as an adjective."""
    return "lively" if arousal >= AROUSED else "calm" if arousal <= -AROUSED else "neither calm nor lively"


def label_name(name: str) -> str:
    """Return a label as an adjective, or as it is written where there is none."""
    return ADJECTIVES.get(name, name.replace("_", " "))
