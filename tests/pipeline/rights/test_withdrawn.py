"""What was withdrawn stays out, however it comes back: under another name, cut in another way, numbered in another way."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.arguments import build_arguments
from pipeline.clips.kept import Index, keep, kept_refs
from pipeline.feedback.reviews import ReviewIndex
from pipeline.ingest.sources import find_sources
from pipeline.release.identify import Identify
from pipeline.rights.withdrawn import (
    NOTHING,
    Moment,
    WithdrawnClip,
    WithdrawnPerson,
    WithdrawnSource,
    drop_withdrawn,
    moment,
    numbering,
    read_withdrawn,
    salted,
    write_withdrawn,
)
from pipeline.runtime.context import RunContext
from schemas.errors import UsageError
from schemas.record import DeadLetter
from schemas.values import Span
from schemas.versions.dead_letters import counted
from tests.pipeline.takedown.test_command import person
from tests.support.published import PLAN

RESOLVED = PLAN.resolved
NUMBERS = numbering(RESOLVED)
times = st.floats(0, 100).map(lambda time: round(time, 3))
spans = st.tuples(times, times).map(lambda ends: Span(start=min(ends), end=max(ends)))


def at(span, clip_id="c", who=()):
    return Moment(source_id="s", clip_id=clip_id, span=span, who=frozenset(who))


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    for name in ("anna", "bert", "cleo"):
        (folder / f"{name}.wav").write_bytes(name.encode())
    (folder / "anna again.wav").write_bytes(b"anna")
    (folder / "sources.csv").write_text('file,speakers\nbert.wav,"Bert; Anna  Amsel"\ncleo.wav,Cleo\n')
    return folder


def test_an_empty_list_changes_nothing(raw):
    found, copies, _ = find_sources(raw)
    assert drop_withdrawn(NOTHING, found, copies, RESOLVED) == (found, copies)
    assert NOTHING.key == ""


def test_a_withdrawn_source_and_its_copies_are_left_out_and_not_named(raw):
    found, copies, _ = find_sources(raw)
    anna = next(one for one in found if one.file.startswith("anna")).source_id
    kept, letters = drop_withdrawn(NOTHING.with_(WithdrawnSource(source_id=anna)), found, copies, RESOLVED)
    assert [one.file for one in kept] == [one.file for one in found if one.source_id != anna]
    assert [(one.source_id, one.file, one.step) for one in letters] == [(anna, "", "scan"), (anna, "", "takedown")]
    assert "anna" not in repr(letters)


@pytest.mark.parametrize("name", ["Anna Amsel", "anna amsel", " ANNA   Amsel ", "Ａnna Amsel"])
def test_a_withdrawn_name_is_known_in_a_new_source_however_it_is_written(name, raw):
    listed = salted(NOTHING)
    kept, _ = drop_withdrawn(listed.with_(listed.name(name)), *find_sources(raw)[:2], RESOLVED)
    assert {one.file for one in kept} == {"anna again.wav", "cleo.wav"}


def test_names_stand_in_the_list_as_hashes_that_differ_from_list_to_list(tmp_path):
    one, other = salted(NOTHING), salted(NOTHING)
    assert one.name("Anna") != other.name("Anna")
    write_withdrawn(tmp_path, one.with_(one.name("Anna")))
    assert "nna" not in (tmp_path / "withdrawn.json").read_text()
    assert read_withdrawn(tmp_path).name("anna") in read_withdrawn(tmp_path).names


@given(spans, spans)
def test_the_same_moment_is_withdrawn_whoever_cuts_it(one, other):
    listed = NOTHING.with_(WithdrawnClip(source_id="s", clip_id="x", span=one))
    shared, shorter = one.overlap(other), min(one.duration, other.duration)
    assert listed.clip(at(other)) == (shared > shorter / 2)
    assert listed.clip(at(other, clip_id="x"))
    assert not listed.clip(replace(at(one), source_id="another"))


@given(spans, st.lists(times, max_size=4))
def test_pieces_of_a_withdrawn_clip_do_not_come_back(whole, cuts):
    listed = NOTHING.with_(WithdrawnClip(source_id="s", clip_id="x", span=whole))
    ends = sorted({whole.start, whole.end, *(cut for cut in cuts if whole.start < cut < whole.end)})
    pieces = [Span(start=start, end=end) for start, end in pairwise(ends)]
    assert all(listed.clip(at(piece)) for piece in pieces)


def test_a_person_of_a_source_stays_out_by_each_of_their_numbers():
    listed = NOTHING.with_(WithdrawnPerson(source_id="s", who=("P1", "S0"), numbering=NUMBERS))
    span = Span(start=0, end=1)
    assert listed.clip(at(span, who=("S0", "S1")))
    assert listed.clip(at(span, who=("S1", "P1")))
    assert not listed.clip(at(span, who=("S1", "P0")))
    assert not listed.source("s", (), NUMBERS)


def test_where_numbers_mean_somebody_else_the_whole_source_stays_out():
    listed = NOTHING.with_(WithdrawnPerson(source_id="s", who=("S0",), numbering=NUMBERS))
    other = numbering(RESOLVED | {"segment": RESOLVED["segment"] | {"max_seconds": 9.0}})
    assert listed.source("s", (), other)
    assert not listed.source("t", (), other)


def test_numbers_do_not_depend_on_what_does_not_give_them():
    assert numbering(RESOLVED | {"route": {}, "name": "other", "assess": {}}) == NUMBERS
    assert numbering(json.loads(json.dumps(RESOLVED))) == NUMBERS


def test_another_reason_is_no_other_list():
    one = NOTHING.with_(WithdrawnSource(source_id="s", reason="letter 17"))
    assert one.with_(WithdrawnSource(source_id="s", reason="letter 18")) == one
    assert one.key == NOTHING.with_(WithdrawnSource(source_id="s")).key != ""


@pytest.mark.parametrize("what", ["clip", "person", "all"])
def test_a_build_drops_withdrawn_clips_with_a_letter_when_it_knows_who_is_who(what, media_files, tmp_path):
    context = RunContext(work=tmp_path, device="cpu", workers=1)
    clips = [person(k) for k in range(0, 24, 3)]
    files = {"video": "a.mp4", "audio": "a.flac", "image": "a.jpg"}
    clips = [
        replace(one, **{name: replace(getattr(one, name), path=str(media_files / file)) if getattr(one, name) else None})
        for one in clips
        for name, file in list(files.items())[:1]
    ]
    clips = [replace(one, audio=None, image=None, frames=()) for one in clips]
    refs = [keep(one, context) for one in clips]
    source_id = clips[0].source.source_id
    entry = {
        "clip": WithdrawnClip(source_id=source_id, clip_id=clips[2].clip_id, span=clips[2].requested),
        "person": WithdrawnPerson(source_id=source_id, who=("S1",), numbering=NUMBERS),
        "all": WithdrawnPerson(source_id=source_id, who=("S0",), numbering=NUMBERS),
    }[what]
    withdrawn = NOTHING.with_(entry)
    people = ReviewIndex(key="", settings=PLAN.review, withdrawn=withdrawn)
    made = list(Identify(replace(PLAN, annotators=()), people, context).work((source_id, refs)))
    letters = [one for one in made if isinstance(one, DeadLetter)]
    kept = {ref.clip_id for one in made if isinstance(one, Index) for ref in kept_refs(one, context)}
    gone = {one.clip_id for one in clips if withdrawn.clip(moment(one))}
    assert {letter.clip_id for letter in letters} == gone
    assert kept == {one.clip_id for one in clips} - gone
    assert len(gone) == {"clip": 1, "person": 4, "all": 8}[what]
    assert counted(letters) == {"takedown: withdrawn": len(gone)}


def test_a_build_looks_for_the_list_beside_its_versions(raw, tmp_path):
    from pipeline.build import _job

    args = build_arguments().parse_args(["--source", str(raw), "--out", str(tmp_path / "out")])
    before = _job(args)
    write_withdrawn(tmp_path / "out", NOTHING.with_(WithdrawnSource(source_id=before.found[0].source_id)))
    after = _job(args)
    assert len(after.found) == len(before.found) - 1
    assert after.inputs != before.inputs, "the last version would be taken for up to date"


@pytest.mark.parametrize(
    "text",
    [
        '{"source": [{"source_id": "0123456789abcdef"}]}',
        '{"sources": [{"source_id": "0123456789abcdef", "reasn": "x"}]}',
        '{"sources": [{"source_id": "anna.mp4"}]}',
        '{"sources": [{"source_id": "0123456789ABCDEF"}]}',
        '{"salt": "1", "names": [{"name_hmac": "Anna Amsel"}]}',
    ],
)
def test_a_list_with_a_slip_in_it_is_refused(text, tmp_path):
    (tmp_path / "withdrawn.json").write_text(text)
    with pytest.raises(UsageError, match="cannot be read"):
        read_withdrawn(tmp_path)
