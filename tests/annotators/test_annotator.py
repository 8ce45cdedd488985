"""What every registered annotator keeps to, shown on one short video."""

import json
import pickle
from dataclasses import fields
from pathlib import Path

import pytest

from annotators.media import decoder
from annotators.media.cutting import CutSettings, cut, cut_audio
from annotators.models import local
from annotators.registry import configured, registered
from pipeline.plan import read_plan
from pipeline.runtime.annotate import _answers
from schemas.claims import MediaFile
from schemas.errors import UsageError
from schemas.record import Clip, Origin, Source, claim_fields
from schemas.values import Span
from tests.support.media import media

MAY_SAY_NOTHING = {"words.subtitles", "cues.yamnet", "cues.blendshapes"}
"""Of plain speech by a calm face, without subtitles."""
EMBEDDED = [annotator.name for annotator in read_plan("embedded").annotators]


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """For each annotator of the embedded plan, the record as it comes to it, and what it said about it twice."""
    plan = read_plan("embedded")
    path = media("speech")
    info = decoder.probe(path)
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=info.duration, streams="audio+video")
    record = Source(source=origin, path=str(path))
    told = {}
    for annotator in plan.annotators:
        for model in annotator.model_names():
            local.fetch(model)
        if annotator.scope != "source" and isinstance(record, Source):
            record = clip_of(record, info, tmp_path_factory.mktemp("clip"))
        model = annotator.load("cpu")
        (first,), (again,) = annotator.annotate(model, [record]), annotator.annotate(model, [record])
        told[annotator.name] = (annotator, record, first, again)
        record = record.with_claims(annotator.key, first)
    return told


def clip_of(source, info, folder):
    made = cut(Path(source.path), info, Span(start=1.0, end=6.0), folder / "c.mp4", CutSettings())
    cut_audio(Path(source.path), info, made.actual, folder / "c.flac")
    return Clip(
        source=source.source,
        clip_id="1" * 16,
        requested=made.actual,
        actual=made.actual,
        turns=source.turns,
        words=source.words,
        languages=source.languages,
        transcript=" ".join(word.text for word in source.words),
        baselines=source.baselines,
        speaker=source.turns[0].speaker,
        video=MediaFile(path=str(folder / "c.mp4")),
        audio=MediaFile(path=str(folder / "c.flac")),
    )


@pytest.mark.parametrize("name", EMBEDDED)
def test_it_speaks_in_its_own_name_about_the_fields_that_it_provides(before, name):
    annotator, record, claims, _ = before[name]
    held = claim_fields(type(record))
    assert all(claim.by == annotator.key for claim in claims)
    assert {held[type(claim)] for claim in claims} <= set(annotator.provides)
    assert claims or name in MAY_SAY_NOTHING


@pytest.mark.parametrize("name", EMBEDDED)
def test_it_says_the_same_twice(before, name):
    _, _, first, again = before[name]
    assert first == again


@pytest.mark.parametrize("name", EMBEDDED)
def test_its_claims_survive_the_work_store(before, name):
    _, record, claims, _ = before[name]
    held = claim_fields(type(record))
    answer = {}
    for claim in claims:
        if not any(isinstance(getattr(claim, field.name), MediaFile) for field in fields(claim)):
            answer[held[type(claim)]] = (*answer.get(held[type(claim)], ()), claim)
    adapter = _answers(type(record))
    assert adapter.validate_json(adapter.dump_json((answer,))) == (answer,)


@pytest.mark.parametrize("name", EMBEDDED)
def test_it_travels_to_a_worker_and_its_provenance_is_whole(before, name):
    annotator, _, _, _ = before[name]
    assert pickle.loads(pickle.dumps(annotator)).key == annotator.key
    settings = {field.name for field in fields(annotator) if not field.metadata.get("speed")}
    assert set(json.loads(annotator.provenance.config)) == settings
    assert [model.name for model in annotator.provenance.models] == list(annotator.model_names())


@pytest.mark.parametrize("name", sorted(registered()))
def test_it_is_registered_under_its_own_name_and_reads_fields_that_exist(name):
    kind = registered()[name].load()
    record = Source if kind.scope == "source" else Clip
    assert kind.name == name
    told = {name for name in dir(record) if isinstance(getattr(record, name), property)}
    assert {need.partition(".")[0] for need in (*kind.requires, *kind.uses)} <= {field.name for field in fields(record)} | told
    assert set(kind.provides) <= set(claim_fields(record).values())


def test_a_setting_that_it_does_not_have_is_refused_with_those_that_it_has():
    with pytest.raises(UsageError, match=r"threshold"):
        configured({"name": "shots.content", "treshold": 3}, "plan:")
