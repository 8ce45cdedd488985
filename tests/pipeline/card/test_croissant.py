"""`croissant.json` (`pipeline.card.rai` has its terms): `mlcroissant` finds nothing wrong, keeps all, and reads the rows back."""

import hashlib
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import mlcroissant as mlc
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.card.croissant import CROISSANT, VERSION, croissant
from pipeline.card.croissant_fields import described
from pipeline.plan import read_plan
from pipeline.stats.collect import card_facts
from pipeline.stats.facts import Published
from schemas.record import Clip
from schemas.versions.manifest import read_manifest
from tests.support.carded import CLIPS, REVIEWS, made, version

PUBLISHED = Published(title="Clips", address="https://example.org/clips", date="2026-11-21", creators=("A lab",))
RAI = (
    *(
        "dataCollection",
        "dataCollectionRawData",
        "dataCollectionMissingData",
        "dataPreprocessingProtocol",
        "dataAnnotationProtocol",
    ),
    *("dataAnnotationAnalysis", "annotationsPerItem", "machineAnnotationTools", "dataBiases", "personalSensitiveInformation"),
    "dataReleaseMaintenancePlan",
)
LEFT_OUT = {
    "turns": {"floor"},
    "faces": {"boxes", "bare_boxes"},
    "frames": {"image"},
    "texts": {"measures"},
    "assessments": {"conflicts"},
    "streams": {"calibration"},
    "twin": {"measures"},
}
"""What JSON paths cannot take apart; the description of the field names it."""


@pytest.fixture(scope="module", params=["embed", "reference"])
def place(request, media_files, tmp_path_factory):
    judge = replace(read_plan("embedded").judge, judged=True)
    clips = [made(k, judge) for k in range(0, CLIPS, 3)]
    return written(version(clips, media_files, tmp_path_factory.mktemp(request.param), request.param))


def written(place):
    found = card_facts(place, replace(read_manifest(place), reviews=REVIEWS), "v1", PUBLISHED)
    (place / CROISSANT).write_text(croissant(found))
    return place


@pytest.fixture(scope="module")
def dataset(place):
    return mlc.Dataset(place / CROISSANT)


@pytest.fixture(scope="module")
def records(dataset):
    return {text(record["clips/clip_id"]): record for record in dataset.records("clips")}


@pytest.fixture(scope="module")
def rows(place):
    found = [(file, row) for file in sorted(place.glob("data/*")) for row in pq.read_table(file).to_pylist()]
    return {row["clip_id"]: {**row, "split": file.name.split("-")[0]} for file, row in found}


def text(value):
    """Return what mlcroissant read as the value that Parquet holds."""
    match value:
        case bytes():
            return value.decode()
        case list():
            return [text(one) for one in value]
        case np.generic():
            return value.item()
        case _:
            return value


def at(value, path):
    """Return what lies at a path of names, a list's in each of its items; None where there is nothing to have one."""
    if isinstance(value, list) and path:
        return [at(one, path) for one in value]
    return at(value[path[0]], path[1:]) if path and value is not None else value


@pytest.mark.parametrize("place", ["embed"], indirect=True)
def test_it_is_valid_by_the_command_of_mlcroissant_too(place):
    command = (Path(sys.executable).with_name("mlcroissant"), "validate", "--jsonld", place / CROISSANT)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Done" in done.stderr + done.stdout


def test_nothing_is_wrong_and_nothing_that_could_be_known_is_missing(dataset):
    issues = dataset.metadata.ctx.issues
    assert not issues.errors
    assert all("citeAs" in warning for warning in issues.warnings)
    assert dataset.metadata.ctx.is_v1_1()


def test_every_term_survives_being_read_and_written(dataset, place):
    kept, told = dataset.metadata.to_json(), json.loads((place / CROISSANT).read_text())
    assert VERSION in kept["conformsTo"]
    assert {key for key in told if key.startswith("rai:")} == {f"rai:{name}" for name in RAI}
    for key in told:
        if key.startswith("rai:"):
            (one,) = told[key] if isinstance(told[key], list) and len(told[key]) == 1 else (told[key],)
            again = kept[key]
            assert sorted(again) == sorted(one) if isinstance(one, list) else again in (one, [one]), key
    assert kept["prov:wasGeneratedBy"] and kept["prov:wasDerivedFrom"]
    assert (kept["url"], kept["creator"]["name"]) == (PUBLISHED.address, "A lab")


