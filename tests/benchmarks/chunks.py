"""`python -m tests.benchmarks.chunks OLD NEW`: how many bytes of version NEW the Hub would take again after version OLD.

Counted by the Hub's own client, which cuts files into chunks by their content and sends those that are not there yet, against a
store in a local folder.
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import hf_xet

from pipeline.clips.kept import Index
from pipeline.plan import ReleaseSettings, read_plan
from pipeline.release.shard_plan import WriteShard
from pipeline.runtime.context import RunContext
from schemas.claims import FaceTrack, KeyFrame, Likeness, MediaFile, Word
from schemas.record import Clip, Origin
from schemas.values import Box, Span
from tests.support.feeling import felt
from tests.support.reported import planned, ref

PLAN = read_plan("embedded")


@dataclass(frozen=True)
class Sent:
    """What one upload came to, in bytes."""

    total: int
    new: int

    @property
    def share(self) -> float:
        return self.new / self.total


def uploads(versions: Iterable[Sequence[Path]]) -> list[Sent]:
    """Upload the files of one version after those of another to the same empty store."""
    sent = []
    with tempfile.TemporaryDirectory() as store:
        session = hf_xet.XetSession()
        for files in versions:
            commit = session.new_upload_commit(endpoint=f"local://{store}")
            for file in files:
                commit.start_upload_file(str(file), sha256=hf_xet.SKIP_SHA256)
            told = commit.wait_to_finish().dedup_metrics
            sent.append(Sent(total=told.total_bytes, new=told.new_bytes))
    return sent


@dataclass(frozen=True)
class Library:
    """Made-up sources of a few clips each, as the work store keeps them: the same for the same number. Media are noise."""

    work: Path
    clips: int = 2
    video: int = 300_000

    def source(self, number: int) -> list[Clip]:
        source_id = hashlib.sha256(f"source {number}".encode()).hexdigest()
        origin = Origin(source_id=source_id[:16], sha256=source_id, file=f"{number}.mp4", duration=600.0, streams="audio+video")
        return [self.clip(origin, k) for k in range(self.clips)]

    def clip(self, origin: Origin, k: int) -> Clip:
        clip_id = hashlib.sha256(f"{origin.source_id} {k}".encode()).hexdigest()[:16]
        rng = random.Random(clip_id)
        still = self.media(rng, clip_id, "jpg", 20_000)
        span = Span(start=9.0 * k, end=9.0 * k + 8.0)
        made = Clip(
            source=origin,
            clip_id=clip_id,
            requested=span,
            actual=span,
            video=self.media(rng, clip_id, "mp4", self.video),
            audio=self.media(rng, clip_id, "flac", self.video // 3),
            image=still,
            width=640,
            height=360,
            fps=25.0,
            speaker="S0",
            transcript=" ".join(rng.choice(("and", "so", "my", "fellow", "citizens")) for _ in range(20)),
            words=tuple(self.word(rng, i) for i in range(20)),
            faces=(self.face(rng, 80),),
            likenesses=(Likeness(by="likenesses.made@1#0", track="F0", embedding=noise(rng, 128)),),
            frames=(KeyFrame(by="faces.made@1#0", kind="best_face", time=1.0, track="F0", image=still),),
        )
        return felt(made, replace(PLAN.judge, judged=True))

    def media(self, rng: random.Random, clip_id: str, suffix: str, size: int) -> MediaFile:
        file = self.work / f"{clip_id}.{suffix}"
        data = rng.randbytes(round(size * rng.uniform(0.5, 1.5)))
        if not file.exists():
            file.write_bytes(data)
        return MediaFile(path=file.name)

    def word(self, rng: random.Random, i: int) -> Word:
        return Word(by="words.made@1#0", span=Span(start=0.4 * i, end=0.4 * i + 0.3), text="so", probability=rng.random())

    def face(self, rng: random.Random, count: int) -> FaceTrack:
        boxes = tuple(Box(x=rng.random(), y=rng.random(), width=0.2, height=0.3) for _ in range(count))
        return FaceTrack(
            by="faces.made@1#0",
            track="F0",
            span=Span(start=0.0, end=8.0),
            rate=10.0,
            view="head",
            area=0.06,
            times=tuple(i / 10 for i in range(count)),
            boxes=boxes,
            scores=noise(rng, count),
            yaw=noise(rng, count),
            pitch=noise(rng, count),
            roll=noise(rng, count),
            blendshapes=tuple(noise(rng, 52) for _ in range(count)),
        )


def noise(rng: random.Random, count: int) -> tuple[float, ...]:
    return tuple(rng.random() for _ in range(count))


@dataclass(frozen=True, kw_only=True)
class MadeContext(RunContext):
    """Where the clips of a library are found."""

    sources: dict[str, list[Clip]]

    @property
    def store(self):
        return SimpleNamespace(get=self.get)

    def get(self, kind, key, adapter):
        clips = self.sources[key[:16]]
        return clips[int(key[17:])] if kind == "clips" else tuple(ref(clip, f"{key} {k}") for k, clip in enumerate(clips))


def release(library: Library, numbers: Iterable[int], out: Path, settings: ReleaseSettings) -> list[Path]:
    """Write the shards of these sources as a build does; return the files."""
    sources = {clips[0].source.source_id: clips for clips in map(library.source, numbers)}
    context = MadeContext(work=library.work, device="cpu", workers=1, sources=sources)
    writer = WriteShard(context, out, settings, "embed", {})
    indexes = [Index(source_id=source_id, key=source_id) for source_id in sources]
    plan = replace(read_plan("embedded"), release=settings)
    return [out / written.file for shard in planned(plan, context, indexes) for written in writer.work(shard)]


def main(old: str, new: str) -> None:
    """Compare two versions on disk."""
    both = [sorted(file for file in Path(name).rglob("*") if file.is_file()) for name in (old, new)]
    first, second = uploads(both)
    print(f"{old}: {first.new:,} of {first.total:,} bytes; {new}: {second.new:,} of {second.total:,}, {second.share:.2%}")


if __name__ == "__main__":
    main(*sys.argv[1:])
