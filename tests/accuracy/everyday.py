"""Speech in which nobody acts or means an emotion: telephone prompts, reading, addresses and talks, meetings. All by hash."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from tests.accuracy.listen import plain, truth_of
from tests.support.media import debian, english, media, meetings

CALM = "neutral"
RATE = 16000
_LANGUAGES = ("en", "es", "fr", "it", "ru")
_PROMPTS = 20
"""The largest files of each language's voice, but for its monkeys."""
_TALKS = ("jfk", "man", "intro", "crew", "webcam")
_TALK = 6.0
_ALONE = 1.2
"""Seconds for which a participant of a meeting speaks alone, at least."""


def everyday() -> Iterator[tuple[str, np.ndarray]]:
    """Yield speaker and mono sound at 16 kHz of about 200 utterances, in an order that does not change."""
    yield from _prompts()
    for path, _ in english()[1:6]:
        yield f"reader {path.stem.partition('-')[0]}", _sound(path)
    for name in _TALKS:
        whole = _sound(media(name))
        for start in range(0, len(whole) - 3 * RATE, round(_TALK * RATE)):
            yield name, whole[start : start + round(_TALK * RATE)]
    yield from _meetings()


def _sound(path: Path) -> np.ndarray:
    from faster_whisper import decode_audio

    return decode_audio(str(path), sampling_rate=RATE)


def _prompts() -> Iterator[tuple[str, np.ndarray]]:
    for language in _LANGUAGES:
        folder = next((debian(f"asterisk-core-sounds-{language}-wav") / "usr/share/asterisk/sounds").iterdir())
        spoken = (path for path in folder.glob("*.wav") if path.stem != "tt-monkeys")
        files = sorted(spoken, key=lambda path: (-path.stat().st_size, path.name))
        for path in files[:_PROMPTS]:
            yield f"prompts {language}", _sound(path)


def _meetings() -> Iterator[tuple[str, np.ndarray]]:
    truth = truth_of(meetings())
    for path in sorted(meetings().glob("*.wav")):
        clip = plain(path.stem)
        whole = _sound(path)
        for start, end, speaker in _alone(truth.get(clip, ())):
            yield f"meeting {clip} {speaker}", whole[round(start * RATE) : round(end * RATE)]


def _alone(turns: Iterable[tuple[float, float, str]]) -> Iterator[tuple[float, float, str]]:
    """Yield where one participant speaks and nobody else, for `_ALONE` s or more; start, end, speaker."""
    edges = sorted({time for start, end, _ in turns for time in (start, end)})
    runs: list[tuple[float, float, str]] = []
    for start, end in pairwise(edges):
        voices = {speaker for a, b, speaker in turns if a < (start + end) / 2 < b}
        if len(voices) != 1:
            continue
        (speaker,) = voices
        if runs and runs[-1][1] == start and runs[-1][2] == speaker:
            runs[-1] = (runs[-1][0], end, speaker)
        else:
            runs.append((start, end, speaker))
    yield from (run for run in runs if run[1] - run[0] >= _ALONE)
