"""The clips that a report shows: which ones, with which media, and what stands on the card of each."""

from __future__ import annotations

import base64
import hashlib
import heapq
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.report.timeline import Lane, lanes
from pipeline.stats.counters import routed
from schemas.errors import UsageError
from schemas.versions.rows import ACCEPT, REJECT, REVIEW, picked
from schemas.vocabulary.distributions import ALL, likeliest

CLIPS = 60
"""At most this many cards."""
SHARES = {REVIEW: 30, ACCEPT: 20, REJECT: 10}
"""Cards of each decision; what one leaves free the others take, in this order."""
MEDIA_BYTES = 40_000_000
"""At most this many bytes of video, sound and stills in a page, before base64."""
MEDIA = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/flac"}
COLUMNS = (
    "source", "actual", "requested", "speaker", "transcript", "persons", "targets", "frames.list.element.kind",
    "frames.list.element.time", "frames.list.element.track", "cues", "labels", "texts", "assessments", "routes", "authors",
)  # fmt: skip
SHOWN = 5
"""Labels of a distribution that a card names, the likeliest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLine:
    """What one label says."""

    modality: str
    space: str
    author: str
    scores: tuple[tuple[str, float], ...]
    others: float
    valence: float | None
    arousal: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a sentence; with `cue` a citation: the id of a mark in the page, "" where the clip has no such cue."""

    text: str
    cue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rationale:
    """A rationale, sentence by sentence."""

    author: str
    conditioned: bool
    sentences: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One clip as it is shown; texts are as in the row, nothing is escaped yet."""

    row: Mapping[str, Any]
    route: Mapping[str, Any]
    assessment: Mapping[str, Any] | None
    target: Mapping[str, Any] | None
    person: str | None
    felt: str
    length: float
    still: str | None
    media: tuple[str, str] | None
    """`video` or `audio`, and the data: URI."""
    has_media: bool
    said: tuple[LabelLine, ...]
    lanes: tuple[Lane, ...]
    rationales: tuple[Rationale, ...]
    key_frame: float | None
    sought: str
    """All that the text filter searches, in lower case."""


class ClipChoice:
    """The clips to show, chosen while rows go by: of those to review the most informative, of the others a spread by hash."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[float, int, str]]] = {decision: [] for decision in SHARES}

    def add(self, row: Mapping[str, Any]) -> None:
        """Look at one row with `clip_id` and `routes`."""
        route = routed(row)
        rank = route["priority"] if route["decision"] == REVIEW else 0.0
        kept, item = self._kept[route["decision"]], (rank, -_spread(row["clip_id"]), row["clip_id"])
        if len(kept) < CLIPS:
            heapq.heappush(kept, item)
        else:
            heapq.heappushpop(kept, item)

    def clip_ids(self) -> tuple[str, ...]:
        """Return the chosen, those first that media are kept for first."""
        ranked = {decision: [item[2] for item in sorted(kept, reverse=True)] for decision, kept in self._kept.items()}
        first = [clip_id for decision, share in SHARES.items() for clip_id in ranked[decision][:share]]
        rest = [clip_id for decision, share in SHARES.items() for clip_id in ranked[decision][share:]]
        return tuple((first + rest)[:CLIPS])


def cards(version: Path, clip_ids: Sequence[str], budget: int = MEDIA_BYTES) -> tuple[Card, ...]:
    """Return the cards, the highest priority first, of equals in order of source and time.

    Media are held for as many of the clips, from the first on, as `budget` bytes allow.
    """
    embedded = _affordable(version, clip_ids, budget)
    found = []
    for row in picked(version, clip_ids, (*COLUMNS, *MEDIA)):
        held = {name: _data(version, row[name], kind) for name, kind in MEDIA.items() if (row["clip_id"], name) in embedded}
        row["has_media"] = bool(row["video"] or row["audio"])
        found.append((row | dict.fromkeys(MEDIA), held))
    found.sort(key=lambda one: (-routed(one[0])["priority"], one[0]["source"]["file"], _start(one[0]), one[0]["clip_id"]))
    return tuple(_card(row, held, f"c{number}") for number, (row, held) in enumerate(found, 1))


