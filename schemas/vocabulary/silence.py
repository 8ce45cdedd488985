"""Why modalities give no label: "no label" is something that a row says, in words, to whoever reads it."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.claims import Label
from schemas.errors import UsageError
from schemas.record import Clip
from schemas.vocabulary.distributions import about_target, by_modality
from schemas.vocabulary.modalities import modalities, modality_of, modality_order


def withheld(labels: Iterable[Label]) -> dict[str, str]:
    """Return why an author who looked gives no label of the target, by modality; a modality that another author labels is absent.

    A label withheld may still give arousal.
    """
    own = [label for label in labels if about_target(label)]
    given = {label.modality for label in own if label.names}
    return {one.modality: one.withheld for one in own if one.withheld is not None and one.modality not in given}


def unlabelled(clip: Clip, onto: str) -> dict[str, str]:
    """Return in words why modalities say nothing in the label space `onto`, in their order.

    Those are all that are registered or have a label; one of which nobody can tell why is left out.
    """
    told = withheld(clip.labels)
    try:
        said = by_modality(clip.labels, onto)
    except UsageError:
        said = {}
    named = {label.modality for label in clip.labels if about_target(label)}
    found = {}
    for name in sorted({*modalities(), *named} - said.keys(), key=modality_order):
        why = told.get(name)
        if why is None and any(label.modality == name and label.names for label in clip.labels):
            why = f"what is said of it cannot be put into {onto}"
        if why is None:
            why = modality_of(name).missing(clip)
        if why is not None:
            found[name] = why
    return found
