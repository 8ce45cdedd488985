"""`python -m tests.accuracy`: what the embedded models and the cutter get right, measured here and now on real or marked media.

Prints the tables that docs/accuracy.md quotes, in Markdown.
"""

import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from annotators.media import decoder
from annotators.media.cutting import CutSettings, cut
from annotators.models import local
from annotators.registry import used_by
from schemas.values import Span
from tests.accuracy import face, listen, look, voice, who
from tests.accuracy import words as text
from tests.support import making
from tests.support.making import SHAPES

SPAN = Span(start=2.013, end=6.731)


def table(title: str, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a Markdown table."""
    heads = list(heads)
    print(f"\n**{title}**\n\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |", flush=True)


def words() -> None:
    """Word error rate on English recordings."""
    rows = listen.wer()
    groups = {"all": rows, "at 8 kHz": [r for r in rows if r.telephone], "at 16 kHz": [r for r in rows if not r.telephone]}
    told = [
        (name, len(group), sum(row.words for row in group), f"{listen.word_error_rate(group):.1%}")
        for name, group in groups.items()
    ]
    table("Words: `words.faster_whisper`, language not told", ("English recordings", "files", "words", "word error rate"), told)


def turns() -> None:
    """Diarization error, split into what is missed, what is made up and what is given to the wrong speaker."""
    told = []
    by_part = defaultdict(list)
    for row in listen.der():
        by_part[row.part].append(row)
    for part, rows in by_part.items():
        speech = sum(row.speech for row in rows)
        shares = [sum(getattr(row, kind) for row in rows) / speech for kind in ("miss", "false_alarm", "confusion")]
        told.append((part, len(rows), f"{listen.diarization_error_rate(rows):.2f}", *(f"{share:.2f}" for share in shares)))
    heads = ("meetings", "clips", "diarization error", "missed", "false alarm", "confused")
    table("Turns: `turns.pyannote`, no forgiveness at boundaries, overlapped speech counts", heads, told)


def faces() -> None:
    """Faces, who speaks, and who is who."""
    told = [(row.what, row.media, f"{row.right} of {row.of}") for row in look.rows()]
    table("Faces: `faces.mediapipe`, `targets.joint`, `persons.agglomerative`", ("what", "media", "right"), told)


def speakers() -> None:
    """Whose face is given what is heard, on a film and on what is made of it."""
    rows = there(who.rows)
    told = [(row.what, row.clips, row.given, f"{row.given / row.clips:.0%}", row.absent) for row in rows]
    heads = ("clips of 8 minutes of a film, one actor", "clips", "given to his face", "share", "called absent")
    table("Who speaks: `speaking.lr_asd`, `targets.joint`", heads, told)
    heads = ("his face", "clips", "found", "unsure", "falsely called absent")
    table("Who speaks, by size of the face and by view", heads, there(who.by_size_and_view))


def emotions() -> None:
    """What face, voice and words say, beside what always saying the commonest label would reach."""
    voices = there(voice.rows)
    told = [
        (
            part,
            named(row),
            row.items,
            *(f"{share:.2f}" for share in (row.accuracy, row.macro_f1, row.ece, row.majority)),
            recall(row),
        )
        for part, rows in (("face", there(face.rows)), ("voice", map(voice.given, voices)), ("words", there(text.rows)))
        for row in rows
    ]
    heads = ("modality", "on", "items", "accuracy", "macro-F1", "calibration error", "commonest label", "unweighted recall")
    table("Emotion: data that the model was not fitted on, unless it says so", heads, told)
    table("Voice: what is told, and where a label is", voice.HEADS, map(voice.cells, (*voices, *there(voice.everyday_rows))))


def there(rows: Callable[[], Iterable[Any]]) -> list[Any]:
    """Return the rows of a measure; none, and say why on standard error, where its data are not on this machine."""
    try:
        return list(rows())
    except pytest.skip.Exception as absent:
        print(absent, file=sys.stderr)
        return []


def named(row: Any) -> str:
    """Return what the figures are of, and how many more got no label."""
    more = getattr(row, "of", row.items) - row.items
    return f"{row.what} ({more} more withheld)" if more else row.what


def recall(row: object) -> str:
    """Return the unweighted recall of a row, where it was measured."""
    found = getattr(row, "recall", None)
    return "" if found is None else f"{found:.2f}"


def cutting() -> None:
    """Where a flash and a beep of known time are after the cut."""
    told = []
    for name, make in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            source, out = make(Path(folder)), Path(folder) / "cut.mp4"
            shown, heard = making.marks_of(source)
            made = cut(source, decoder.probe(source), SPAN, out, CutSettings())
            flashes, beeps = making.marks_of(out)
        start = made.actual.start
        inside = [(s - start, h - start) for s, h in zip(shown, heard, strict=True) if start <= s < made.actual.end - 0.05]
        late = [1000 * abs(flash - s) for flash, (s, _) in zip(flashes, inside, strict=True)]
        apart = [1000 * abs((b - f) - (h - s)) for f, b, (s, h) in zip(flashes, beeps, inside, strict=True)]
        told.append((name, f"{1000 / made.fps:.0f}", f"{max(late):.0f}", f"{max(apart):.0f}", f"{statistics.mean(apart):.0f}"))
    heads = ("source", "one frame, ms", "picture off by at most, ms", "sound against picture, at most, ms", "mean, ms")
    table("Cutting: flash and beep at known times, beside the source itself", heads, told)


def main():
    for model in used_by("embedded"):
        local.fetch(model)
    cutting()
    words()
    turns()
    faces()
    speakers()
    emotions()
