"""From a version's row to the task that a person sees: pure, and checked here, as the server lets wrong things through."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Protocol

from label_studio.project.annotation import MAX_TEXT
from label_studio.project.answers import Answer
from label_studio.project.evidence_text import cues, labels, reviewers, storable, transcript_line
from label_studio.project.form import (
    ADJUDICATE,
    CONFLICT,
    KINDS,
    ORDINARY,
    PREFER,
    SOUND_AGAIN,
    SPACE,
    controls,
    data_keys,
    form_hash,
)
from label_studio.project.players import (
    LATER,
    NO_CLIP,
    NO_PICTURE,
    NO_SOUND,
    SILENT,
    SOUND,
    SOUND_LATER,
    VIDEO,
    is_player,
    player,
)
from schemas.errors import ItemError
from schemas.provenance import digest

DISAGREE = 0.3
"""Divergence (bits) from which a clip is a conflict: the default of a plan's `conflict`."""
NO_WORDS = "No words are known."
COLUMNS = (
    "clip_id", "video.path", "audio.path", "fps", "transcript", "words", "languages", "cues", "labels", "texts", "assessments",
    "routes",
)  # fmt: skip
"""What a task is made of; the media themselves are not read."""


class Media(Protocol):
    """Where a reviewer's browser finds a clip's media."""

    def url(self, clip_id: str, kind: str) -> str:
        """Return the address of a clip as mp4, silent.mp4 (the same without its sound) or flac."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """An answer that a task opens with. Ours open with none: what is filled in beforehand sways who is unsure."""

    model: str
    score: float
    """0 to 1."""
    choices: tuple[tuple[str, str], ...]
    """Control and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the server is given."""

    kind: str
    data: Mapping[str, str | float]
    priority: float
    """0 to 1: how much an answer would tell; those with more are asked first."""
    predictions: tuple[Prediction, ...] = ()


def task(row: Mapping[str, Any], version: str, media: Media, disagree: float = DISAGREE, space_name: str = SPACE) -> Task:
    """Return the task of a row: blind first where its modalities disagree or it is audited, everything at once otherwise.

    An audit tells how often agreement of the machines is right, so it must not see what they say of one modality by another.

    Raises:
        ItemError: the row gives no valid task.
    """
    audited = bool(row["routes"]) and row["routes"][-1]["audit"]
    kind = CONFLICT if audited or _in_conflict(row, disagree) else ORDINARY
    return _checked(row, version, kind, _judged(row, media, space_name, later=kind == CONFLICT))


def adjudication(row: Mapping[str, Any], version: str, media: Media, answers: Sequence[Answer], space_name: str = SPACE) -> Task:
    """Return the task that decides between people's answers, which it shows by pseudonym."""
    data = _judged(row, media, space_name) | {"answers": storable(reviewers(answers)) or "Nobody has answered."}
    return _checked(row, version, ADJUDICATE, data)


def preferences(row: Mapping[str, Any], version: str, media: Media) -> tuple[Task, ...]:
    """Return a task for each two rationales, and one with the two swapped; () where there are not two."""
    told = {text["text_id"]: text["text"] for text in _rationales(row)}
    return tuple(
        _checked(
            row,
            version,
            PREFER,
            _watched(row, media) | {"first": first, "second": second, "a1": storable(told[first]), "a2": storable(told[second])},
        )
        for first, second in permutations(sorted(told), 2)
        if told[first] != told[second]
    )


def check(task: Task) -> None:
    """Raise ItemError for what the server would take, or would refuse a whole batch for."""
    if task.kind not in KINDS or task.data.get("kind") != task.kind:
        raise ItemError(f"{task.data.get('kind')!r} is no kind of task")
    name = task.data.get("affectory_id")
    if task.data.get("form") != form_hash(task.kind, _space(task.data)):
        raise ItemError(f"{name}: made for another form than the one of today")
    for key in (*data_keys(task.kind), "affectory_id", "clip_id", "version"):
        value = task.data.get(key)
        if not isinstance(value, str) or (not value and key != "rationale"):
            raise ItemError(f"{name}: {key} is missing")
    for key, value in task.data.items():
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ItemError(f"{name}: {key} has {len(value)} characters; {MAX_TEXT} are the most")
        if isinstance(value, float) and not math.isfinite(value):
            raise ItemError(f"{name}: {key} is {value}")
    for key in ("clip", "silent", "sound", SOUND_AGAIN):
        if key in task.data and not is_player(str(task.data[key])):
            raise ItemError(f"{name}: {key} is no player of ours")
    for prediction in task.predictions:
        _check_prediction(task, prediction)


