"""`python -m tests.benchmarks.variants [--count N] [--spoken N]`: media of every kind with marks at known times, and how far
off we find them.

A seed draws container, codecs, picture rate, channels, offset, gap, jump and form of subtitles. What is made has a flash and a
beep that begin together, and words in its subtitles, at known times; each must be found within 40 ms of that, by the decoder,
in the subtitles' words and in a clip that is cut around one; where sound is missing, that must be told. Where the first flash and
the first beep are in the file, after what encoder and container add in front, PyAV says.

The first `--spoken` seeds are made once more with a man's speech in place of the beeps. What the recogniser hears in the plain
recording is the truth: in each file it must hear nine tenths of it, the median word within 40 ms of its place.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from fractions import Fraction
from pathlib import Path

import numpy as np

from annotators.media import decoder
from annotators.media.cutting import CutSettings, cut
from annotators.media.damage import gaps
from annotators.speech.words_faster_whisper import FasterWhisperWords
from annotators.speech.words_subtitles import SubtitleWords
from schemas.claims import Word
from schemas.record import Origin, Source, Subtitles
from schemas.values import Span
from schemas.vocabulary.sidecars import marks_of
from tests.support import making
from tests.support.media import media

WITHIN = 0.04
"""Seconds."""
SECONDS = 8.0
SHARE = 0.9
"""Of the words of a recording that are to be heard in each variant of it."""
GAP = Span(start=3.0, end=3.9)
WORDS = ("alpha", "bravo", "charlie", "delta")
PICTURES = {
    "mp4": ("libx264", "mpeg4"), "mov": ("libx264", "mjpeg"), "mkv": ("libx264", "libvpx", "ffv1"), "webm": ("libvpx",),
    "avi": ("mpeg4", "mjpeg"), "ts": ("libx264", "mpeg2video"),
    "flv": ("libx264", "flv1"), "mpg": ("mpeg2video",), "mxf": ("mpeg2video",),
}  # fmt: skip
SOUNDS = {
    "mp4": ("aac", "libmp3lame"), "mov": ("aac", "pcm_s16le"), "mkv": ("aac", "libopus", "flac", "pcm_s16le"),
    "webm": ("libopus", "libvorbis"),
    "avi": ("libmp3lame", "pcm_s16le"), "ts": ("aac", "mp2", "ac3"), "flv": ("aac",), "mpg": ("mp2",), "mxf": ("pcm_s16le",),
    "wav": ("pcm_s16le",), "mp3": ("libmp3lame",), "flac": ("flac",), "ogg": ("libvorbis", "libopus"),
    "m4a": ("aac",), "aiff": ("pcm_s16be",),
}  # fmt: skip
RATES = ("10", "12.5", "24000/1001", "25", "30000/1001", "50")
FIXED = {"mpg": ("24000/1001", "25", "30000/1001", "50"), "mxf": ("25", "30000/1001", "50")}
"""Rates that a codec or a container is held to."""
STAMPED = {"mp4", "mov", "mkv", "webm", "ts", "flv"}
"""Containers of which each packet has its time."""
JUMPS = {"back": 0.0, "forward": 20.0, "far": 5000.0}
"""By what the clock of a second recording, joined byte by byte, begins later than that of the first."""
_CLOCK = 1.0
"""Where the clock of joined recordings begins: at 0 a multiplexer would shift it for pictures that are decoded before."""
FORMS = ("srt", "srt, UTF-16, CR CR LF", "vtt", "ass", "ttml")


@dataclass(frozen=True, slots=True)
class Variant:
    """What one file is like."""

    container: str
    picture: str | None
    sound: str
    rate: str
    channels: str
    offset: str | None
    gap: bool
    jump: str | None
    subtitles: str | None

    def __str__(self) -> str:
        parts = (self.container, self.picture, self.sound, self.picture and f"{self.rate} Hz", self.channels, self.offset)
        return ", ".join(
            [
                *filter(None, parts),
                *["gap"] * self.gap,
                *[f"clock {self.jump}"] * bool(self.jump),
                *filter(None, [self.subtitles]),
            ]
        )


@dataclass(slots=True)
class Found:
    """How far off what was looked for was found, in seconds; None where it was not found."""

    variant: Variant
    errors: dict[str, list[float | None]] = field(default_factory=dict)
    stated: bool = True
    """Whether sound that is missing was told."""

    @property
    def good(self) -> bool:
        """Tell whether all was found within `WITHIN`, and what is missing was told."""
        return self.stated and all(one is not None and one <= WITHIN for each in self.errors.values() for one in each)


def drawn(seed: int) -> Variant:
    """Return the variant of a seed."""
    chance = random.Random(seed)
    container = chance.choice(sorted(SOUNDS))
    seen, stamped = container in PICTURES, container in STAMPED
    jump = chance.choice([None, *JUMPS]) if container == "ts" else None
    offset = chance.choice([None, "late sound", "late picture", "clock at 10 s"]) if stamped and seen and jump is None else None
    sound = chance.choice(SOUNDS[container])
    # Of plain samples, MOV counts how many there are and not when: a gap that is written to it is none.
    gapped = stamped and (container, sound) != ("mov", "pcm_s16le")
    forms = [None, *FORMS, *(["embedded"] if container in {"mp4", "mov", "mkv"} else [])]
    return Variant(
        container=container,
        picture=chance.choice(PICTURES[container]) if seen else None,
        sound=sound,
        rate=chance.choice(FIXED.get(container, RATES)),
        channels=chance.choice(
            ["mono", "stereo", "out of phase"] if container in {"mpg", "flv"} else ["mono", "stereo", "out of phase", "5.1"]
        ),
        offset=offset,
        gap=gapped and jump is None and offset is None and chance.random() < 0.3,
        jump=jump,
        subtitles=chance.choice(forms) if jump is None else None,
    )


def marks(rate: str) -> tuple[float, ...]:
    """Return when flash and beep begin: at about 1, 2.6, 4.2 and 5.8 s, where a picture of the rate begins."""
    each = Fraction(rate)
    return tuple(float(round(Fraction(mark) * each) / each) for mark in making.MARKS)


def make(variant: Variant, folder: Path, speech: Path | None = None) -> Path:
    """Write the media, with speech in place of beeps if there is a recording of it, and its subtitles into a folder."""
    path = folder / f"talk.{variant.container}"
    if variant.subtitles is not None and variant.subtitles != "embedded":
        _write(variant, folder)
    if variant.jump is None:
        _encode(variant, path, 0.0, speech)
        return path
    parts = [
        _encode(variant, folder / f"part{k}.ts", clock, speech) for k, clock in enumerate((_CLOCK, _CLOCK + JUMPS[variant.jump]))
    ]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    for part in parts:
        part.unlink()
    return path


def _encode(variant: Variant, path: Path, clock: float, speech: Path | None) -> Path:
    size = "720x576" if variant.container == "mxf" else "320x240"
    times = marks(variant.rate)
    late = {"late sound": f",atrim=start={0.4}", "late picture": f",trim=start={0.6}"}.get(variant.offset or "", "")
    channels = variant.channels if variant.channels in {"mono", "5.1"} else "stereo"
    sound = making.sound(channels, SECONDS, times) if speech is None else _speech(speech, channels)
    if variant.channels == "out of phase":
        sound += ",pan=stereo|c0=c0|c1=-1*c1"
    sound += late * (variant.offset == "late sound") + f",aselect='not(between(t,{GAP.start},{GAP.end}))'" * variant.gap
    inputs: list[object] = ["-f", "lavfi", "-i", sound]
    coded: list[object] = ["-c:a", variant.sound, *(["-strict", "-2"] if variant.sound == "vorbis" else [])]
    if variant.picture is not None:
        shown = making.picture(variant.rate, size, SECONDS, times) + late * (variant.offset == "late picture")
        inputs += ["-f", "lavfi", "-i", shown]
        coded += ["-c:v", variant.picture, "-pix_fmt", "yuvj420p" if variant.picture == "mjpeg" else "yuv420p", "-g", 25]
        coded += ["-b:v", "2M"] if variant.picture not in {"ffv1", "mjpeg"} else []
    if variant.subtitles == "embedded":
        _written(path.with_suffix(".words"), _srt(times))
        inputs += ["-f", "srt", "-i", path.with_suffix(".words")]
        coded += ["-c:s", "srt" if variant.container == "mkv" else "mov_text"]
    if variant.offset == "clock at 10 s" or clock:
        coded += ["-output_ts_offset", clock or 10.0]
    kind = {"ts": "mpegts", "mpg": "mpeg"}.get(variant.container)
    making.ffmpeg(*inputs, "-copyts", *coded, *(["-f", kind] if kind else []), path)
    path.with_suffix(".words").unlink(missing_ok=True)
    return path


def _speech(recording: Path, channels: str) -> str:
    """Return the first seconds of a recording, the same in each channel."""
    each = {"mono": 1, "stereo": 2, "5.1": 6}[channels]
    same = "|".join(f"c{k}=c0" for k in range(each))
    return f"amovie={recording},aresample=48000,apad,atrim=end={SECONDS},pan={channels}|{same}"


def _written(path: Path, text: str, encoding: str = "utf-8") -> None:
    path.write_bytes(text.encode(encoding))


def _clock(seconds: float, mark: str = ",") -> str:
    whole = round(1000 * seconds)
    return f"{whole // 3600000:02}:{whole // 60000 % 60:02}:{whole // 1000 % 60:02}{mark}{whole % 1000:03}"


def _srt(times: Sequence[float]) -> str:
    cues = (f"{_clock(time)} --> {_clock(time + 0.5)}\n{word}\n" for time, word in zip(times, WORDS, strict=True))
    return "\n".join(f"{k}\n{cue}" for k, cue in enumerate(cues, 1))


def _write(variant: Variant, folder: Path) -> None:
    times = marks(variant.rate)
    pairs = [(time, time + 0.5, word) for time, word in zip(times, WORDS, strict=True)]
    match variant.subtitles:
        case "srt":
            _written(folder / "talk.srt", _srt(times))
        case "srt, UTF-16, CR CR LF":
            _written(folder / "TALK.SRT", _srt(times).replace("\n", "\r\r\n"), "utf-16")
        case "vtt":
            cues = (f"id {k}\n{_clock(a, '.')} --> {_clock(b, '.')}\n<v Ann>{word}</v>\n" for k, (a, b, word) in enumerate(pairs))
            _written(folder / "talk.en.vtt", "WEBVTT\n\nNOTE none\n\n" + "\n".join(cues))
        case "ass":
            lines = (
                f"Dialogue: 0,{_clock(a, '.')[1:-1]},{_clock(b, '.')[1:-1]},Default,,0,0,0,,{{\\i1}}{word}"
                for a, b, word in pairs
            )
            head = "[Script Info]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
            _written(folder / "talk.ass", head + "\n".join(lines))
        case _:
            lines = (f'<p begin="{a:.3f}s" dur="{b - a:.3f}s">{word}</p>' for a, b, word in pairs)
            _written(folder / "talk.ttml", f'<tt xmlns="http://www.w3.org/ns/ttml"><body><div>{"".join(lines)}</div></body></tt>')


def measured(variant: Variant, folder: Path) -> Found:
    """Make a variant and say how far off its marks are found."""
    path = make(variant, folder)
    times, found = marks(variant.rate), Found(variant)
    again = {None: None, "back": SECONDS, "forward": JUMPS["forward"], "far": SECONDS}[variant.jump]
    true = [*times, *(time + again for time in times if again is not None)]
    flash, beep = (first[0] - times[0] for first in _first(variant, path))
    found.errors["sound"] = _off(
        [time + beep for time in true], making.onsets(np.flatnonzero(np.abs(decoder.audio(path)) > 0.1) / 16000)
    )
    if variant.picture is not None:
        found.errors["picture"] = _off([time + flash for time in true], list(_flashes(path)))
        found.errors["clips"] = list(_in_clip(path, (times[2] + flash, times[2] + beep), folder / "clip.mp4"))
    if variant.subtitles is not None:
        inside = beep if variant.subtitles == "embedded" else 0.0
        found.errors["words"] = _off([time + inside for time in times], [word.span.start for word in _words(path)])
    missing = GAP if variant.gap else Span(start=SECONDS, end=JUMPS["forward"]) if variant.jump == "forward" else None
    if missing is not None:
        found.stated = any(gap.stream == "audio" and gap.span.overlap(missing) > 0.7 * missing.duration for gap in gaps(path))
    return found


class Listener:
    """The recogniser, and what it hears in a recording as it is."""

    def __init__(self, recording: Path, folder: Path) -> None:
        self.recording = recording
        self._annotator = FasterWhisperWords(language="en")
        self._model = self._annotator.load("cpu")
        plain = folder / "plain.wav"
        making.ffmpeg("-i", recording, "-af", f"apad,atrim=end={SECONDS}", plain)
        self._true = self.words(plain)

    def words(self, path: Path) -> list[Word]:
        """Return what is heard in a file, in order."""
        info = decoder.probe(path)
        origin = Origin(source_id="0" * 16, sha256="0" * 64, file=path.name, duration=info.duration, streams="audio")
        (claims,) = self._annotator.annotate(self._model, [Source(source=origin, path=str(path))])
        return [claim for claim in claims if isinstance(claim, Word)]

    def off(self, seed: int) -> tuple[Variant, float | None, float]:
        """Return the variant of a seed, by how much the median word is off, and the share of the words that are heard.

        Words at a gap, and what is cut off where the sound begins late, are not looked for.
        """
        variant = drawn(seed)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            beep = _first(variant, make(variant, folder))[1][0] - marks(variant.rate)[0]
            path = make(variant, folder, self.recording)
            heard = [(_plain(word), word.span.start - beep) for word in self.words(path)]
        again = {None: [0.0], "back": [0.0, SECONDS], "forward": [0.0, JUMPS["forward"]], "far": [0.0, SECONDS]}[variant.jump]
        sought = [(_plain(word), word.span.start + shift) for shift in again for word in self._true if _is_there(word, variant)]
        same = SequenceMatcher(None, [text for text, _ in sought], [text for text, _ in heard], autojunk=False)
        off = [abs(sought[a + k][1] - heard[b + k][1]) for a, b, size in same.get_matching_blocks() for k in range(size)]
        return variant, (statistics.median(off) if off else None), len(off) / len(sought)


def _plain(word: Word) -> str:
    return "".join(sign for sign in word.text.casefold() if sign.isalnum())


def _is_there(word: Word, variant: Variant) -> bool:
    beside = Span(start=GAP.start - 0.3, end=GAP.end + 0.3)
    return not (variant.gap and word.span.overlap(beside) > 0.0) and not (
        variant.offset == "late sound" and word.span.start < 0.7
    )


def _off(true: Sequence[float], found: Sequence[float]) -> list[float | None]:
    """Return how far off each is, None for all where there are more or fewer of them."""
    if len(true) != len(found):
        return [None] * len(true)
    return [abs(a - b) for a, b in zip(true, sorted(found), strict=True)]


def _flashes(path: Path) -> Iterator[float]:
    before = False
    for frame in decoder.frames(path, 100.0, width=32):
        white = bool(frame.image.mean() > 128)
        if white and not before:
            yield frame.time
        before = white


def _first(variant: Variant, path: Path) -> Sequence[Sequence[float]]:
    """Return flashes and beeps by PyAV, those of the first recording where two are joined."""
    flashes, beeps = making.marks_of(path)
    return (flashes if variant.picture is not None else beeps), beeps


def _in_clip(path: Path, marks: tuple[float, float], clip: Path) -> Iterator[float | None]:
    """Yield how far off the flash and the beep are in a clip around them."""
    made = cut(path, decoder.probe(path), Span(start=marks[0] - 0.4, end=marks[0] + 0.7), clip, CutSettings(preset="ultrafast"))
    for found, mark in zip(making.marks_of(clip), marks, strict=True):
        yield abs(found[0] + made.actual.start - mark) if len(found) == 1 else None


def _words(path: Path) -> list[Word]:
    info = decoder.probe(path)
    beside = [one for one in sorted(path.parent.iterdir()) if one != path and one.stem.casefold().startswith("talk")]
    subtitles = [Subtitles(path=str(one), sha256="", marks=marks) for one in beside if (marks := marks_of(one, path.stem))]
    subtitles += [Subtitles(path=str(path), sha256="", marks=one.marks, stream=one.index) for one in info.subtitles]
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file=path.name, duration=info.duration, streams="audio")
    annotator = SubtitleWords()
    source = Source(source=origin, path=str(path), subtitles=tuple(subtitles))
    (claims,) = annotator.annotate(annotator.load("cpu"), [source])
    return [claim for claim in claims if isinstance(claim, Word)]


def tried(seed: int) -> Found:
    """Return what became of the variant of a seed, in a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        return measured(drawn(seed), Path(folder))


