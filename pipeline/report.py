"""`report.html`: one page about a version that opens offline, in which nothing of the data can run.

Counts cover all rows; the gallery shows a part of them, as many as a browser opens at ease.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader

from annotators.conflict import ALL
from pipeline.manifest import Manifest, generalised
from pipeline.policy import ACCEPT, FOLDERS, REJECT, REVIEW
from pipeline.versions import opened, picked, rows
from schemas.errors import AffectoryError

SHOWN = 60
"""Clips in the gallery, at most."""
BYTES = 40_000_000
"""Of media in the page, at most."""
BINS = 10
_COUNTED = ("clip_id", "source", "labels", "assessments", "routes")
_SHOWN = (
    "clip_id", "video", "audio", "image", "transcript", "speaker", "source", "requested", "actual", "targets", "cues", "labels",
    "texts", "assessments", "routes",
)  # fmt: skip


@dataclass
class Counts:
    """What is counted over all rows, in one pass and a few numbers."""

    decisions: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in FOLDERS})
    audits: int = 0
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    """Likeliest label by modality."""
    categories: Counter[str] = field(default_factory=Counter)
    outliers: Counter[str] = field(default_factory=Counter)
    pairs: dict[tuple[str, str], Counter[int]] = field(default_factory=dict)
    """Clips by divergence, in tenths of a bit, of each pair of modalities; -1 where they cannot be compared."""
    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Clips by what face and voice say."""
    chosen: list[tuple[tuple[float, str], str]] = field(default_factory=list)
    """Clips for the gallery, the first ones first."""

    def add(self, clip: Mapping[str, Any]) -> None:
        """Count one row."""
        best = {label["modality"]: _best(label) for label in clip["labels"] if label["scores"]}
        for modality, name in best.items():
            self.labels.setdefault(modality, Counter())[name] += 1
        if "face" in best and "voice" in best:
            self.matrix[best["face"], best["voice"]] += 1
        for assessment in clip["assessments"][-1:]:
            self.categories[assessment["category"]] += 1
            self.outliers[assessment["outlier"] or "none"] += 1
            for pair in assessment["conflicts"]:
                far = pair["divergence"]
                tenth = -1 if far is None else min(BINS - 1, int(far * BINS))
                self.pairs.setdefault((pair["first"], pair["second"]), Counter())[tenth] += 1
        for route in clip["routes"][-1:]:
            self.decisions[route["decision"]] += 1
            self.audits += route["audit"]
            self.reasons[route["decision"]].update(generalised(reason) for reason in route["reasons"])
            # Reviews by how informative they are; of the others a spread, by hash.
            drawn = int(hashlib.sha256(clip["clip_id"].encode()).hexdigest()[:8], 16) / 2**32
            rank = -route["priority"] if route["decision"] == REVIEW else drawn
            self.chosen.append(((rank, clip["clip_id"]), clip["clip_id"]))
            if len(self.chosen) > 4 * SHOWN:
                self.chosen = sorted(self.chosen)[:SHOWN]


