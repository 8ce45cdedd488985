"""Between the index and the shards: copies are kept once, splits do not leak, in made-up sources and in a real build."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from annotators.models import local
from pipeline.clips.kept import Index, Ref
from pipeline.plan import ReleaseSettings, read_plan
from pipeline.release.shard_plan import plan_shards
from pipeline.split.assign import SplitSettings
from pipeline.split.duplicates import DuplicateSettings
from pipeline.split.grouping import GroupSettings, grouped
from pipeline.split.links import PackedVector, SourceIdentity
from pipeline.stats.recount import recount
from schemas.claims import Fingerprint, Kept
from schemas.errors import UsageError
from schemas.versions.manifest import read_manifest
from schemas.versions.rows import FOLDERS
from schemas.versions.split_facts import SplitFacts
from tests.pipeline.test_build import build, finished
from tests.support.encoded import encoded
from tests.support.media import media

SETTINGS = GroupSettings(split=SplitSettings(), duplicates=DuplicateSettings())
PLAN = "\n".join(
    f'[[annotators]]\nname = "{name}"'
    for name in (
        "fingerprints.chromaprint",
        "fingerprints.phash",
        "shots.content",
        "faces.mediapipe",
        "likenesses.sface",
        "persons.agglomerative",
    )
)


def sound(seed, seconds=20):
    """Return a made-up fingerprint of sound."""
    codes = np.random.default_rng(seed).integers(1, 256, 4 * 8 * seconds).astype(np.uint8).tobytes().hex()
    return Fingerprint(by="fingerprints.made@1#0", stream="audio", rate=8.0, reach=2.0, bits=32, codes=codes)


def world(*sources):
    """Return indexes, and what reads the clips of each (4 s long, one after the other) and what ties it."""
    kin = {one.source_id: one for one in sources}

    def read(index):
        return tuple(
            Ref(
                source_id=index.source_id,
                clip_id=f"{index.source_id}{number:015x}",
                start=4.0 * number,
                end=4.0 * number + 4,
                size=10,
                key="0",
                label="anger" if number % 2 else None,
            )
            for number in range(int(kin[index.source_id].duration // 4))
        )

    return [Index(source_id=name, key=name) for name in kin], read, lambda index: kin[index.source_id]


def source(name, prints=(), duration=20.0, **more):
    return SourceIdentity(source_id=name, file=f"{name}.mp4", duration=duration, pictured=True, fingerprints=prints, **more)


def test_the_longer_source_keeps_the_scene_and_clips_of_the_other_that_lie_in_it_are_rejected_with_a_pointer():
    scene, more = sound(1), sound(2, 4)
    late = replace(scene, codes=more.codes + scene.codes[: 64 * 8])
    made = world(source("a", (scene,)), source("b", (late,), duration=12.0), source("c", (sound(3),)))
    grouping = grouped(*made, SETTINGS, {})
    shards = list(plan_shards(made[0], made[1], ReleaseSettings(), grouping))
    told = {clip: kept for shard in shards if shard.decision == "reject" for clip, kept in shard.copies}
    assert {clip: kept.reason for clip, kept in told.items()} == {
        f"b{1:015x}": "a copy: the same scene is kept in a.mp4 (a), from 0.0 s on",
        f"b{2:015x}": "a copy: the same scene is kept in a.mp4 (a), from 4.0 s on",
    }
    assert told[f"b{2:015x}"].kept == Kept(source_id="a", start=4.0)
    assert grouping.splits["a"] == grouping.splits["b"]
    assert grouping.facts.copies == 2
    assert {link.kind: link.links for link in grouping.facts.links} == {
        "source": 8,
        "speaker": 0,
        "voice": 0,
        "face": 0,
        "scene": 1,
    }
    assert sum(len(places) for shard in shards for _, places in shard.parts) == 13


def test_voices_faces_and_names_tie_sources():
    voice = (PackedVector.of("v", (1.0, 0.1)),)
    face = (PackedVector.of("f", (0.0, 1.0)),)
    tied = [source("a", voices=voice), source("b", voices=voice, faces=face), source("c", faces=face, names=("Ann",))]
    made = world(*tied, source("d", names=("Ann",)), source("e"))
    facts: SplitFacts = grouped(*made, SETTINGS, {}).facts
    assert {link.kind: link.links for link in facts.links} == {"source": 20, "speaker": 1, "voice": 1, "face": 1, "scene": 0}
    assert (facts.components, facts.largest_sources, facts.largest_clips) == (2, 4, 20)


def test_a_source_that_had_to_move_is_named():
    voice = (PackedVector.of("v", (1.0, 0.1)),)
    made = world(source("a", voices=voice), source("b", voices=voice))
    grouping = grouped(*made, SETTINGS, {"a": "test", "b": "train"})
    assert grouping.splits == {"a": "train", "b": "train"}
    assert grouping.facts.moved == ("a",)


def test_stated_splits_that_leak_are_refused():
    face = (PackedVector.of("f", (0.0, 1.0)),)
    made = world(source("a", faces=face, given="train"), source("b", faces=face, given="test"))
    with pytest.raises(
        UsageError, match=r"a\.mp4 is in train and b\.mp4 in test, which leaks: a\.mp4 has the same face as b\.mp4"
    ):
        grouped(*made, SETTINGS, {})


def rows(version):
    return [row for folder in FOLDERS.values() for file in version.glob(f"{folder}/*") for row in pq.read_table(file).to_pylist()]


def nearest_faces(found, splits):
    """Return the highest cosine of the faces of two sources in different splits, from the rows alone."""
    held = {}
    for row in found:
        persons = {one["track"]: one["person"] for one in row["persons"]}
        for face in row["likenesses"]:
            who = (row["source"]["file"], persons.get(face["track"], row["clip_id"] + face["track"]))
            held.setdefault(who, []).append(face["embedding"])
    mean = {who: np.mean(vectors, axis=0) for who, vectors in held.items()}
    return max(
        float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
        for (file, _), one in mean.items()
        for (beside, _), other in mean.items()
        if splits[file] != splits[beside]
    )


@pytest.mark.slow
def test_a_build_keeps_a_scene_once_and_leaves_splits_as_they_were_when_a_source_is_added(tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    for name in ("speech", "carphone"):
        (raw / f"{name}.mp4").write_bytes(media(name).read_bytes())
    again = encoded(media("speech"), "first 2 s cut off", raw)
    (raw / "sources.csv").write_text("file,split\ncarphone.mp4,test\n")
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    for annotator in read_plan(str(plan)).annotators:
        for name in annotator.model_names():
            local.fetch(name)
    finished(build(raw, out, "--plan", plan))
    told = json.loads((out / "v1/manifest.json").read_text())
    copies = [row for row in rows(out / "v1") if row["source"]["file"] == again.name]
    assert copies
    for row in copies:
        assert row["routes"][-1]["decision"] == "reject"
        assert row["routes"][-1]["reasons"][0].startswith("a copy: the same scene is kept in speech.mp4 (")
    splits = {one["file"]: one["split"] for one in told["sources"]}
    assert splits == {"carphone.mp4": "test", "speech.mp4": splits[again.name], again.name: splits[again.name]}
    assert told["grouped"]["copies"] == len(copies)
    manifest = read_manifest(out / "v1")
    assert recount(manifest.grouped, manifest.sources, out / "v1", None) == manifest.grouped
    assert all(link["crossing"] == 0 for link in told["grouped"]["links"])
    (face,) = [link for link in told["grouped"]["links"] if link["kind"] == "face"]
    assert face["nearest"] == pytest.approx(nearest_faces(rows(out / "v1"), splits), abs=1e-3)
    (raw / "man.mp4").write_bytes(media("man").read_bytes())
    finished(build(raw, out, "--plan", plan))
    later = {one["file"]: one["split"] for one in json.loads((out / "v2/manifest.json").read_text())["sources"]}
    assert {file: later[file] for file in splits} == splits
    (raw / "sources.csv").write_text(f"file,split\nspeech.mp4,test\n{again.name},train\n")
    refused = build(raw, out, "--plan", plan)
    assert refused.wait() == 2