def table(found: Sequence[Found]) -> str:
    """Return what was found as a table in Markdown: a row for each container, then all."""
    rows = ["| container | files | sound | picture | clips | words | within 40 ms, or told |", "|---|---|---|---|---|---|---|"]
    for name in [*sorted({one.variant.container for one in found}), "all"]:
        mine = [one for one in found if name in {one.variant.container, "all"}]
        worst = [_worst(mine, what) for what in ("sound", "picture", "clips", "words")]
        rows.append(f"| {name} | {len(mine)} | {' | '.join(worst)} | {sum(one.good for one in mine)} |")
    return "\n".join(rows)


def _worst(found: Sequence[Found], what: str) -> str:
    errors = [error for one in found for error in one.errors.get(what, [])]
    if not errors:
        return ""
    lost = sum(error is None for error in errors)
    known = [error for error in errors if error is not None]
    return (f"{1000 * max(known):.0f} ms" if known else "") + f" ({lost} lost)" * bool(lost)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table, and each variant that is not found right."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.variants", description=__doc__)
    parser.add_argument("--count", type=int, default=320, help="how many seeds, from 0 on")
    parser.add_argument("--spoken", type=int, default=60, help="how many of them are made once more with speech")
    args = parser.parse_args(argv)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(tried, range(args.count)))
    if found:
        print(table(found))
    for seed, one in enumerate(found):
        if not one.good:
            told = {what: [None if error is None else round(error, 3) for error in each] for what, each in one.errors.items()}
            print(f"seed {seed}: {one.variant}: {told}{'' if one.stated else ', and the gap is not told'}")
    if args.spoken:
        print_spoken(args.spoken)


def print_spoken(count: int) -> None:
    """Print how well recognised words keep their places in the variants of the first seeds."""
    with tempfile.TemporaryDirectory() as folder:
        listener = Listener(media("jfk"), Path(folder))
        found = [(seed, *listener.off(seed)) for seed in range(count)]
    known = [off for _, _, off, _ in found if off is not None]
    good = sum(off is not None and off <= WITHIN and share >= SHARE for _, _, off, share in found)
    least, mean = min(share for *_, share in found), statistics.mean(share for *_, share in found)
    print(
        f"speech: {count} files; the median word of each is off by {1000 * max(known, default=0.0):.0f} ms at most; "
        f"{100 * mean:.0f} % of the words are heard, in each at least {100 * least:.0f} %; {good} right"
    )
    for seed, variant, off, share in found:
        if off is None or off > WITHIN or share < SHARE:
            print(f"seed {seed}: {variant}: off by {off}, {100 * share:.0f} % heard")


if __name__ == "__main__":
    main()
