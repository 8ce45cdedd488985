"""Clips of real media as the annotators of faces get them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from annotators.face.finding import SHAPES
from annotators.media.cutting import CutSettings, cut
from annotators.media.probing import probe
from schemas.claims import FaceTrack, KeyFrame, MediaFile
from schemas.record import Clip, Origin
from schemas.values import Box, Span


def clip(path: Path, speaker: str | None = "S0") -> Clip:
    """Return a clip that holds the whole file; its sound is taken from the same file."""
    info = probe(path)
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file=path.name, duration=info.duration, streams="audio+video")
    video = MediaFile(path=str(path)) if info.video else None
    audio = MediaFile(path=str(path)) if info.audio else None
    span = Span(start=0, end=info.duration)
    return Clip(source=origin, clip_id="1" * 16, requested=span, actual=span, video=video, audio=audio, speaker=speaker)


def piece(path: Path, span: Span, folder: Path) -> Path:
    """Return the span cut out of the file as a build cuts it."""
    out = folder / f"{path.stem}-{span.start:.2f}-{span.end:.2f}.mp4"
    if not out.exists():
        cut(path, probe(path), span, out, CutSettings())
    return out


def pieces(path: Path, folder: Path, seconds: float = 3.0, until: float = 60.0) -> list[tuple[float, Path]]:
    """Return start and file of each piece of `seconds`, the last one at least half as long."""
    end = min(until, probe(path).duration)
    starts = [seconds * k for k in range(int(end / seconds) + 1) if end - seconds * k >= seconds / 2]
    return [(start, piece(path, Span(start=start, end=min(end, start + seconds)), folder)) for start in starts]


def with_faces(record: Clip, claims: tuple) -> Clip:
    """Return the clip with the claims of faces.mediapipe."""
    faces = tuple(claim for claim in claims if isinstance(claim, FaceTrack))
    return replace(record, faces=faces, frames=tuple(claim for claim in claims if isinstance(claim, KeyFrame)))


def face(track: str, times: Sequence[float], jaw: Sequence[float] = (), rate: float = 12) -> FaceTrack:
    """Return a made-up track of a frontal face whose jaw opens by `jaw`; without it the track has no mesh."""
    each = len(times)
    angles = (0.0,) * len(jaw)
    shapes = tuple(tuple(float(opened) if name == "jawOpen" else 0.0 for name in SHAPES) for opened in jaw)
    return FaceTrack(
        by="faces.made@1#0",
        track=track,
        span=Span(start=times[0], end=times[-1]),
        rate=rate,
        view="half",
        area=0.04,
        times=tuple(times),
        boxes=(Box(x=0.1, y=0.1, width=0.2, height=0.2),) * each,
        scores=(0.9,) * each,
        yaw=angles,
        pitch=angles,
        roll=angles,
        blendshapes=shapes,
    )
