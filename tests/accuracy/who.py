"""Who speaks, on eight minutes of a film with one actor, who is alone in the picture throughout; and on what is made of them.

What must not be given to his face is made by exchanging the sound of the same clips, of all of them or of one among true ones:
another man's speech (recordings of several readers), his own 1 and 3 s late, silence, music. Where the face is silent, speech is
laid over a woman who cries and laughs. Speech is where Silero's detector hears it, under one name.
"""

import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from annotators.annotator import Annotator
from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.face.likenesses_sface import SfaceLikenesses
from annotators.face.persons_agglomerative import AgglomerativePersons
from annotators.media import decoder
from annotators.media.cutting import CutSettings, cut
from annotators.scene.shots_content import ContentShots
from annotators.speaking.speaking_lr_asd import LrAsdSpeaking
from annotators.speaking.targets_joint import JointTargets
from annotators.speech.voiceprints_ecapa import EcapaVoiceprints
from pipeline.clips.cut import Files, WantedClip, _clip
from pipeline.clips.segment import SegmentSettings, segment
from schemas.claims import ABSENT, SPEAKING, Target, Turn
from schemas.record import Clip, Origin, Source
from schemas.values import Span
from tests.support.media import english, media

RATE = 16000
UNTIL = 480.0
"""Seconds of the film that are looked at; the rest is kept apart."""
SECONDS_LATE = (1.0, 3.0)


@dataclass(frozen=True, kw_only=True)
class Given:
    """How many clips were given to the face that is in the picture, and of how many the speaker is called absent."""

    what: str
    clips: int
    given: int
    absent: int


@cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="affectory-who-"))


@cache
def _loaded(annotator: Annotator) -> object:
    return annotator.load("cpu")


