"""One name for one voice: what was heard under several names stands in a clip under the one that its voices tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from pipeline.clips.overlap import spoken_by_others
from schemas.claims import Baseline, Speaker, SpeakerName, Target, Turn, Voiceprint, Word
from schemas.record import Clip

Named = TypeVar("Named", Turn, Word, SpeakerName, Target, Voiceprint, Baseline)


def with_final_names(clip: Clip) -> Clip:
    """Return the clip with everybody under the name that its voices say; a clip whose voices keep their names is unchanged.

    Turns, words, names, voiceprints, baselines and target of one who was heard under another name change it. Of two speakers of
    the source who are one, one stands in the clip, with the speech of both.
    """
    names = {voice.heard: voice.speaker for voice in clip.voices if voice.heard != voice.speaker}
    if not names:
        return clip

    def named(claims: Sequence[Named]) -> tuple[Named, ...]:
        return tuple(replace(one, speaker=names.get(one.speaker or "", one.speaker)) for one in claims)

    return replace(
        clip,
        speaker=names.get(clip.speaker or "", clip.speaker),
        speakers=_speakers(clip.speakers, names),
        turns=named(clip.turns),
        words=named(clip.words),
        names=named(clip.names),
        targets=named(clip.targets),
        voiceprints=named(clip.voiceprints),
        baselines=named(clip.baselines),
        overlap=spoken_by_others(named(clip.turns), names.get(clip.speaker or "", clip.speaker)),
    )


def _speakers(speakers: Sequence[Speaker], names: Mapping[str, str]) -> tuple[Speaker, ...]:
    by_name: dict[str, list[Speaker]] = {}
    for one in speakers:
        by_name.setdefault(names.get(one.speaker, one.speaker), []).append(one)
    return tuple(_as_one(name, by_name[name]) for name in sorted(by_name))


def _as_one(name: str, parts: Sequence[Speaker]) -> Speaker:
    most = max(parts, key=lambda one: (one.seconds, one.speaker))
    total = round(sum(one.seconds for one in parts), 3)
    voiced = [one for one in parts if len(one.embedding) == len(most.embedding) and one.embedding]
    if len(voiced) < 2:
        return replace(most, speaker=name, seconds=total)
    mean = np.sum([one.seconds * np.asarray(one.embedding, np.float64) for one in voiced], axis=0)
    unit = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
    return replace(most, speaker=name, seconds=total, embedding=tuple(float(x) for x in unit))
