"""A version with media beside its rows becomes the one that a build with media inside writes.

tests/pipeline/test_build.py holds the same against real builds.
"""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.card.card import CARD
from pipeline.card.croissant import CROISSANT
from pipeline.plan import read_plan
from pipeline.publish.embed import embed_media
from schemas.errors import TransientError, UsageError
from schemas.versions.manifest import read_manifest
from schemas.versions.row_hash import added, row_hash
from tests.support.carded import made, version
from tests.support.published import licensed
from tests.support.reported import written


@pytest.fixture(scope="module")
def beside(media_files, tmp_path_factory):
    return version(clips(), media_files, tmp_path_factory.mktemp("beside"), "reference")


@pytest.fixture(scope="module")
def inside(media_files, tmp_path_factory):
    return version(clips(), media_files, tmp_path_factory.mktemp("inside"))


def clips():
    judge = replace(read_plan("embedded").judge, judged=True)
    return [made(number, judge) for number in range(60)]


def data(folder):
    return {path.name: path.read_bytes() for path in folder.glob("data/*")}


def test_the_published_files_are_those_of_a_build_with_media_inside_byte_by_byte(beside, inside, tmp_path):
    manifest = embed_media(beside, read_manifest(beside), tmp_path)
    assert data(tmp_path) == data(inside)
    assert len(data(tmp_path)) == 2
    assert (tmp_path / CROISSANT).read_text() == (inside / CROISSANT).read_text()
    built = read_manifest(inside)
    assert without_hash((tmp_path / CARD).read_text(), manifest) == without_hash((inside / CARD).read_text(), built)
    accepted = [one for one in manifest.files if one.file.startswith("data/")]
    assert accepted == [one for one in built.files if one.file.startswith("data/")]


def without_hash(card, manifest):
    """Return a card without the hash of all rows: rows for review, which are not published, keep their media beside them."""
    assert card.count(manifest.rows_sha256[:16]) == 1
    return card.replace(manifest.rows_sha256[:16], "")


def test_the_hash_of_all_rows_is_that_of_the_rows_as_they_are_now(beside, tmp_path):
    manifest = embed_media(beside, read_manifest(beside), tmp_path)
    rows = (row for one in manifest.files for row in pq.ParquetFile(tmp_path / one.file).read().to_pylist())
    assert manifest.rows_sha256 == added(sum(int(row_hash(row), 16) for row in rows)) != read_manifest(beside).rows_sha256


def test_a_version_of_accepted_clips_alone_has_the_same_hash_of_all_rows_too(media_files, tmp_path):
    accepted = [licensed(number) for number in range(5)]
    beside = written(accepted, media_files, tmp_path / "beside", media="reference")
    inside = written(accepted, media_files, tmp_path / "inside")
    assert embed_media(beside, read_manifest(beside), tmp_path / "made").rows_sha256 == read_manifest(inside).rows_sha256


@pytest.mark.parametrize("named", ["media/../../outside.flac", "/etc/hostname", "media/nobody.flac"])
def test_a_row_that_names_a_file_of_nobody_is_refused(named, media_files, tmp_path):
    beside = written([licensed(0)], media_files, tmp_path / "beside", media="reference")
    (tmp_path / "beside" / "outside.flac").write_bytes(b"private")
    (file,) = beside.glob("data/*")
    table = pq.read_table(file)
    rows = table.to_pylist()
    rows[0]["audio"]["path"] = named
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)
    with pytest.raises(UsageError, match=f"names {named}, which is no file of its version"):
        embed_media(beside, read_manifest(beside), tmp_path / "made")


def test_where_it_cannot_be_written_is_said(beside, tmp_path):
    (tmp_path / "made").write_bytes(b"")
    with pytest.raises(TransientError, match="v1 with media in its rows cannot be written to"):
        embed_media(beside, read_manifest(beside), tmp_path / "made")
