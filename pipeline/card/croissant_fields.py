"""The columns of a version as fields of Croissant, derived from what its files say to `datasets`.

A struct becomes a field with one sub-field for each of its leaves; a list of structs the same, with one list for each leaf.
What Croissant's JSON paths cannot take apart is named in the description of its field: a list inside a list of structs that holds
structs again, and a picture inside a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.arrow import columns, notes_of, unwrap
from schemas.record import Clip

ROWS, SHARDS = "clips", "shards"
_BYTES, PATH = "bytes", "path"
Node = dict[str, Any]
FeatureJson = Mapping[str, Any]
_MEDIA = {"Video": "sc:VideoObject", "Audio": "sc:AudioObject", "Image": "sc:ImageObject"}
_PLAIN = {"string": "sc:Text", "int64": "cr:Int64", "float64": "cr:Float64", "float32": "cr:Float32", "bool": "sc:Boolean"}
_AUTHOR: Node = {"equivalentProperty": "prov:wasAttributedTo"}
_MEANT: Mapping[str, Node] = {
    "source/sha256": {"equivalentProperty": "prov:wasDerivedFrom"},
    "labels/names": {"dataType": ["sc:Text", "cr:Label"]},
}


def described(features: Mapping[str, FeatureJson], embedded: bool) -> list[Node]:
    """Return a field for each column; media are bytes where they are embedded, else paths."""
    hints = columns(Clip)
    return [_column(name, feature, _says(hints.get(name)), embedded) for name, feature in features.items()]


def _column(name: str, feature: FeatureJson, says: str, embedded: bool) -> Node:
    about = {"description": says} if says else {}
    if feature.get("_type") in _MEDIA:
        taken = {"jsonPath": _BYTES if embedded else PATH}
        kind = _MEDIA[feature["_type"]] if embedded else "sc:Text"
        return {**_field(name, name, taken), **about, "dataType": kind}
    if feature.get("_type") == "Value":
        return {**_field(name, name), **about, "dataType": _PLAIN[feature["dtype"]]}
    listed = feature.get("_type") == "List"
    inner: FeatureJson = feature["feature"] if listed else feature
    if listed and inner.get("_type") == "Value":
        return {**_field(name, name), **about, "dataType": _PLAIN[inner["dtype"]], **_array(1)}
    lost: list[str] = []
    leaves = [_leaf(name, path, leaf) for path, leaf in _leaves(inner, "", lost)]
    left = f"Not described here: {', '.join(lost)}." if lost else ""
    told = " ".join(part for part in (says, left) if part)
    return {
        "@type": "cr:Field",
        "@id": f"{ROWS}/{name}",
        "name": name,
        **({"description": told} if told else {}),
        **_array(int(listed)),
        "subField": leaves,
    }


def _leaf(column: str, path: str, feature: FeatureJson) -> Node:
    name = f"{column}/{path.replace('.', '/')}"
    inner, depth = _within(feature)
    meant: Node = _AUTHOR if path == "by" else _MEANT.get(name, {})
    return {**_field(name, column, {"jsonPath": path}), "dataType": _PLAIN[inner["dtype"]], **_array(depth), **meant}


def _leaves(struct: Mapping[str, FeatureJson], before: str, lost: list[str]) -> Iterator[tuple[str, FeatureJson]]:
    """Yield the path and feature of each leaf; what has none is added to `lost`."""
    for name, feature in struct.items():
        path = f"{before}{name}"
        inner, depth = _within(feature)
        if "_type" not in inner and not depth:
            yield from _leaves(feature, f"{path}.", lost)
        elif inner.get("_type") == "Value":
            yield path, feature
        else:
            lost.append(path)


def _within(feature: FeatureJson) -> tuple[FeatureJson, int]:
    """Return what a list, or a list of lists, holds, and how deep it lies."""
    depth = 0
    while feature.get("_type") == "List":
        feature, depth = feature["feature"], depth + 1
    return feature, depth


def _array(depth: int) -> Node:
    return {"isArray": True, "arrayShape": ",".join(["-1"] * depth)} if depth else {}


def _field(name: str, column: str, transform: Node | None = None) -> Node:
    source: Node = {"fileSet": {"@id": SHARDS}, "extract": {"column": column}}
    if transform:
        source["transform"] = transform
    return {"@type": "cr:Field", "@id": f"{ROWS}/{name}", "name": name, "source": source}


def _says(hint: Any) -> str:
    if hint is None:
        return ""
    notes = notes_of(unwrap(hint)[2])
    measure = ", ".join(notes[key] for key in ("unit", "range") if key in notes)
    return ", ".join(part for part in (notes.get("says", ""), measure) if part)
