"""All that a version's card may say, read from its files."""

from __future__ import annotations

from pathlib import Path

from pipeline.stats.counting import Count
from pipeline.stats.credits import data_files, embedded, features, measured, models
from pipeline.stats.facts import CardFacts, Published
from schemas.versions.accounts import totalled
from schemas.versions.manifest import Manifest


def card_facts(version: Path, manifest: Manifest, name: str, published: Published | None = None) -> CardFacts:
    """Return what can be said of a version, by one pass over its rows in memory that does not grow with their number."""
    count = Count(manifest.plan["assess"]["space"])
    count.read(version)
    authors = manifest.plan["annotators"]
    return CardFacts(
        name=name,
        affectory=manifest.affectory,
        schema=manifest.schema,
        plan=manifest.plan["name"],
        plan_hash=manifest.plan_hash,
        rows_sha256=manifest.rows_sha256,
        ledger=manifest.ledger,
        lost=tuple(manifest.reasons.items()),
        spent=totalled(manifest.accounts),
        unused=len(manifest.unused),
        features=features(version, manifest),
        embedded=embedded(version),
        files=data_files(version, manifest),
        models=models(authors),
        measured=measured(authors),
        reviews=manifest.reviews,
        grouped=manifest.grouped,
        published=published or Published(),
        **count.totals(),
    )
