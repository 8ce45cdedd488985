"""Clips of real media as the annotators of faces get them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from annotators.face.finding import SHAPES
from annotators.media.cutting import CutSettings, cut
from annotators.media.probing import probe
from schemas.claims import FaceTrack, KeyFrame, MediaFile, Overlooked
from schemas.record import Clip, Origin
from schemas.values import Box, Span
from tests.support.making import X264, ffmpeg
from tests.support.media import media


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
    frames = tuple(claim for claim in claims if isinstance(claim, KeyFrame))
    return replace(record, faces=faces, frames=frames, overlooked=tuple(one for one in claims if isinstance(one, Overlooked)))


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


def crowd(out: Path, tiles: Sequence[str], across: int, man: int = 240, seconds: float = 5.0) -> Path:
    """Write a film of tiles, `across` in a row: `one` and `other` are stills of two men, `man` moves and speaks, "" is grey.

    `man` is the height of the moving picture inside its tile, in pixels of 240; its sound is that of the film.
    """
    wide, high = 320, 240
    stills = [part for name in ("obama", "biden") for part in ("-loop", 1, "-t", seconds, "-r", 25, "-i", media(name))]
    shapes = {
        "one": f"[0:v]scale={wide}:{high}:force_original_aspect_ratio=increase,crop={wide}:{high}:(iw-{wide})/2:0",
        "other": f"[1:v]scale={wide}:-1,crop={wide}:{high}:0:20",
        "man": f"[2:v]scale={wide * man // high // 2 * 2}:{man},fps=25,pad={wide}:{high}:(ow-iw)/2:(oh-ih)/2:gray",
        "": f"color=c=gray:s={wide}x{high}:r=25:d={seconds}",
    }
    used = {name: [place for place, tile in enumerate(tiles) if tile == name] for name in dict.fromkeys(tiles)}
    made = [f"{shapes[name]},setsar=1,split={len(at)}{''.join(f'[t{place}]' for place in at)}" for name, at in used.items()]
    layout = "|".join(f"{wide * (place % across)}_{high * (place // across)}" for place in range(len(tiles)))
    stacked = f"{''.join(f'[t{place}]' for place in range(len(tiles)))}xstack=inputs={len(tiles)}:layout={layout}[v]"
    filters = ("-filter_complex", ";".join([*made, stacked]), "-map", "[v]", "-map", "2:a")
    ffmpeg(*stills, "-i", media("man"), *filters, *X264, "-c:a", "aac", "-t", seconds, out)
    return out
