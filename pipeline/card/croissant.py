"""`croissant.json` of a version: Croissant 1.1 with its RAI terms and provenance by PROV-O, from the same facts as the card.

The JSON is written here, not by `mlcroissant`, so that a build needs neither that nor an RDF library; the tests read it and check
it with `mlcroissant`. Specifications: mlcommons/croissant, docs/croissant-spec-1.1.md and docs/croissant-rai-spec.md.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pipeline.card.card import languages
from pipeline.card.croissant_fields import ROWS, SHARDS, described
from pipeline.card.markdown import plain
from pipeline.card.rai import prov_terms, rai_terms
from pipeline.stats.facts import CardFacts, DataFile

CROISSANT = "croissant.json"
VERSION = "http://mlcommons.org/croissant/1.1"
_RAI = "http://mlcommons.org/croissant/RAI/1.0"
SPLITS = "splits"
_PARQUET = "application/x-parquet"
Node = dict[str, Any]
# fmt: off
_TERMS = (
    "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract", "field",
    "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "readLines", "recordSet", "references", "regex", "repeated", "replace", "samplingRate",
    "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value",
)
# fmt: on
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}


def croissant(found: CardFacts) -> str:
    """Return the Croissant file: the same bytes for the same facts."""
    return json.dumps(_dataset(found), indent=1, ensure_ascii=False) + "\n"


def _dataset(found: CardFacts) -> Node:
    published = found.published
    stated = {
        "url": published.address,
        "datePublished": published.date,
        "creator": [{"@type": "sc:Organization", "name": plain(name)} for name in published.creators],
        "inLanguage": list(languages(found)),
        "license": [{"@type": "sc:CreativeWork", "name": name} for name in _licences(found)],
    }
    numbered = re.fullmatch(r"v(\d+)", found.name)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": plain(published.title or found.name),
        "description": f"{found.clips:,} clips, {found.seconds / 3600:.2f} hours, from {found.sources:,} sources.",
        "conformsTo": [VERSION, _RAI],
        # By semver.org rows that change make a major version, and those of each of our versions do.
        "version": f"{numbered[1]}.0.0" if numbered else plain(found.name),
        **{key: value for key, value in stated.items() if value},
        **rai_terms(found),
        **prov_terms(found),
        "distribution": [*map(_file, found.files), *([_SHARDS] if found.files else [])],
        "recordSet": [_splits(found), _rows(found)] if found.files else [],
    }


def _licences(found: CardFacts) -> list[str]:
    groups = [group for group in found.of("licence").groups if group.accepted]
    return [f"not stated, {group.accepted} clips" if group.value is None else plain(group.value) for group in groups]


_SHARDS: Node = {"@type": "cr:FileSet", "@id": SHARDS, "name": SHARDS, "encodingFormat": _PARQUET, "includes": "data/*.parquet"}


def _file(one: DataFile) -> Node:
    return {
        "@type": "cr:FileObject",
        "@id": one.file,
        "name": one.file.rpartition("/")[2],
        "contentUrl": one.file,
        "contentSize": f"{one.bytes} B",
        "encodingFormat": _PARQUET,
        "sha256": one.sha256,
    }


def _splits(found: CardFacts) -> Node:
    names = [split.name for split in found.splits]
    return {
        "@type": "cr:RecordSet",
        "@id": SPLITS,
        "name": SPLITS,
        "dataType": "cr:Split",
        "key": {"@id": f"{SPLITS}/name"},
        "field": [
            {"@type": "cr:Field", "@id": f"{SPLITS}/name", "name": "name", "dataType": "sc:Text"},
            {"@type": "cr:Field", "@id": f"{SPLITS}/clips", "name": "clips", "dataType": "cr:Int64"},
        ],
        "data": [
            {f"{SPLITS}/name": name, f"{SPLITS}/clips": split.clips} for name, split in zip(names, found.splits, strict=True)
        ],
    }


def _rows(found: CardFacts) -> Node:
    split = {
        "@type": "cr:Field",
        "@id": f"{ROWS}/split",
        "name": "split",
        "dataType": "sc:Text",
        "references": {"field": {"@id": f"{SPLITS}/name"}},
        "source": {
            "fileSet": {"@id": SHARDS},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": r"^data/(.+)-\d+-of-\d+[.]parquet$"},
        },
    }
    return {
        "@type": "cr:RecordSet",
        "@id": ROWS,
        "name": ROWS,
        "description": "One person in one moment, a row.",
        "key": {"@id": f"{ROWS}/clip_id"},
        "field": [split, *described(json.loads(found.features), found.embedded)],
    }
