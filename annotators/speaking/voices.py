"""Which voices of a source are one person's, by how they sound and by the mouths that they are seen to come from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.record import Clip

Vector = npt.NDArray[np.float64]
Half = tuple[str, list[int]]
"""A person, and the clips in which that one is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSpeaking:
    """A clip whose speaker is seen to speak."""

    clip: int
    person: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceLimits:
    """Seconds of speech seen to come from a mouth, and likenesses (cosines) of voices."""

    join_seconds: float
    """Two names of the turns, each heard so long out of one mouth, are one."""
    join_like: float
    """Less than that is enough where the voices are at least so alike."""
    split_seconds: float
    """One name, heard so long out of each of two mouths, is two people's…"""
    split_like: float
    """…where the two sound no more alike than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The final name of the speaker of a clip."""

    speaker: str
    person: str | None
    reason: str = ""


def final_names(clips: Sequence[Clip], seen: Sequence[SeenSpeaking], limits: VoiceLimits) -> list[Named | None]:
    """Return the final name of each clip's speaker, None in clips in which nobody speaks.

    A name is split first, then names are joined. What is not seen goes with the half that it sounds more like, and keeps its name
    where it cannot be told.
    """
    speakers = sorted({clip.speaker for clip in clips if clip.speaker is not None}, key=_number)
    names: list[str | None] = [clip.speaker for clip in clips]
    reasons: dict[str, str] = {}
    fresh = 1 + max((_number(name) for clip in clips for name in _heard(clip)), default=-1)
    for speaker in speakers:
        halves = _halves(speaker, clips, seen, limits)
        for person, members in halves[1:]:
            name, fresh = f"S{fresh}", fresh + 1
            reasons[name] = f"the turns give it to {speaker}, who is seen to be another person ({halves[0][0]}, not {person})"
            for member in members:
                names[member] = name
    joined = _joined(names, clips, seen, limits, reasons)
    persons = _persons([joined.get(name or "", name) for name in names], seen)
    told = (joined.get(name, name) if name else None for name in names)
    return [
        Named(speaker=name, person=persons.get(name), reason=reasons.get(before or "", "")) if name else None
        for name, before in zip(told, names, strict=True)
    ]


def _heard(clip: Clip) -> set[str]:
    return {turn.speaker for turn in clip.turns} | ({clip.speaker} if clip.speaker else set())


def _number(name: str) -> int:
    return int(name[1:]) if name[1:].isdigit() else 0


def voice_of(clips: Sequence[Clip], members: Sequence[int]) -> Vector | None:
    """Return the unit-length mean of the voiceprints of some clips, each by its seconds; None without any."""
    prints = [(one.seconds, one.embedding) for member in members for one in clips[member].voiceprints]
    if not prints:
        return None
    total = np.sum([seconds * np.asarray(vector, np.float64) for seconds, vector in prints], axis=0)
    unit: Vector = total / max(float(np.linalg.norm(total)), 1e-12)
    return unit


def likeness_of(one: Vector | None, other: Vector | None) -> float | None:
    """Return the cosine of two voices, None where one is not known."""
    return None if one is None or other is None else float(one @ other)


def _halves(
    speaker: str, clips: Sequence[Clip], seen: Sequence[SeenSpeaking], limits: VoiceLimits
) -> list[tuple[str, list[int]]]:
    """Return the people whom one name of the turns is heard from, most speech first, with their clips; one or none: no split."""
    parts: dict[str, list[SeenSpeaking]] = {}
    for one in seen:
        if clips[one.clip].speaker == speaker:
            parts.setdefault(one.person, []).append(one)
    enough = {name: held for name, held in parts.items() if sum(one.seconds for one in held) >= limits.split_seconds}
    order = sorted(enough, key=lambda name: (-sum(one.seconds for one in enough[name]), name))
    voices = {name: voice_of(clips, [one.clip for one in enough[name]]) for name in order}
    apart = [order[0]] if order else []
    for name in order[1:]:
        alike = [likeness_of(voices[name], voices[other]) for other in apart]
        if all(value is not None and value <= limits.split_like for value in alike):
            apart.append(name)
    if len(apart) < 2:
        return []
    members: dict[str, list[int]] = {name: [one.clip for one in enough[name]] for name in apart}
    placed = {member for held in members.values() for member in held}
    for number, clip in enumerate(clips):
        if clip.speaker == speaker and number not in placed:
            own = voice_of(clips, [number])
            near = max(apart, key=lambda name: (likeness_of(own, voices[name]) or -1.0, -apart.index(name)))
            members[near].append(number)
    return [(name, sorted(members[name])) for name in apart]


def _joined(
    names: Sequence[str | None], clips: Sequence[Clip], seen: Sequence[SeenSpeaking], limits: VoiceLimits, reasons: dict[str, str]
) -> dict[str, str]:
    """Return the name that others go by, for each name that has one; and note why."""
    over: dict[str, dict[str, float]] = {}
    for one in seen:
        name = names[one.clip]
        if name is not None:
            over.setdefault(one.person, {}).setdefault(name, 0.0)
            over[one.person][name] += one.seconds
    root: dict[str, str] = {}

    def final(name: str) -> str:
        return final(root[name]) if name in root else name

    for person in sorted(over):
        held = sorted(over[person], key=lambda name: (-over[person][name], _number(name)))
        first = held[0]
        for name in held[1:]:
            alike = likeness_of(*(voice_of(clips, [k for k, own in enumerate(names) if own == one]) for one in (first, name)))
            long = over[person][name] >= limits.join_seconds
            if final(name) == final(first) or not (long or (alike is not None and alike >= limits.join_like)):
                continue
            lower, higher = sorted((final(first), final(name)), key=_number)
            root[higher] = lower
            sounds = "" if alike is None else f", and sounds {alike:.2f} like it"
            reasons[name] = f"comes out of the mouth of {person} for {over[person][name]:.1f} s, as {first} does{sounds}"
    return {name: final(name) for name in root}


def _persons(names: Sequence[str | None], seen: Sequence[SeenSpeaking]) -> Mapping[str, str]:
    """Return whose mouth each name is seen to come from for longest."""
    seconds: dict[str, dict[str, float]] = {}
    for one in seen:
        name = names[one.clip]
        if name is not None:
            seconds.setdefault(name, {}).setdefault(one.person, 0.0)
            seconds[name][one.person] += one.seconds
    return {name: min(held, key=lambda person: (-held[person], person)) for name, held in seconds.items()}