def _card(row: Mapping[str, Any], held: Mapping[str, str], name: str) -> Card:
    span = row["actual"] or row["requested"]
    drawn = lanes(row["cues"], span["end"] - span["start"], name)
    marks = {mark.cue_id: mark.name for lane in drawn for mark in lane.marks}
    target = row["targets"][-1] if row["targets"] else None
    track = target["track"] if target else None
    told = tuple(_rationale(text, row["texts"], marks) for text in row["texts"] if text["kind"] == "rationale")
    playable = next((kind for kind in ("video", "audio") if kind in held), None)
    spoken = [row["transcript"] or "", *(text["text"] for text in row["texts"] if text["kind"] == "rationale")]
    return Card(
        row=row,
        route=routed(row),
        assessment=row["assessments"][-1] if row["assessments"] else None,
        target=target,
        person=next((one["person"] for one in row["persons"] if track and one["track"] == track), None),
        felt=next((likeliest(_scores(label)) for label in row["labels"] if label["modality"] == ALL and label["scores"]), ""),
        length=span["end"] - span["start"],
        still=held.get("image"),
        media=(playable, held[playable]) if playable else None,
        has_media=row["has_media"],
        said=tuple(_said(label) for label in sorted(row["labels"], key=_order)),
        lanes=drawn,
        rationales=told,
        key_frame=next((f["time"] for f in row["frames"] if f["kind"] == "best_face" and f["track"] == track), None),
        sought=" ".join(spoken).lower(),
    )


def _scores(label: Mapping[str, Any]) -> dict[str, float]:
    return dict(zip(label["names"], label["scores"], strict=True))


def _order(label: Mapping[str, Any]) -> tuple[bool, str, str]:
    return label["modality"] != ALL, label["modality"], label["by"]


def _said(label: Mapping[str, Any]) -> LabelLine:
    """Return a label with its likeliest names; of a plain set all names, with no scores."""
    ranked = sorted(_scores(label).items(), key=lambda item: (-item[1], item[0])) if label["scores"] else []
    return LabelLine(
        modality=label["modality"],
        space=label["space"],
        author=label["by"].partition("@")[0],
        scores=tuple(ranked[:SHOWN]),
        others=sum(score for _, score in ranked[SHOWN:]),
        valence=label["valence"],
        arousal=label["arousal"],
    )


def _rationale(text: Mapping[str, Any], texts: Iterable[Mapping[str, Any]], marks: Mapping[str, str]) -> Rationale:
    mine = [one for one in texts if one["kind"] == "sentence" and (one["by"], one["parent"]) == (text["by"], text["text_id"])]
    return Rationale(
        author=text["by"].partition("@")[0],
        conditioned=text["label_conditioned"],
        sentences=tuple(tuple(_pieces(one["text"], one["cites"], marks)) for one in mine or [text]),
    )


def _pieces(text: str, cites: Sequence[str], marks: Mapping[str, str]) -> Iterator[Piece]:
    """Yield plain parts and citations in turn; what is cited without being named in the text comes last."""
    named = set()
    any_of = "|".join(re.escape(cite) for cite in cites if cite) or r"(?!)"
    for part in re.split(rf"(?<![\w.])({any_of})(?!\w)", text):
        if part in cites:
            named.add(part)
            yield Piece(text=part, cue=marks.get(part, ""))
        elif part:
            yield Piece(text=part)
    for cite in cites:
        if cite not in named:
            yield Piece(text=cite, cue=marks.get(cite, ""))


def _affordable(version: Path, clip_ids: Sequence[str], left: int) -> set[tuple[str, str]]:
    """Return the media, as (clip_id, column), that fit the page: first all stills, then the players of the first clips."""
    found = picked(version, clip_ids, tuple(MEDIA))
    sizes = {row["clip_id"]: {name: _size(version, row[name]) for name in MEDIA} for row in found}
    wanted = [(clip_id, "image") for clip_id in clip_ids if sizes[clip_id]["image"]]
    wanted += [(clip_id, "video" if sizes[clip_id]["video"] else "audio") for clip_id in clip_ids]
    chosen = set()
    for clip_id, name in wanted:
        size = sizes[clip_id][name]
        if 0 < size <= left:
            left -= size
            chosen.add((clip_id, name))
    return chosen


def _size(version: Path, media: Mapping[str, Any] | None) -> int:
    if media is None:
        return 0
    return len(media["bytes"]) if media["bytes"] is not None else _beside(version, media["path"]).stat().st_size


def _data(version: Path, media: Mapping[str, Any], kind: str) -> str:
    """Return a file as a data: URI."""
    held = media["bytes"] if media["bytes"] is not None else _beside(version, media["path"]).read_bytes()
    return f"data:{kind};base64,{base64.b64encode(held).decode()}"


def _beside(version: Path, path: str) -> Path:
    """Return the place of a referenced file; raise UsageError where it lies outside the version."""
    place = (version / path).resolve()
    if not place.is_relative_to(version.resolve()):
        raise UsageError(f"{path} lies outside the version {version}")
    return place


def _start(row: Mapping[str, Any]) -> float:
    start: float = (row["actual"] or row["requested"])["start"]
    return start


def _spread(clip_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"gallery {clip_id}".encode()).digest()[:8], "big")
