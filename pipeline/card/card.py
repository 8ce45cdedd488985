"""`python -m pipeline.card --shards shards/`: the dataset card of a version, from measured facts only.

What stands in the YAML is a number, a name of ours or matches a pattern, so that nothing in the data can break it; all other text
is escaped where it is put into the Markdown.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from pipeline.card.markdown import code, escaped
from pipeline.cli.render import run_document
from pipeline.stats.collect import card_facts
from pipeline.stats.counting import TOGETHER
from pipeline.stats.facts import CardFacts, Measured
from schemas.record import Clip
from schemas.table import markdown
from schemas.versions.located import located
from schemas.versions.rows import ACCEPT, REJECT, REVIEW
from schemas.versions.split_facts import LINKS
from schemas.vocabulary.distributions import ALL
from schemas.vocabulary.modalities import modalities, modality_order

CARD = "README.md"
NAMES = {ACCEPT: "accepted", REVIEW: "for people to review", REJECT: "rejected"}
MISSING = {"language": "not known", "view of the face": "the face is not seen"}
"""What a group without a value is called; the others are not stated."""
# fmt: off
_LICENCES = frozenset((
    "apache-2.0", "mit", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0",
    "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "odc-by", "odbl", "pddl", "cdla-permissive-1.0", "cdla-permissive-2.0",
    "cdla-sharing-1.0", "gpl-3.0", "bsd-3-clause", "unlicense"
))
# fmt: on
"""Licences that the Hub knows by these names; any other is `other` there, and told in words below."""
_SIZES = ((1000, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_TAG = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")


def card(found: CardFacts) -> str:
    """Return the card: YAML for the Hub and `datasets`, then Markdown; the same bytes for the same facts."""
    from huggingface_hub import DatasetCardData  # noqa: PLC0415

    metadata = DatasetCardData(**{name: value for name, value in _metadata(found) if value})
    return f"---\n{metadata.to_yaml()}\n---\n\n{body(found)}"


def body(found: CardFacts) -> str:
    """Return the Markdown of a card."""
    shares = {decision.decision: decision for decision in found.decisions}
    return _template().render(
        facts=found,
        published=found.published,
        title=found.published.title or found.name,
        shares=shares,
        names=NAMES,
        missing=MISSING,
        manner=manner(found),
        unlabelled=_unlabelled(found),
        columns=_columns(found),
        locating=Markup(inspect.getsource(located).rstrip()),  # noqa: S704
    )


def manner(found: CardFacts) -> str:
    """Return who the labels are by, in the words of the survey of the field."""
    if not any(one.clips for one in found.said):
        return "none"
    if not found.by_people:
        return "Model"
    return "Human-led + Model-assisted" if 2 * found.by_people >= found.clips else "Model-led + Human-assisted"


def languages(found: CardFacts) -> tuple[str, ...]:
    """Return the ISO 639 codes of the languages spoken in accepted clips."""
    named = (group.value.split(TOGETHER) for group in found.of("language").groups if group.value and group.accepted)
    return tuple(sorted({code for codes in named for code in codes if _LANGUAGE.fullmatch(code)}))


def licences(found: CardFacts) -> tuple[str, ...]:
    """Return the licences stated for accepted clips, by the names that the Hub knows."""
    property_ = found.of("licence")
    stated = {group.value for group in property_.groups if group.accepted}
    known = {"unknown" if value is None else _licence(value) for value in stated}
    return tuple(sorted(known | ({"other"} if property_.others else set())))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    return run_document("pipeline.card", "The dataset card of a version.", lambda *version: card(card_facts(*version)), argv)


def _metadata(found: CardFacts) -> Iterator[tuple[str, Any]]:
    from datasets import Features  # noqa: PLC0415

    yield "language", list(languages(found))
    yield "license", list(licences(found))
    yield "annotations_creators", list(_creators(found))
    yield "size_categories", [next((name for most, name in _SIZES if found.clips < most), "n>10M")]
    yield "task_categories", list(_tasks(found))
    yield "tags", list(_tags(found))
    if found.files:
        paths = [{"split": split.name, "path": f"data/{split.name}-*.parquet"} for split in found.splits]
        yield "configs", [{"config_name": "default", "data_files": paths}]
    yield (
        "dataset_info",
        {
            "features": Features.from_dict(json.loads(found.features))._to_yaml_list(),
            "splits": [
                {
                    "name": split.name,
                    "num_bytes": sum(file.unpacked for file in found.files if file.split == split.name),
                    "num_examples": split.clips,
                }
                for split in found.splits
            ],
            "download_size": sum(file.bytes for file in found.files),
            "dataset_size": sum(file.unpacked for file in found.files),
        },
    )


def _licence(stated: str) -> str:
    name = stated.strip().lower().replace(" ", "-")
    return name if name in _LICENCES else "other"


def _creators(found: CardFacts) -> Iterator[str]:
    # The Hub knows people as experts or as a crowd; which of them they were is measured nowhere.
    if manner(found) == "none":
        yield "no-annotation"
        return
    if found.by_people < found.clips:
        yield "machine-generated"
    if found.by_people:
        yield "other"


def _tasks(found: CardFacts) -> Iterator[str]:
    held = dict(found.columns)
    if found.said:
        yield from (f"{kind}-classification" for kind in ("video", "audio") if held[kind])
    if found.rationales and held["video"]:
        yield "video-text-to-text"
    if held["transcript"] and held["audio"]:
        yield "automatic-speech-recognition"


def _tags(found: CardFacts) -> Iterator[str]:
    yield from (one for one in ("video", "audio", "image") if dict(found.columns)[one])
    if found.said:
        yield "emotion-recognition"
        # Others are named in the tables only: a tag is a name of ours.
        known = (one.modality for one in found.said if one.modality in modalities())
        yield from (tag for tag in (found.space, *known) if _TAG.fullmatch(tag))
    if found.rationales:
        yield "rationale"


def _columns(found: CardFacts) -> Markup:
    """Return the table of columns, without those that this version is too old to have."""
    there = set(json.loads(found.features))
    lines = markdown(Clip).splitlines()
    kept = (line for line in lines[2:] if line.split("`")[1] in there)
    return Markup("\n".join((*lines[:2], *kept)))  # noqa: S704


def _unlabelled(found: CardFacts) -> list[tuple[str, int]]:
    """Return modalities and how many accepted clips have no label of theirs."""
    there = {one.modality: one.clips for one in found.said}
    names = sorted({*modalities(), *there} - {ALL}, key=modality_order)
    return [(name, found.clips - there.get(name, 0)) for name in names if there.get(name, 0) < found.clips]


_MEASURES = (
    ("labelled", "get a label", True),
    ("accuracy", "accuracy", False),
    ("commonest", "commonest label", False),
    ("macro_f1", "macro-F1", False),
    ("recall", "unweighted recall", False),
    ("calibration_error", "calibration error", False),
    ("arousal_auc", "arousal AUC", False),
    ("found", "found", True),
    ("false_claims", "false claims", True),
    ("sent", "go to people", True),
    ("sent_real", "of these real conflicts", True),
    ("word_error", "word error", True),
    ("diarization_error", "diarization error", True),
)
"""Fields of `Measured`, what they are called, and whether they are shares of the items."""


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"links": LINKS}
    environment.filters |= {"code": code, "number": "{:,}".format, "share": _share, "hours": _hours, "measures": _measures}
    return environment.from_string(files("pipeline.card").joinpath("templates", "card.md").read_text(encoding="utf-8"))


def _shown(value: object) -> object:
    return escaped(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _measures(one: Measured) -> str:
    """Return the measures of one row in words, those that there are."""
    told = ((name, getattr(one, field), share) for field, name, share in _MEASURES)
    return ", ".join(
        f"{name} {_share(value, 1) if share else f'{value:.2f}'}" for name, value, share in told if value is not None
    )


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f}"