def said(annotator: Annotator, clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with what the annotator says of each, or of all together."""
    model = _loaded(annotator)
    together = annotator.scope == "clips of a source"
    claims = annotator.annotate(model, clips) if together else [annotator.annotate(model, [clip])[0] for clip in clips]
    return [clip.with_claims(annotator.key, one) for clip, one in zip(clips, claims, strict=True)]


def wave_file(path: Path, samples: np.ndarray) -> Path:
    """Write mono samples at 16 kHz; return the path."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def spoken(path: Path, until: float) -> Source:
    """Return a source with its shots, and a turn of one speaker wherever there is speech."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    info = decoder.probe(path)
    origin = Origin(
        source_id="0" * 16, sha256="0" * 64, file=path.name, duration=min(until, info.duration), streams="audio+video"
    )
    source = Source(source=origin, path=str(path))
    shots = ContentShots()
    source = source.with_claims(shots.key, shots.annotate(shots.load("cpu"), [source])[0])
    sound = decoder.audio(path)[: round(until * RATE)]
    heard = get_speech_timestamps(np.array(sound), VadOptions(min_silence_duration_ms=500, speech_pad_ms=60))
    spans = (Span(start=one["start"] / RATE, end=one["end"] / RATE) for one in heard)
    return replace(source, turns=tuple(Turn(by="silero@6#0", span=span, speaker="S0", floor=(span,)) for span in spans))


def cut_clips(source: Source) -> Iterator[Clip]:
    """Yield the clips of a source, cut as a build cuts them, with faces and likenesses."""
    path, info = Path(source.path), decoder.probe(Path(source.path))
    for number, request in enumerate(one for one in segment(source, SegmentSettings()) if one.reason is None):
        video = _folder() / f"{path.stem}-{number}.mp4"
        made = cut(path, info, request.span, video, CutSettings())
        sound = wave_file(_folder() / f"{path.stem}-{number}.wav", decoder.audio(path, made.actual))
        files = Files(video=video.name, audio=sound.name, actual=made.actual, cut=made)
        yield _clip(WantedClip(source=source, request=request), files, _folder())


@cache
def film() -> tuple[Clip, ...]:
    """Return the clips of the film with all that is said of each but whether it speaks."""
    clips = list(cut_clips(spoken(media("introductions"), UNTIL)))
    for annotator in (MediapipeFaces(), SfaceLikenesses()):
        clips = said(annotator, clips)
    return tuple(said(AgglomerativePersons(), clips))


def heard(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with what is told of mouths and voices."""
    return said(EcapaVoiceprints(), said(LrAsdSpeaking(), clips))


def exchanged(clips: Sequence[Clip], name: str, sound: np.ndarray, late: float | None = None) -> list[Clip]:
    """Return the clips with parts of another sound, one after the other, or with the film's own `late` seconds late."""
    made, at = [], 0
    for number, clip in enumerate(clips):
        count = round(clip.span.duration * RATE)
        if late is not None:
            at = round((clip.span.start - late) * RATE)
        part = np.take(sound, np.arange(at, at + count), mode="wrap" if late is None else "clip")
        at += count
        path = wave_file(_folder() / f"{name}-{number}.wav", part)
        made.append(replace(clip, audio=replace(clip.audio, path=str(path))))
    return made


@cache
def manipulated() -> Mapping[str, list[Clip]]:
    """Return the clips of the film with other sound, by what it is, as they are heard."""
    clips, own = film(), decoder.audio(media("introductions"))
    readers = np.concatenate([decoder.audio(path) for path, _ in english()[:6]])
    music = decoder.audio(media("sintel"))[: 12 * RATE]
    made = {f"his own, {late:g} s late": exchanged(clips, f"late{late:g}", own, late) for late in SECONDS_LATE}
    made["another's speech"] = exchanged(clips, "other", readers)
    made["silence"] = exchanged(clips, "silence", np.zeros(RATE, np.float32))
    made["music"] = exchanged(clips, "music", music)
    return {what: heard(changed) for what, changed in made.items()}


def targets(clips: Sequence[Clip]) -> list[Target]:
    """Return what is told of each clip's target, all clips being of one source."""
    return [clip.targets[-1] for clip in said(JointTargets(), clips)]


def counted(what: str, told: Sequence[Target]) -> Given:
    """Count them."""
    given = sum(one.state == SPEAKING for one in told)
    return Given(what=what, clips=len(told), given=given, absent=sum(one.state == ABSENT for one in told))


def rows() -> Iterator[Given]:
    """Measure the film: true, all clips with other sound, one clip with other sound among true ones."""
    true = heard(film())
    seen = [number for number, clip in enumerate(true) if clip.faces]
    told = targets(true)
    yield counted("true: clips in which he is seen", [told[number] for number in seen])
    for what, changed in manipulated().items():
        told = targets(changed)
        yield counted(f"all clips: {what}", [told[number] for number in seen])
    for what, changed in manipulated().items():
        alone = [targets([*true[:number], changed[number], *true[number + 1 :]])[number] for number in seen]
        yield counted(f"one clip: {what}", alone)
    yield listening()


def listening() -> Given:
    """Lay speech over a woman who cries and laughs and does not speak, in pieces of 5 s."""
    path, speech = media("woman"), decoder.audio(media("jfk"))
    span = decoder.probe(path).duration
    pieces = [Span(start=5.0 * k, end=5.0 * k + 5) for k in range(int(span / 5))]
    origin = Origin(source_id="1" * 16, sha256="1" * 64, file=path.name, duration=span, streams="audio+video")
    turns = tuple(Turn(by="made@1#0", span=piece, speaker="S0", floor=(piece,)) for piece in pieces)
    source = Source(source=origin, path=str(path), turns=turns)
    clips = []
    for number, piece in enumerate(pieces):
        video = _folder() / f"woman-{number}.mp4"
        made = cut(path, decoder.probe(path), piece, video, CutSettings())
        part = np.take(speech, np.arange(number * 2 * RATE, number * 2 * RATE + round(made.actual.duration * RATE)), mode="wrap")
        sound = wave_file(_folder() / f"woman-{number}.wav", part)
        request = next(one for one in segment(replace(source, turns=turns[number : number + 1]), SegmentSettings()))
        files = Files(video=video.name, audio=sound.name, actual=made.actual, cut=made)
        clips.append(
            _clip(WantedClip(source=replace(source, turns=turns[number : number + 1]), request=request), files, _folder())
        )
    for annotator in (MediapipeFaces(), SfaceLikenesses()):
        clips = said(annotator, clips)
    clips = heard(said(AgglomerativePersons(), clips))
    return counted("narration over a face that cries and laughs", targets(clips))


def by_size_and_view() -> Iterator[tuple[str, int, int, int, int]]:
    """Yield of the film's true clips, by size of the face and by view: what, clips, found, unsure or not looked at, absent."""
    groups: dict[str, list[Target]] = {}
    true = heard(film())
    for clip, told in zip(true, targets(true), strict=True):
        for name in _groups(clip):
            groups.setdefault(name, []).append(told)
    for name in sorted(groups):
        states = [one.state for one in groups[name]]
        rest = len(states) - states.count(SPEAKING) - states.count(ABSENT)
        yield name, len(states), states.count(SPEAKING), rest, states.count(ABSENT)


def _groups(clip: Clip) -> Iterator[str]:
    if not clip.faces:
        yield "no face found"
        return
    face = clip.faces[0]
    pixels = sorted(box.height for box in (*face.boxes, *face.bare_boxes))[len(face.boxes) // 2] * (clip.height or 0)
    yield f"height {30 * int(pixels // 30)} to {30 * int(pixels // 30) + 29} pixels"
    turned = sorted(abs(yaw) for yaw in face.yaw)
    bare = len(face.bare_times) / (len(face.times) + len(face.bare_times))
    profile = not turned or bare > 0.5 or turned[len(turned) // 2] > 45
    yield "in profile, or no mesh" if profile else "turned 20 to 45°" if turned[len(turned) // 2] > 20 else "frontal"
