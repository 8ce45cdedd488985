"""What is heard beside the words: laughter, crying, shouting, sighs and the like, by YAMNet (AudioSet's 521 classes)."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from annotators.annotator import Annotator
from annotators.media import decoder
from annotators.models import local
from annotators.native_logs import quietly
from schemas.claims import Claim, Cue
from schemas.record import Clip
from schemas.validate import Positive
from schemas.values import Span

RATE = 16000
_WINDOW = 15600
"""Samples that YAMNet hears at a time."""
_SHORTEST = 0.1
_running: weakref.WeakSet[Any] = weakref.WeakSet()


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of cue, the classes of YAMNet that show it, and the score from which on one of them does."""

    kind: str
    text: str
    classes: tuple[str, ...]
    least: float


EVENTS = (
    Event(
        "laughter",
        "laughter",
        ("Laughter", "Baby laughter", "Giggle", "Snicker", "Belly laugh", "Chuckle, chortle"),
        0.1,
    ),
    Event("crying", "crying or sobbing", ("Crying, sobbing", "Baby cry, infant cry", "Whimper"), 0.1),
    Event("shouting", "shouting", ("Shout", "Bellow", "Yell", "Children shouting"), 0.05),
    Event("scream", "a scream", ("Screaming",), 0.15),
    Event("sigh", "a sigh", ("Sigh",), 0.25),
    Event("gasp", "a gasp", ("Gasp",), 0.25),
    Event("groan", "a groan", ("Groan", "Wail, moan"), 0.25),
    Event("whisper", "whispering", ("Whispering",), 0.3),
)
"""Thresholds by class, since the scores are no probabilities and small where speech goes on. See `YamnetCues`."""


@dataclass(frozen=True, kw_only=True)
class YamnetCues(Annotator[Clip, Any]):
    """Sounds of affect with the stretches in which they are heard, whoever makes them; the value is the highest score, 0 to 1.

    Each window of 0.975 s gives its likeliest kind. The thresholds lie above the highest scores on speech in which nobody makes
    such a sound (535 acted utterances, LibriVox, telephone prompts: laughter .02, crying .01, shouting .01, sigh .08, groan .15,
    whisper .15). Of 16 people who laugh for effect 9 were heard to. Of recordings of the Deeply Vocal Characterizer Dataset and
    of screams (measured, never kept) 24 of 25 laughs were heard, 7 of the 25 as crying too; 20 of 24 cries, 6 of them as laughter
    too; 95 of 121 screams, 12 as shouting. Of 185 stretches of everyday speech 1 has a cue. Sighs, gasps, groans and whispers
    have not been checked on sounds of their own kind.
    A sound counts only where it is likelier than silence: YAMNet hears whispers and breath in the hiss of an empty room.
    """

    name: ClassVar[str] = "cues.yamnet"
    version: ClassVar[str] = "1+mediapipe-1.2"
    requires: ClassVar[tuple[str, ...]] = ("audio",)
    provides: ClassVar[tuple[str, ...]] = ("cues",)

    model: str = "yamnet"
    sensitivity: Positive = 1.0
    """Thresholds are divided by it."""

    def load(self, device: str) -> Any:
        """Return mediapipe's audio classifier; it runs on the CPU whatever the device."""
        from mediapipe.tasks import python as tasks  # noqa: PLC0415
        from mediapipe.tasks.python import audio  # noqa: PLC0415

        file = str(local.path(self.model) / "yamnet.tflite")
        with quietly():
            options = audio.AudioClassifierOptions(base_options=tasks.BaseOptions(model_asset_path=file), max_results=-1)
            classifier = audio.AudioClassifier.create_from_options(options)
        _running.add(classifier)
        return classifier

    def annotate(self, model: Any, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return the cues of each clip by kind, then by time; () without sound or without such a sound.

        Raises:
            ItemError: the sound cannot be decoded.
        """
        return [self._one(model, record) for record in records]

    def _one(self, model: Any, clip: Clip) -> tuple[Claim, ...]:
        if clip.audio is None or clip.audio.path is None:
            return ()
        sound = decoder.audio(Path(clip.audio.path), rate=RATE)
        if len(sound) < _SHORTEST * RATE or not sound.any():
            return ()
        windows = sorted(_windows(model, sound), key=lambda window: window[0])
        found = [(start, self._loudest(scores)) for start, scores in windows]
        return tuple(cue for event in EVENTS for cue in self._cues(event, found, len(sound) / RATE))

    def _loudest(self, scores: dict[str, float]) -> tuple[Event, float] | None:
        """Return the one kind that is most above its threshold, with its score: laughs look a little like sobs and gasps."""
        best = {event: max(scores[name] for name in event.classes) for event in EVENTS}
        event = max(best, key=lambda event: best[event] / event.least)
        heard = best[event] * self.sensitivity >= event.least and best[event] > scores["Silence"]
        return (event, best[event]) if heard else None

    def _cues(self, event: Event, windows: Sequence[tuple[float, tuple[Event, float] | None]], end: float) -> Iterator[Cue]:
        runs: list[tuple[float, float, float]] = []
        for start, found in windows:
            if found is None or found[0] != event:
                continue
            stop, score = min(start + _WINDOW / RATE, end), found[1]
            if runs and start <= runs[-1][1]:
                runs[-1] = (runs[-1][0], stop, max(score, runs[-1][2]))
            else:
                runs.append((start, stop, score))
        for number, (start, stop, score) in enumerate(runs, 1):
            yield Cue(
                by=self.key,
                cue_id=f"voice.{event.kind}.{number}",
                modality="voice",
                span=Span(start=round(start, 3), end=int(stop * 1000) / 1000),
                text=event.text,
                value=round(score, 4),
            )


def _windows(model: Any, sound: npt.NDArray[np.float32]) -> Iterator[tuple[float, dict[str, float]]]:
    """Yield start in seconds and scores of windows that overlap by half; a window that is mostly padding is left out."""
    from mediapipe.tasks.python.components.containers import AudioData  # noqa: PLC0415

    for shift in (0, _WINDOW // 2):
        if shift and len(sound) < _WINDOW + shift:
            return
        heard = model.classify(AudioData.create_from_array(np.array(sound[shift:]), RATE))
        for number, result in enumerate(heard):
            start = shift + number * _WINDOW
            if number == 0 or len(sound) - start >= _WINDOW // 2:
                yield start / RATE, {found.category_name: float(found.score) for found in result.classifications[0].categories}


@atexit.register
def _let_go() -> None:
    """Keep mediapipe's finaliser from calling its executor after Python has shut that down; the process ends anyway."""
    for classifier in _running:
        classifier.close = lambda: None