def _check_prediction(task: Task, prediction: Prediction) -> None:
    name, known = task.data["affectory_id"], controls(task.kind, _space(task.data))
    if not 0 <= prediction.score <= 1:
        raise ItemError(f"{name}: a prediction's score is {prediction.score}, not within 0 and 1")
    if not prediction.choices:
        raise ItemError(f"{name}: a prediction says nothing")
    for control, value in prediction.choices:
        if value not in known.get(control, ()):
            raise ItemError(f"{name}: a prediction says {value!r} for {control!r}, which the form does not know")


def item_id(kind: str, clip_id: str, space_name: str = SPACE) -> str:
    """Return the id of what is asked about a clip: in another label space it is asked again."""
    return f"{kind}:{clip_id}" + ("" if space_name == SPACE else f":{space_name}")


def _space(data: Mapping[str, str | float]) -> str:
    return str(data.get("space", SPACE))


def _in_conflict(row: Mapping[str, Any], disagree: float) -> bool:
    assessment = row["assessments"][-1] if row["assessments"] else None
    return assessment is not None and any(
        one["opposed"] or (one["divergence"] is not None and one["divergence"] >= disagree) for one in assessment["conflicts"]
    )


def _checked(row: Mapping[str, Any], version: str, kind: str, data: Mapping[str, str | float]) -> Task:
    clip_id, space_name = row["clip_id"], _space(data)
    pair = f":{digest([data['first'], data['second']], 8)}" if kind == PREFER else ""
    named = {"affectory_id": item_id(kind, clip_id, space_name) + pair, "clip_id": clip_id, "version": version}
    made = Task(
        kind=kind,
        data={**named, "form": form_hash(kind, space_name), "kind": kind, **data},
        priority=row["routes"][-1]["priority"] if row["routes"] else 0.0,
    )
    check(made)
    return made


def _watched(row: Mapping[str, Any], media: Media) -> dict[str, str | float]:
    """Return what every form shows: the clip and its transcript."""
    clip_id, seen, heard = row["clip_id"], bool(row["video"]), bool(row["audio"])
    data: dict[str, str | float] = {"transcript": storable(transcript_line(row)) or NO_WORDS}
    if seen:
        data |= {"video": media.url(clip_id, VIDEO), "fps": float(row["fps"])}
    if heard:
        data["audio"] = media.url(clip_id, SOUND)
    whole = data.get("video") or data.get("audio")
    data["clip"] = player(str(whole), VIDEO if seen else SOUND) if whole else NO_CLIP
    return data


def _judged(row: Mapping[str, Any], media: Media, space_name: str, later: bool = False) -> dict[str, str | float]:
    data = _watched(row, media) | {"space": space_name}
    rationale = next(reversed(list(_rationales(row))), None)
    if later and "audio" in data:
        data["clip"] = player(str(data["video"]), LATER) if "video" in data else player(str(data["audio"]), SOUND_LATER)
    if later and SOUND_AGAIN in data_keys(CONFLICT):
        data[SOUND_AGAIN] = player(str(data["audio"]), SOUND_LATER) if "audio" in data else NO_SOUND
    found = data | {
        "silent": player(media.url(row["clip_id"], SILENT), SILENT) if row["video"] else NO_PICTURE,
        "sound": player(str(data["audio"]), SOUND) if "audio" in data else NO_SOUND,
        "words": storable(row["transcript"] or "") or NO_WORDS,
        "machine": storable(labels(row)) or "The machine has no opinion.",
        "cues": storable(cues(row)) or "Nothing.",
        "rationale": storable(rationale["text"]) if rationale else "",
    }
    return found | _candidates(row, rationale, space_name)


def _candidates(row: Mapping[str, Any], rationale: Mapping[str, Any] | None, space_name: str) -> dict[str, str]:
    """Return the machine's label and the id of its rationale, to tell later what became of them; neither is shown as such."""
    fused = [label for label in row["labels"] if label["modality"] == "all" and label["space"] == space_name and label["scores"]]
    found = {"rationale_id": rationale["text_id"]} if rationale else {}
    if fused:
        pairs = zip(fused[-1]["names"], fused[-1]["scores"], strict=True)
        found["label"] = max(sorted(pairs), key=lambda pair: pair[1])[0]
    return found


def _rationales(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (text for text in row["texts"] if text["kind"] == "rationale" and not text["label_conditioned"])
