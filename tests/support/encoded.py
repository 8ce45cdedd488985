"""One film as people upload it again: smaller, trimmed, in another container, mirrored, brighter, cropped, dubbed, silent."""

import subprocess
from pathlib import Path

from annotators.media import decoder
from annotators.scene.fingerprints_chromaprint import ChromaprintFingerprints
from annotators.scene.fingerprints_phash import PhashFingerprints
from schemas.claims import Fingerprint
from schemas.record import Origin, Source

FAST = ("-preset", "veryfast")
WAYS = {
    "half the size, crf 36": ("mp4", (), ("-vf", "scale=trunc(iw/4)*2:-2", "-crf", "36", *FAST, "-b:a", "48k")),
    "webm, VP8 and Opus": (
        "webm",
        (),
        ("-c:v", "libvpx", "-b:v", "200k", "-deadline", "realtime", "-cpu-used", "8", "-b:a", "32k"),
    ),
    "mkv, copied": ("mkv", (), ("-c", "copy")),
    "first 2 s cut off": ("mp4", ("-ss", "2"), FAST),
    "first 1.37 s cut off": ("mp4", ("-ss", "1.37"), FAST),
    "mirrored": ("mp4", (), ("-vf", "hflip", *FAST)),
    "brighter": ("mp4", (), ("-vf", "eq=brightness=0.12:contrast=1.2", *FAST)),
    "a tenth cropped off": ("mp4", (), ("-vf", "crop=iw*0.9:ih*0.9", *FAST)),
    "without sound": ("mp4", (), ("-c", "copy", "-an")),
    "without picture": ("mp3", (), ("-vn", "-b:a", "64k")),
    "other sound": ("mp4", ("-f", "lavfi", "-i", "anoisesrc=duration=60:color=pink:seed=1"), ("-shortest", *FAST)),
}


def encoded(path: Path, way: str, folder: Path) -> Path | None:
    """Return the film encoded that way, None where it has no sound to give."""
    suffix, before, after = WAYS[way]
    out = folder / f"{path.stem}-{list(WAYS).index(way)}.{suffix}"
    if way == "without picture" and decoder.probe(path).audio is None:
        return None
    inputs = ["-i", path, *before, "-map", "0:v", "-map", "1:a"] if way == "other sound" else [*before, "-i", path]
    if not out.exists():
        command = ["ffmpeg", "-nostdin", "-v", "error", *inputs, *after, out]
        subprocess.run(command, check=True)
    return out


def prints(path: Path) -> tuple[Fingerprint, ...]:
    """Return the fingerprints of a film."""
    info = decoder.probe(path)
    streams = "+".join(name for name, stream in (("audio", info.audio), ("video", info.video)) if stream)
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file=path.name, duration=info.duration, streams=streams)
    record = Source(source=origin, path=str(path))
    told = [annotator.annotate(None, [record])[0] for annotator in (ChromaprintFingerprints(), PhashFingerprints())]
    return tuple(claim for claims in told for claim in claims)
