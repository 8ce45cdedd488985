"""How well the default listeners hear: word errors on English recordings, diarization errors on meetings.

Both run the annotators of the embedded plan as a build does: turns first, then words.
"""

import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotators.media import decoder as sound
from annotators.speech.turns_pyannote import PyannoteTurns
from annotators.speech.words_faster_whisper import FasterWhisperWords
from schemas.record import Origin, Source
from tests.support.media import english, meetings

PARTS = {"dev": "development", "trn": "development", "tst": "test", "sample": "sample"}
"""Clips by the start of their name: settings were chosen on development clips only."""
CLIP_SECONDS = 30.0
"""What the *.uem of these clips say is annotated."""
_NUMBERS = dict(enumerate("zero one two three four five six seven eight nine ten eleven twelve".split()))  # noqa: SIM905
_SAME = {str(number): word for number, word in _NUMBERS.items()} | {"mr": "mister", "mrs": "missus", "dr": "doctor"}


@dataclass(frozen=True)
class WordErrors:
    """One recording against its text. `errors` are substitutions, deletions and insertions."""

    recording: str
    telephone: bool
    """At 8 kHz."""
    errors: int
    words: int
    seconds: float
    took: float


@dataclass(frozen=True)
class TurnErrors:
    """One clip against its annotation, in seconds; no forgiveness at boundaries, overlapped speech counts."""

    clip: str
    part: str
    miss: float
    false_alarm: float
    confusion: float
    speech: float
    one_speaker: float
    """Error in seconds of the same speech given to a single speaker: what telling voices apart has to beat."""
    found: int
    speakers: int
    seconds: float
    took: float


def wer() -> tuple[WordErrors, ...]:
    """Return word errors on 19 recordings of English, language not told."""
    import jiwer

    turns, words = PyannoteTurns(), FasterWhisperWords()
    voices, whisper = turns.load("cpu"), words.load("cpu")
    rows = []
    for path, text in english():
        record = source(path)
        begun = time.monotonic()
        record = record.with_claims(turns.key, turns.annotate(voices, [record])[0])
        record = record.with_claims(words.key, words.annotate(whisper, [record])[0])
        took = time.monotonic() - begun
        out = jiwer.process_words(normal(text), normal(" ".join(word.text for word in record.words)))
        errors = out.substitutions + out.deletions + out.insertions
        count = out.hits + out.substitutions + out.deletions
        probed = sound.probe(path).audio
        telephone = probed is not None and probed.sample_rate == 8000
        rows.append(WordErrors(path.stem, telephone, errors, count, record.source.duration, took))
    return tuple(rows)


def der(parts: Sequence[str] = ("development", "test", "sample")) -> tuple[TurnErrors, ...]:
    """Return diarization errors on the clips of these parts."""
    turns = PyannoteTurns()
    model = turns.load("cpu")
    folder = meetings()
    truth = truth_of(folder)
    rows = []
    for path in sorted(folder.glob("*.wav")):
        clip = plain(path.stem)
        part = next((part for start, part in PARTS.items() if clip.startswith(start)), None)
        if part in parts and clip in truth:
            record = source(path)
            begun = time.monotonic()
            record = record.with_claims(turns.key, turns.annotate(model, [record])[0])
            rows.append(_scored(clip, part, truth[clip], record, time.monotonic() - begun))
    return tuple(rows)


def word_error_rate(rows: Iterable[WordErrors]) -> float:
    """Return errors per word of the text, over all rows."""
    rows = tuple(rows)
    return sum(row.errors for row in rows) / sum(row.words for row in rows)


def diarization_error_rate(rows: Iterable[TurnErrors]) -> float:
    """Return miss, false alarm and confusion per second of speech, over all rows."""
    rows = tuple(rows)
    return sum(row.miss + row.false_alarm + row.confusion for row in rows) / sum(row.speech for row in rows)


def normal(text: str) -> str:
    """Return the text as words are compared: lower case, no punctuation, numbers to twelve and short titles as words."""
    kept = re.sub(r"[^\w' ]", " ", text.lower().replace("’", "'"))
    return " ".join(_SAME.get(word, word) for word in kept.split())


def source(path: Path) -> Source:
    """Return a file as a build's record of a source."""
    info = sound.probe(path)
    streams = "+".join(name for name, stream in (("audio", info.audio), ("video", info.video)) if stream)
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file=path.name, duration=info.duration, streams=streams)
    return Source(source=origin, path=str(path))


def _scored(clip: str, part: str, truth: list[tuple[float, float, str]], record: Source, took: float) -> TurnErrors:
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    def annotation(spans: Iterable[tuple[float, float, str]]) -> Annotation:
        made = Annotation(uri=clip)
        for track, (start, end, label) in enumerate(spans):
            made[Segment(start, end), track] = label
        return made

    reference = annotation(truth)
    said = annotation((turn.span.start, turn.span.end, turn.speaker) for turn in record.turns)
    end = min(record.source.duration, CLIP_SECONDS)
    heard = Timeline([Segment(0.0, end)])
    metric = DiarizationErrorRate()
    errors = metric(reference, said, uem=heard, detailed=True)
    alone = metric(reference, said.rename_labels(dict.fromkeys(said.labels(), "S0")).support(), uem=heard, detailed=True)
    return TurnErrors(
        clip=clip,
        part=part,
        miss=errors["missed detection"],
        false_alarm=errors["false alarm"],
        confusion=errors["confusion"],
        speech=errors["total"],
        one_speaker=alone["missed detection"] + alone["false alarm"] + alone["confusion"],
        found=len(said.labels()),
        speakers=len(reference.crop(heard).labels()),
        seconds=record.source.duration,
        took=took,
    )


def truth_of(folder: Path) -> dict[str, list[tuple[float, float, str]]]:
    """Return who speaks when in each meeting: start, end and speaker, by the name of the clip without accents."""
    found: dict[str, list[tuple[float, float, str]]] = {}
    for path in sorted(folder.glob("*.rttm")):
        for line in path.read_text(encoding="utf-8").splitlines():
            _, clip, _, start, length, _, _, speaker, *_ = line.split()
            found.setdefault(plain(clip), []).append((float(start), float(start) + float(length), speaker))
    return found


def plain(name: str) -> str:
    """Return a name without accents: one clip's file and its annotation spell it differently."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
