"""The clips that a report shows: which ones, with which media, and what stands on the card of each."""

from __future__ import annotations

import base64
import hashlib
import heapq
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.report.timeline import Lane, lanes
from pipeline.stats.counters import routed
from schemas.claims import ABSENT, Assessment, Label, MediaFile, Route, Target, Text
from schemas.errors import UsageError
from schemas.record import Clip
from schemas.versions.rows import ACCEPT, REJECT, REVIEW, pick_clips
from schemas.vocabulary.distributions import fused_label, ranked, scores_of
from schemas.vocabulary.modalities import modality_order
from schemas.vocabulary.silence import unlabelled

SPACE = "ekman7"
"""Label space of versions that name none."""
CLIPS = 60
"""At most this many cards."""
SHARES = {REVIEW: 30, ACCEPT: 20, REJECT: 10}
"""Cards of each decision; what one leaves free the others take, in this order."""
MEDIA_BYTES = 40_000_000
"""At most this many bytes of video, sound and stills in a page, before base64."""
MEDIA = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/flac"}
COLUMNS = (
    "source", "actual", "requested", "speaker", "transcript", "persons", "targets", "frames.kind", "frames.time", "frames.track",
    "cues", "labels", "texts", "assessments", "routes", "authors",
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
    withheld: str | None
    """Why there is no label; None where there is one."""


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

    clip: Clip
    """Without the bytes of its media."""
    route: Route
    assessment: Assessment | None
    target: Target | None
    unseen: bool
    """The target's face is not in the picture, and that is known."""
    person: str | None
    felt: str
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

    def add(self, clip: Clip) -> None:
        """Look at one clip with its routes."""
        route = routed(clip)
        rank = route.priority if route.decision == REVIEW else 0.0
        kept, item = self._kept[route.decision], (rank, -_spread(clip.clip_id), clip.clip_id)
        if len(kept) < CLIPS:
            heapq.heappush(kept, item)
        else:
            heapq.heappushpop(kept, item)

    def clip_ids(self) -> tuple[str, ...]:
        """Return the chosen, those first that media are kept for first."""
        weighty = {decision: [item[2] for item in sorted(kept, reverse=True)] for decision, kept in self._kept.items()}
        first = [clip_id for decision, share in SHARES.items() for clip_id in weighty[decision][:share]]
        rest = [clip_id for decision, share in SHARES.items() for clip_id in weighty[decision][share:]]
        return tuple((first + rest)[:CLIPS])


def cards(version: Path, clip_ids: Sequence[str], budget: int = MEDIA_BYTES, onto: str = SPACE) -> tuple[Card, ...]:
    """Return the cards, the highest priority first, of equals in order of source and time.

    `onto` is the label space in which modalities are compared. Media are held for as many of the clips, from the first on, as
    `budget` bytes allow.
    """
    embedded = _affordable(version, clip_ids, budget)
    found = []
    for clip in pick_clips(version, clip_ids, (*COLUMNS, *MEDIA)):
        chosen = {name: kind for name, kind in MEDIA.items() if (clip.clip_id, name) in embedded}
        held = {name: _data(version, getattr(clip, name), kind) for name, kind in chosen.items()}
        found.append((replace(clip, video=_named(clip.video), audio=_named(clip.audio), image=_named(clip.image)), held))
    found.sort(key=lambda one: (-routed(one[0]).priority, one[0].source.file, one[0].span.start, one[0].clip_id))
    return tuple(_card(clip, held, f"c{number}", onto) for number, (clip, held) in enumerate(found, 1))


def _named(media: MediaFile | None) -> MediaFile | None:
    return replace(media, bytes=None) if media else None


def _card(clip: Clip, held: Mapping[str, str], name: str, onto: str) -> Card:
    drawn = lanes(clip.cues, clip.span.duration, name)
    marks = {mark.cue_id: mark.name for lane in drawn for mark in lane.marks}
    target = clip.targets[-1] if clip.targets else None
    track = target.track if target else None
    told = [text for text in clip.texts if text.kind == "rationale"]
    playable = next((kind for kind in ("video", "audio") if kind in held), None)
    return Card(
        clip=clip,
        route=routed(clip),
        assessment=clip.assessments[-1] if clip.assessments else None,
        target=target,
        unseen=target is not None and target.state == ABSENT,
        person=next((one.person for one in clip.persons if track and one.track == track), None),
        felt=fused_label(clip.labels) or "",
        still=held.get("image"),
        media=(playable, held[playable]) if playable else None,
        has_media=bool(clip.video or clip.audio),
        said=tuple(_lines(clip, onto)),
        lanes=drawn,
        rationales=tuple(_rationale(text, clip.texts, marks) for text in told),
        key_frame=next((one.time for one in clip.frames if one.kind == "best_face" and one.track == track), None),
        sought=" ".join([clip.transcript or "", *(text.text for text in told)]).lower(),
    )


def _lines(clip: Clip, onto: str) -> Iterator[LabelLine]:
    """Yield what each label says, and of modalities without one why not; in the order of modalities."""
    own = {label.modality for label in clip.labels}
    silent = {name: why for name, why in unlabelled(clip, onto).items() if name not in own} if clip.labels else {}
    lines = [_said(label) for label in sorted(clip.labels, key=lambda label: label.by)]
    lines += [_said(Label(by="", modality=name, space=onto, withheld=why)) for name, why in silent.items()]
    yield from sorted(lines, key=lambda line: modality_order(line.modality))


def _said(label: Label) -> LabelLine:
    """Return a label with its likeliest names, none of a plain set."""
    scores = ranked(scores_of(label))
    return LabelLine(
        modality=label.modality,
        space=label.space,
        author=label.by.partition("@")[0],
        scores=tuple(scores[:SHOWN]),
        others=sum(score for _, score in scores[SHOWN:]),
        valence=label.valence,
        arousal=label.arousal,
        withheld=label.withheld,
    )


def _rationale(text: Text, texts: Iterable[Text], marks: Mapping[str, str]) -> Rationale:
    mine = [one for one in texts if one.kind == "sentence" and (one.by, one.parent) == (text.by, text.text_id)]
    return Rationale(
        author=text.by.partition("@")[0],
        conditioned=text.label_conditioned,
        sentences=tuple(tuple(_pieces(one.text, one.cites, marks)) for one in mine or [text]),
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
    found = pick_clips(version, clip_ids, MEDIA)
    sizes = {clip.clip_id: {name: _size(version, getattr(clip, name)) for name in MEDIA} for clip in found}
    wanted = [(clip_id, "image") for clip_id in clip_ids if sizes[clip_id]["image"]]
    wanted += [(clip_id, "video" if sizes[clip_id]["video"] else "audio") for clip_id in clip_ids]
    chosen = set()
    for clip_id, name in wanted:
        size = sizes[clip_id][name]
        if 0 < size <= left:
            left -= size
            chosen.add((clip_id, name))
    return chosen


def _size(version: Path, media: MediaFile | None) -> int:
    if media is None:
        return 0
    return len(media.bytes) if media.bytes is not None else _beside(version, media).stat().st_size


def _data(version: Path, media: MediaFile, kind: str) -> str:
    """Return a file as a data: URI."""
    held = media.bytes if media.bytes is not None else _beside(version, media).read_bytes()
    return f"data:{kind};base64,{base64.b64encode(held).decode()}"


def _beside(version: Path, media: MediaFile) -> Path:
    """Return the place of a referenced file; raise UsageError where it lies outside the version, or nowhere."""
    place = (version / (media.path or "..")).resolve()
    if not place.is_relative_to(version.resolve()):
        raise UsageError(f"{media.path} lies outside the version {version}")
    return place


def _spread(clip_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"gallery {clip_id}".encode()).digest()[:8], "big")
