"""`python -m tests.accuracy.reference --shards DIR …`: which cues are usual, from versions that were built of everyday people.

Prints, or with `--write` writes, `annotators/rationale/reference.json`, by which composed rationales rank cues. The one that
ships is of the media of `tests/support/media.toml` that show people or let them be heard (man, intro, carphone, webcam, crew,
speech, jfk; of webcam the first 70 s), and of the first 70 s of `demo/introductions-fast.mp4` in the npm package
html5-video-compositor 0.9.3. Whoever is largest in the picture counts as its person where nobody is known to be.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import annotators.rationale as room
from annotators.face.cues_blendshapes import BlendshapeCues
from annotators.rationale.unusual import REFERENCE, Reference, kind_of
from schemas.claims import Target
from schemas.record import Clip
from schemas.versions.manifest import latest_version
from schemas.versions.rows import read_clips

COLUMNS = (
    "authors",
    "cues",
    "source.file",
    "faces",
    "targets",
    "words",
    "turns",
    "speaker",
    "height",
    "transcript",
    "audio.path",
)


def measured(clips: Iterable[Clip]) -> Reference:
    """Return what cues these clips hold, the strongest of each kind in each."""
    seen: dict[str, int] = {}
    strongest: dict[str, list[float]] = {}
    names: set[str] = set()
    for clip in map(seen_person, clips):
        there = {
            "face": any(target.track for target in clip.targets),
            "voice": clip.audio is not None,
            "words": bool(clip.transcript),
        }
        for modality, held in there.items():
            seen[modality] = seen.get(modality, 0) + held
        names |= {tool for author in clip.authors if (tool := author.partition("@")[0]).startswith(("cues.", "labels."))}
        best: dict[str, float] = {}
        for cue in clip.cues:
            if cue.value is not None and there.get(cue.modality):
                kind = kind_of(cue.cue_id)
                best[kind] = max(best.get(kind, 0.0), abs(cue.value))
        for kind, value in best.items():
            strongest.setdefault(kind, []).append(round(value, 4))
    return Reference(
        annotators=tuple(sorted(names)),
        clips=seen,
        strongest={kind: tuple(sorted(values)) for kind, values in sorted(strongest.items())},
    )


def seen_person(clip: Clip) -> Clip:
    """Return the clip with what the largest face does, where no face is known to be that of the person whom the clip is about."""
    if not clip.faces or any(target.track for target in clip.targets):
        return clip
    target = Target(by="targets.largest@1#0", speaker=None, track=clip.faces[0].track, score=None, reason="it is the largest")
    clip = replace(clip, targets=(target,))
    made = BlendshapeCues()
    return clip.with_claims(made.key, made.annotate(None, [clip])[0])


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.reference", description=__doc__.partition("\n")[0])
    parser.add_argument("--shards", type=Path, required=True, nargs="+", help="folders of versions; the newest of each counts")
    parser.add_argument("--leave-out", nargs="*", default=(), help="source files whose people are not everyday ones")
    parser.add_argument("--write", action="store_true", help="write the table that ships")
    args = parser.parse_args(argv)
    versions = [shards / str(latest_version(shards)) for shards in args.shards]
    found = measured(
        clip for version in versions for clip in read_clips(version, COLUMNS) if clip.source.file not in args.leave_out
    )
    lines = ",\n".join(f'  "{kind}": {json.dumps(values)}' for kind, values in found.strongest.items())
    text = (
        f'{{\n "annotators": {json.dumps(found.annotators)},\n "clips": {json.dumps(dict(found.clips))},\n'
        f' "strongest": {{\n{lines}\n }}\n}}\n'
    )
    if args.write:
        (Path(room.__path__[0]) / REFERENCE).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
