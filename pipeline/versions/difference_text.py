"""What differs between two versions, told to a person or to a program. Nothing grows with the number of clips."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

from pipeline.versions.causes import settings
from pipeline.versions.change import KINDS, Change
from pipeline.versions.differences import differences
from pipeline.versions.membership import Version
from schemas.versions.dead_letters import generalised
from schemas.versions.manifest import Manifest

_GROUPS = 200
"""So many different reasons are kept apart; a clip with yet another one is only counted."""
_EXAMPLES = 3

_Group = tuple[str, str | None, str | None, str | None, tuple[str, ...]]


def as_json(old: Version, new: Version) -> Iterator[str]:
    """Yield one JSON document, line by line: the two versions, each change, and the counts."""
    told = {
        "from": {"version": old.folder.name, "rows_sha256": old.manifest.rows_sha256},
        "to": {"version": new.folder.name, "rows_sha256": new.manifest.rows_sha256},
        "plan": list(planned(old.manifest, new.manifest)),
        "sources": dict(zip(("added", "removed"), map(sorted, _sources(old, new)), strict=True)),
    }
    yield json.dumps(told)[:-1] + ', "changes": ['
    counts: Counter[str] = Counter()
    for number, change in enumerate(differences(old, new)):
        counts[change.kind] += 1
        yield f"{',' if number else ''}{json.dumps(asdict(change))}"
    yield f'], "counts": {json.dumps({kind: counts[kind] for kind in KINDS})}}}'


def as_text(old: Version, new: Version) -> Iterator[str]:
    """Yield lines for a person: what changed in plan and sources, and the changes by kind and reason with a few examples."""
    yield f"{old.folder} to {new.folder}"
    yield from (f"  plan: {line}" for line in planned(old.manifest, new.manifest))
    added, removed = _sources(old, new)
    yield f"  sources: {len(old.sources)} to {len(new.sources)}, {len(added)} added, {len(removed)} removed"
    yield f"  clips: {_clips(old.manifest)} to {_clips(new.manifest)}"
    counts, groups, examples = _grouped(differences(old, new))
    if not counts:
        yield "no clip differs"
    for kind in KINDS:
        if counts[kind]:
            yield f"{counts[kind]} {kind}"
            yield from _told(kind, groups, examples, counts[kind])


def planned(old: Manifest, new: Manifest) -> Iterator[str]:
    """Yield in words what differs between two plans."""
    if old.affectory != new.affectory:
        yield f"Affectory {old.affectory} to {new.affectory}"
    before, after = (
        {**plan, "annotators": {one["name"]: _flat(one) for one in plan["annotators"]}} for plan in (old.plan, new.plan)
    )
    yield from settings(before, after)


def _flat(author: dict[str, object]) -> dict[str, object]:
    models = {ref["name"]: ref["sha256"] for ref in author["models"]}  # type: ignore[attr-defined]
    return {"version": author["version"], "config": json.loads(str(author["config"])), "models": models}


def _sources(old: Version, new: Version) -> tuple[set[str], set[str]]:
    return new.sources.keys() - old.sources.keys(), old.sources.keys() - new.sources.keys()


def _clips(manifest: Manifest) -> int:
    return manifest.ledger.accepted + manifest.ledger.review + manifest.ledger.rejected


def _grouped(found: Iterator[Change]) -> tuple[Counter[str], Counter[_Group], dict[_Group, list[str]]]:
    counts: Counter[str] = Counter()
    groups: Counter[_Group] = Counter()
    examples: dict[_Group, list[str]] = {}
    for change in found:
        counts[change.kind] += 1
        why = (*change.why, *map(generalised, change.reasons))
        group = (change.kind, change.what, change.before, change.after, why)
        if group in groups or len(groups) < _GROUPS:
            groups[group] += 1
            examples.setdefault(group, [])
            if len(examples[group]) < _EXAMPLES:
                examples[group].append(change.clip_id)
    return counts, groups, examples


def _told(kind: str, groups: Counter[_Group], examples: dict[_Group, list[str]], total: int) -> Iterator[str]:
    mine = sorted((group for group in groups if group[0] == kind), key=lambda group: (-groups[group], str(group)))
    for group in mine:
        _, what, before, after, why = group
        between = f"{before} to {after}" if before is not None else ""
        head = ": ".join(part for part in (what, between) if part)
        yield f"  {groups[group]:>7}  {head}{', because ' * bool(head)}{'; '.join(why)}"
        more = ", …" if groups[group] > _EXAMPLES else ""
        yield f"           {', '.join(examples[group])}{more}"
    if rest := total - sum(groups[group] for group in mine):
        yield f"  {rest:>7}  for other reasons; --json tells each"
