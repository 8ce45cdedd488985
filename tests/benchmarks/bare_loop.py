"""The bare loop: the same models called by hand, one file after the other, with no pipeline, no store and no dataset.

`python -m tests.benchmarks.bare_loop RAW OUT` does what `pipeline.build` works out; `--shots FILE OUT` only finds shots and
cuts them out.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from annotators.media import decoder
from annotators.media.cutting import CutSettings, cut, cut_audio
from annotators.scene.shots_content import ContentShots
from pipeline.clips.cut import Files, WantedClip, _clip
from pipeline.clips.segment import segment
from pipeline.ingest.sources import find_sources
from pipeline.plan import read_plan
from schemas.errors import ItemError
from schemas.record import Origin, Source
from schemas.values import Span


def loop(raw: Path, out: Path) -> int:
    """Work through a folder; return how many clips came out."""
    plan = read_plan("embedded")
    loaded = {annotator.name: annotator.load("cpu") for annotator in plan.annotators}

    def speak(records, annotators):
        for annotator in annotators:
            said = annotator.annotate(loaded[annotator.name], records)
            records = [record.with_claims(annotator.key, claims) for record, claims in zip(records, said, strict=True)]
        return records

    count = 0
    for found in find_sources(raw)[0]:
        path = Path(found.path)
        try:
            info = decoder.probe(path)
        except ItemError:
            continue
        streams = "+".join(name for name, stream in (("audio", info.audio), ("video", info.video)) if stream)
        origin = Origin(source_id=found.source_id, sha256=found.sha256, file=found.file, duration=info.duration, streams=streams)
        (source,) = speak([Source(source=origin, path=found.path)], plan.scoped("source"))
        clips = list(cuts(source, info, plan, out))
        for step in plan.rounds if clips else ():
            clips = [speak([one], step.clips)[0] for one in speak(clips, step.together)]
        count += len(speak(clips, plan.last_together)) if clips else 0
    return count


def cuts(source, info, plan, out):
    """Yield the clips of a source, cut."""
    out.mkdir(parents=True, exist_ok=True)
    for number, request in enumerate(segment(source, plan.segment)):
        if request.reason is None:
            video, audio = (out / f"{source.id}-{number}.{suffix}" for suffix in ("mp4", "flac"))
            made = cut(Path(source.path), info, request.span, video, plan.cut) if info.video else None
            span = made.actual if made else request.span
            if info.audio:
                cut_audio(Path(source.path), info, span, audio)
            files = Files(
                video=video.name if info.video else None, audio=audio.name if info.audio else None, actual=span, cut=made
            )
            yield _clip(WantedClip(source=source, request=replace(request)), files, out)


def shots(path: Path, out: Path) -> int:
    """Find the shots of a video and cut each out; return how many."""
    out.mkdir(parents=True, exist_ok=True)
    info = decoder.probe(path)
    edges = [0.0, *ContentShots().cuts(path), info.duration]
    spans = [Span(start=start, end=end) for start, end in pairwise(edges)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # as the build does: one encoder per core
        list(pool.map(lambda made: cut(path, info, made[1], out / f"{made[0]}.mp4", CutSettings()), enumerate(spans)))
    return len(spans)


if __name__ == "__main__":
    if sys.argv[1] == "--shots":
        print(shots(Path(sys.argv[2]), Path(sys.argv[3])), "shots")
    else:
        print(loop(Path(sys.argv[1]), Path(sys.argv[2])), "clips")