def test_each_number_of_the_rai_terms_is_that_of_the_rows(place, rows):
    told = json.loads((place / CROISSANT).read_text())
    ledger = read_manifest(place).ledger
    assert told["description"].startswith(f"{len(rows)} clips, ")
    assert told["rai:dataPreprocessingProtocol"] == [
        f"{ledger.clips} clips were cut: {ledger.accepted} accepted, {ledger.review} left for people to review, "
        f"{ledger.rejected} rejected, {ledger.dead_clips} could not be used."
    ]
    held = {name: sum(row[name] is not None for row in rows.values()) for name in ("video", "audio", "image", "transcript")}
    assert told["rai:dataCollectionMissingData"] == "; ".join(f"{name} in {n} of {len(rows)} clips" for name, n in held.items())
    decided = sum(any(one["kind"] == "decision" for one in row["reviews"]) for row in rows.values())
    assert re.search(r"people decided (\d+) of (\d+) clips", told["rai:dataAnnotationProtocol"][0]).groups() == (
        str(decided),
        str(len(rows)),
    )
    assert told["rai:annotationsPerItem"].startswith(f"{31 / 14:.2f} ")
    assert len(told["rai:personalSensitiveInformation"]) == 1
    assert f"Pictures in {held['video']} clips and voices in {held['audio']}." in told["rai:personalSensitiveInformation"][0]


def test_its_files_are_those_that_are_published_with_their_hashes(dataset, place):
    files = {one.content_url: one.sha256 for one in dataset.metadata.file_objects}
    assert files == {f"data/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in place.glob("data/*")}


def test_its_records_are_the_rows(records, rows):
    assert set(records) == set(rows)
    for clip_id, row in rows.items():
        for name, value in records[clip_id].items():
            column = name.removeprefix("clips/")
            if column in {"video", "audio", "image"}:
                continue
            if isinstance(value, dict):
                for path, inner in value.items():
                    assert text(inner) == at(row, path.removeprefix("clips/").split("/")), path
            elif value and isinstance(value[0] if isinstance(value, list) else None, dict):
                assert len(value) == len(row[column])
                for record, one in zip(value, row[column], strict=True):
                    for path, inner in record.items():
                        assert text(inner) == at(one, path.removeprefix(f"clips/{column}/").split("/")), path
            else:
                assert text(value) == row[column], name


def test_media_are_read_back_as_they_were_written(records, rows, place):
    for clip_id, row in rows.items():
        for name in ("video", "audio", "image"):
            read = records[clip_id][f"clips/{name}"]
            if row[name] is None:
                assert read is None
            elif row[name]["bytes"] is None:
                assert (place / text(read)).is_file()
            elif name == "image":
                assert read.tobytes() == Image.open(io.BytesIO(row[name]["bytes"])).tobytes()
            else:
                assert read == row[name]["bytes"]


def test_splits_are_listed_with_their_clips(dataset, rows):
    listed = {text(one["splits/name"]): one["splits/clips"] for one in dataset.records("splits")}
    splits = [row["split"] for row in rows.values()]
    assert listed == {name: splits.count(name) for name in set(splits)}


def test_every_column_is_there_and_what_a_field_leaves_out_it_names(place):
    features = json.loads(pq.read_schema(next(place.glob("data/*"))).metadata[b"huggingface"])["info"]["features"]
    fields = {field["name"]: field for field in described(features, embedded=True)}
    assert list(fields) == list(features)
    for name, field in fields.items():
        left = re.search(r"Not described here: (.*)\.$", field.get("description", ""))
        assert (set(left[1].split(", ")) if left else set()) == LEFT_OUT.get(name, set()), name
    assert fields["source"]["subField"][1]["equivalentProperty"] == "prov:wasDerivedFrom"
    assert fields["labels"]["subField"][0]["equivalentProperty"] == "prov:wasAttributedTo"


def test_a_hostile_version_is_valid_too(media_files, tmp_path):
    from tests.support.reported import EVIL, hostile

    judge = replace(read_plan("embedded").judge, judged=True)
    (route,) = made(0, judge).routes[-1:]
    bad = hostile(99)
    bad = replace(bad, source=replace(bad.source, origin=EVIL, consent=EVIL, language=EVIL))
    place = version([replace(bad, routes=(replace(route, decision="accept", reasons=(EVIL,)),))], media_files, tmp_path)
    dataset = mlc.Dataset(written(place) / CROISSANT)
    assert not dataset.metadata.ctx.issues.errors
    (record,) = dataset.records("clips")
    assert text(record["clips/transcript"]) == bad.transcript
    assert text(record["clips/source"]["clips/source/licence"]) == EVIL


def test_a_version_with_nothing_accepted_is_valid(evil_version):
    made_ = croissant(card_facts(evil_version, read_manifest(evil_version), "v1"))
    assert not mlc.Dataset(json.loads(made_)).metadata.ctx.issues.errors


def test_the_schema_of_today_has_no_column_that_it_cannot_name():
    from schemas.arrow import columns, schema_of

    features = json.loads(schema_of(Clip).metadata[b"huggingface"])["info"]["features"]
    assert [field["name"] for field in described(features, embedded=False)] == list(columns(Clip))