def report(version: Path, manifest: Manifest, name: str) -> str:
    """Return the page about the version of that name in the folder `version`."""
    counts = Counts()
    for clip in rows(version, _COUNTED, 1024):
        counts.add(clip)
    wanted = {clip_id for _, clip_id in sorted(counts.chosen)[:SHOWN]}
    cards, size = [], 0
    for clip in picked(version, wanted.__contains__, _SHOWN):
        if size < BYTES:
            cards.append(_card(clip, version))
            size += cards[-1]["bytes"]
    page = Environment(loader=FunctionLoader(_template), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    script = _template("report.js")
    sealed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return page.get_template("report.html").render(
        name=name,
        manifest=manifest,
        ledger=asdict(manifest.ledger),
        counts=counts,
        folders=FOLDERS,
        bars=_bars,
        cards=sorted(cards, key=lambda card: ((REVIEW, ACCEPT, REJECT).index(card["decision"]), -card["priority"], card["id"])),
        clips=sum(counts.decisions.values()),
        modalities=[*sorted(name for name in counts.labels if name != ALL), *([ALL] if ALL in counts.labels else [])],
        names=sorted({name for found in counts.labels.values() for name in found}),
        style=_template("report.css"),
        script=script,
        sealed=sealed,
    )


def _template(name: str) -> str:
    return files("pipeline").joinpath("templates", name).read_text(encoding="utf-8")


def _bars(counted: Mapping[str, int]) -> list[tuple[str, int, float]]:
    """Return names with counts and the width of their bars, 0 to 100."""
    most = max(counted.values(), default=1)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [(name, count, round(100 * count / most, 1)) for name, count in ranked]


def _card(clip: Mapping[str, Any], version: Path) -> dict[str, Any]:
    route, span = clip["routes"][-1], clip["actual"] or clip["requested"]
    length = span["end"] - span["start"]
    media = {name: _address(clip[name], kind, version) for name, kind in _KINDS.items() if clip[name]}
    labels = [label for label in clip["labels"] if label["scores"]]
    fused = next((_best(label) for label in labels if label["modality"] == ALL), "")
    if "video" in media:
        media.pop("audio", None)  # the video has it
    return {
        "id": clip["clip_id"],
        "decision": route["decision"],
        "audit": route["audit"],
        "priority": route["priority"],
        "reasons": route["reasons"],
        "file": clip["source"]["file"],
        "span": span,
        "length": length,
        "speaker": clip["speaker"],
        "target": next((target["reason"] for target in clip["targets"]), None),
        "transcript": clip["transcript"],
        "media": media,
        "fused": fused,
        "labels": [_ranked(label) for label in labels],
        "lanes": list(_lanes(clip["cues"], length)),
        "rationales": list(_rationales(clip["texts"])),
        "failures": [text["text"] for text in clip["texts"] if text["kind"] == "failure"],
        "assessment": clip["assessments"][-1] if clip["assessments"] else None,
        "bytes": sum(len(address) for address in media.values()),
    }


_KINDS = {"video": "video/mp4", "audio": "audio/flac", "image": "image/jpeg"}


def _address(held: Mapping[str, Any], kind: str, version: Path) -> str:
    data = held["bytes"] if held["bytes"] is not None else (version / held["path"]).read_bytes()
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _best(label: Mapping[str, Any]) -> str:
    return str(max(zip(label["scores"], label["names"], strict=True), key=lambda pair: (pair[0], pair[1]))[1])


def _ranked(label: Mapping[str, Any]) -> dict[str, Any]:
    found = sorted(zip(label["scores"], label["names"], strict=True), key=lambda pair: (-pair[0], pair[1]))
    return {"modality": label["modality"], "by": label["by"], "scores": [(name, score) for score, name in found[:3]]}


def _lanes(cues: Sequence[Mapping[str, Any]], length: float) -> Iterator[dict[str, Any]]:
    """Yield the cues of each modality with their place on the time line, in per cent."""
    for modality in sorted({cue["modality"] for cue in cues}):
        placed = []
        for cue in (cue for cue in cues if cue["modality"] == modality):
            span = cue["span"] or {"start": 0.0, "end": length}
            left = 100 * span["start"] / length if length else 0.0
            wide = max(1.5, 100 * (span["end"] - span["start"]) / length) if length else 100.0
            whole = cue["span"] is None
            placed.append({**cue, "start": span["start"], "left": round(left, 2), "wide": round(wide, 2), "whole": whole})
        yield {"modality": modality, "cues": placed}


def _rationales(texts: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for whole in (text for text in texts if text["kind"] == "rationale"):
        sentences = [text for text in texts if text["kind"] == "sentence" and text["parent"] == whole["text_id"]]
        # A citation is shown as a link behind its sentence, not as the mark in the sentence.
        shown = [{"text": _plain(part["text"]), "cites": part["cites"]} for part in sentences or [whole]]
        yield {"by": whole["by"], "language": whole["language"], "conditioned": whole["label_conditioned"], "sentences": shown}


def _plain(text: str) -> str:
    return re.sub(r" ?\[[a-z0-9_., ]+\]", "", text)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page of a version anew; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.report", description="Write the page about a version.")
    parser.add_argument("--shards", type=Path, default=Path("shards"), metavar="DIR", help="folder of versions (default: shards)")
    parser.add_argument("--version", metavar="NAME", help="the version (default: the newest)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    args = parser.parse_args(argv)
    try:
        version, manifest = opened(args.shards, args.version)
        args.out.write_text(report(version, manifest, version.name), encoding="utf-8")
    except AffectoryError as error:
        sys.stderr.write(f"pipeline.report: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
