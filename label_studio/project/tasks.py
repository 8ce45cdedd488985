"""From a version's clip to the task that a person sees: pure, and checked here, as the server lets wrong things through."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Protocol

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
from schemas.claims import Text
from schemas.errors import ItemError
from schemas.provenance import digest
from schemas.record import Clip
from schemas.vocabulary.contrast import DISAGREE
from schemas.vocabulary.distributions import ALL, likeliest, scores_of

NO_WORDS = "No words are known."
COLUMNS = (
    "video.path", "audio.path", "fps", "transcript", "words", "languages", "cues", "labels", "texts", "assessments",
    "routes", "speaker", "targets",
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


def task(clip: Clip, version: str, media: Media, disagree: float = DISAGREE, space_name: str = SPACE) -> Task:
    """Return the task of a clip: blind first where its modalities disagree or it is audited, everything at once otherwise.

    An audit tells how often agreement of the machines is right, so it must not see what they say of one modality by another.

    Raises:
        ItemError: the clip gives no valid task.
    """
    audited = bool(clip.routes) and clip.routes[-1].audit
    kind = CONFLICT if audited or _in_conflict(clip, disagree) else ORDINARY
    return _checked(clip, version, kind, _judged(clip, media, space_name, later=kind == CONFLICT))


def adjudication(clip: Clip, version: str, media: Media, answers: Sequence[Answer], space_name: str = SPACE) -> Task:
    """Return the task that decides between people's answers, which it shows by pseudonym."""
    data = _judged(clip, media, space_name) | {"answers": storable(reviewers(answers)) or "Nobody has answered."}
    return _checked(clip, version, ADJUDICATE, data)


def preferences(clip: Clip, version: str, media: Media) -> tuple[Task, ...]:
    """Return a task for each two rationales, and one with the two swapped; () where there are not two."""
    told = {text.text_id: text.text for text in _rationales(clip)}
    return tuple(
        _checked(
            clip,
            version,
            PREFER,
            _watched(clip, media) | {"first": first, "second": second, "a1": storable(told[first]), "a2": storable(told[second])},
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


def _in_conflict(clip: Clip, disagree: float) -> bool:
    conflicts = clip.assessments[-1].conflicts if clip.assessments else ()
    return any(one.probability is not None and one.probability >= disagree for one in conflicts)


def _checked(clip: Clip, version: str, kind: str, data: Mapping[str, str | float]) -> Task:
    clip_id, space_name = clip.clip_id, _space(data)
    pair = f":{digest([data['first'], data['second']], 8)}" if kind == PREFER else ""
    named = {"affectory_id": item_id(kind, clip_id, space_name) + pair, "clip_id": clip_id, "version": version}
    made = Task(
        kind=kind,
        data={**named, "form": form_hash(kind, space_name), "kind": kind, **data},
        priority=clip.routes[-1].priority if clip.routes else 0.0,
    )
    check(made)
    return made


def _watched(clip: Clip, media: Media) -> dict[str, str | float]:
    """Return what every form shows: the clip and its transcript."""
    clip_id, seen, heard = clip.clip_id, clip.video is not None, clip.audio is not None
    data: dict[str, str | float] = {"transcript": storable(transcript_line(clip)) or NO_WORDS}
    if seen:
        data |= {"video": media.url(clip_id, VIDEO), "fps": clip.fps or 0.0}
    if heard:
        data["audio"] = media.url(clip_id, SOUND)
    whole = data.get("video") or data.get("audio")
    data["clip"] = player(str(whole), VIDEO if seen else SOUND) if whole else NO_CLIP
    return data


def _judged(clip: Clip, media: Media, space_name: str, later: bool = False) -> dict[str, str | float]:
    data = _watched(clip, media) | {"space": space_name}
    rationale = next(reversed(list(_rationales(clip))), None)
    if later and "audio" in data:
        data["clip"] = player(str(data["video"]), LATER) if "video" in data else player(str(data["audio"]), SOUND_LATER)
    if later and SOUND_AGAIN in data_keys(CONFLICT):
        data[SOUND_AGAIN] = player(str(data["audio"]), SOUND_LATER) if "audio" in data else NO_SOUND
    found = data | {
        "silent": player(media.url(clip.clip_id, SILENT), SILENT) if clip.video else NO_PICTURE,
        "sound": player(str(data["audio"]), SOUND) if "audio" in data else NO_SOUND,
        "words": storable(clip.transcript or "") or NO_WORDS,
        "machine": storable(labels(clip, space_name)) or "The machine has no opinion.",
        "cues": storable(cues(clip)) or "Nothing.",
        "rationale": storable(rationale.text) if rationale else "",
    }
    return found | _candidates(clip, rationale, space_name)


def _candidates(clip: Clip, rationale: Text | None, space_name: str) -> dict[str, str]:
    """Return the machine's label and the id of its rationale, to tell later what became of them; neither is shown as such."""
    fused = [label for label in clip.labels if label.modality == ALL and label.space == space_name and label.scores]
    found = {"rationale_id": rationale.text_id} if rationale else {}
    if fused:
        found["label"] = likeliest(scores_of(fused[-1]))
    return found


def _rationales(clip: Clip) -> Iterator[Text]:
    return (text for text in clip.texts if text.kind == "rationale" and not text.label_conditioned)
