"""What a version says of itself in the RAI terms of Croissant and in those of PROV-O, as far as something measured backs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.card.card import manner
from pipeline.card.markdown import plain
from pipeline.stats.facts import CardFacts

Node = dict[str, Any]


def rai_terms(found: CardFacts) -> Node:
    """Return the RAI terms of a version."""
    ledger = found.ledger
    terms: Node = {
        "rai:dataCollection": f"{ledger.sources} source files: {ledger.sources_with_clips} gave clips, "
        f"{ledger.dead_sources} could not be used, {ledger.copies} were copies.",
        "rai:dataCollectionRawData": _stated(found, "origin"),
        "rai:dataCollectionMissingData": "; ".join(f"{column} in {n} of {found.clips} clips" for column, n in found.columns),
        "rai:dataPreprocessingProtocol": [
            f"{ledger.clips} clips were cut: {ledger.accepted} accepted, {ledger.review} left for people to review, "
            f"{ledger.rejected} rejected, {ledger.dead_clips} could not be used."
        ],
        "rai:dataAnnotationProtocol": [f"{manner(found)}: people decided {found.by_people} of {found.clips} clips."],
        "rai:dataAnnotationAnalysis": list(_analysis(found)),
        "rai:machineAnnotationTools": sorted({f"{model.annotator}: {plain(model.name)}" for model in found.models}),
        "rai:dataBiases": list(_shares(found)),
        "rai:personalSensitiveInformation": [
            f"Pictures in {dict(found.columns)['video']} clips and voices in {dict(found.columns)['audio']}. "
            f"Consent: {_stated(found, 'consent')}"
        ],
        "rai:dataReleaseMaintenancePlan": "python -m pipeline.takedown makes a version without a clip, a source or a person.",
    }
    if found.reviews and found.reviews.clips:
        terms["rai:annotationsPerItem"] = f"{found.reviews.answers / found.reviews.clips:.2f} answers by people"
    return {name: value for name, value in terms.items() if value}


def prov_terms(found: CardFacts) -> Node:
    """Return what made a version, out of what. Which source a row is from, and who says what in it, is said by its fields."""
    agents = dict.fromkeys(model.annotator for model in found.models)
    return {
        "prov:wasDerivedFrom": {"@type": "prov:Collection", "prov:label": f"{found.ledger.sources} source files"},
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": f"Affectory {found.affectory}, plan {plain(found.plan)} {found.plan_hash}",
            "prov:wasAssociatedWith": [{"@type": "prov:SoftwareAgent", "prov:label": name} for name in agents],
            "prov:used": [
                {"@type": "prov:Entity", "prov:label": plain(model.name), **({"sha256": model.sha256} if model.sha256 else {})}
                for model in dict.fromkeys(found.models)
            ],
        },
    }


def _stated(found: CardFacts, name: str) -> str:
    groups = [group for group in found.of(name).groups if group.accepted]
    said = [f"{plain(group.value) if group.value is not None else 'not stated'} ({group.accepted} clips)" for group in groups]
    return "; ".join(said)


def _analysis(found: CardFacts) -> Iterator[str]:
    for field in found.reviews.fields if found.reviews else ():
        if field.alpha is not None:
            yield f"Krippendorff's alpha of {field.field}: {field.alpha:.2f} over {field.items} clips."
    if found.audit.bound is not None:
        yield (
            f"At most {found.audit.bound:.1%} of the labels that the machines accepted are wrong, with 95 % confidence: "
            f"people checked {found.audit.checked} and changed {found.audit.wrong}."
        )


def _shares(found: CardFacts) -> Iterator[str]:
    for name in ("language", "view of the face"):
        for group in found.of(name).groups:
            value = "not known" if group.value is None else plain(group.value)
            yield f"{name} {value}: {group.accepted} of {group.clips} clips accepted."
