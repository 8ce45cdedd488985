"""A version in which one byte is not as it was written is found out, whichever byte it is."""

import random
import re
import shutil
import subprocess
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.plan import read_plan
from pipeline.versions.command import main
from pipeline.versions.integrity import Damage, _entry, _line, damages, version_files
from schemas.versions.manifest import MANIFEST, SUMS, intact, read_manifest, sealed
from tests.support.feeling import felt
from tests.support.reported import clip, written

POSITIONS = 5


@pytest.fixture(scope="module")
def referenced(media_files, tmp_path_factory):
    """A version with its media beside the shards, in a folder of its own."""
    judge = replace(read_plan("embedded").judge, judged=True)
    clips = [felt(clip(k), judge) for k in range(6)]
    return written(clips, media_files, tmp_path_factory.mktemp("beside"), media="reference")


@pytest.fixture
def version(felt_version, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(felt_version, tmp_path / "out" / "v1")


def flipped(data, place, mask):
    return data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]


def verify(version, *more):
    return main(["verify", version.name, "--shards", str(version.parent), *more])


def test_a_version_is_whole_as_it_was_written(felt_version, referenced, capsys):
    for version in (felt_version, referenced):
        assert list(damages(version, deep=True)) == []
        assert verify(version) == 0
        assert "as it was written" in capsys.readouterr().out


@pytest.mark.parametrize("which", ["felt_version", "referenced"])
def test_one_flipped_byte_of_any_file_is_found_and_its_file_named(which, request, tmp_path):
    version = shutil.copytree(request.getfixturevalue(which), tmp_path / "v1")
    rng = random.Random(which)
    all_files = [*version_files(version), SUMS, MANIFEST]
    assert len(all_files) > 5
    for file in all_files:
        whole = (version / file).read_bytes()
        for place in (0, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(POSITIONS))):
            (version / file).write_bytes(flipped(whole, place, rng.randrange(1, 256)))
            assert file in {damage.file for damage in damages(version)}, (file, place)
        (version / file).write_bytes(whole)
    assert list(damages(version)) == []


def test_every_byte_of_a_manifest_is_under_its_seal(felt_version):
    whole = (felt_version / MANIFEST).read_bytes()
    assert intact(whole)
    for place in range(len(whole)):
        for mask in (1, 0x20, 0x80):
            assert not intact(flipped(whole, place, mask)), place
    assert not any(intact(whole[:size]) for size in range(0, len(whole), 97))
    assert not intact(whole + b"\n")


@given(st.text(), st.text())
def test_what_a_plan_says_cannot_pass_for_the_seal(felt_version, name, text):
    manifest = read_manifest(felt_version)
    for plan in ({"seal": text}, {name: f'"seal": "{text}"\n}}\n'}):
        data = sealed(replace(manifest, plan=plan))
        assert intact(data)
        assert not intact(data.replace(b'"reasons"', b'"seasons"'))


def test_the_list_of_hashes_is_one_that_sha256sum_checks(referenced):
    done = subprocess.run(["sha256sum", "-c", "--strict", SUMS], cwd=referenced, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(version_files(referenced)) > 10


@given(st.text(min_size=1).filter(lambda name: "\0" not in name))
def test_a_line_of_the_list_gives_back_any_name(name):
    line = _line("0" * 64, name)
    assert line.count("\n") == 1
    assert _entry(line[:-1]) == (name, "0" * 64)


def test_missing_and_foreign_files_are_named(version, capsys):
    (version / "report.html").unlink()
    (version / "data" / ".notes").write_text("mine")
    (version / "data" / "link").symlink_to("nowhere")
    assert verify(version) == 1
    said = capsys.readouterr().out
    assert "v1: report.html is missing" in said
    assert "v1: data/.notes is none of the version's files" in said
    assert "v1: data/link is none of the version's files" in said


def test_a_damaged_version_is_not_compared(version, felt_version, capsys):
    shutil.copytree(felt_version, version.parent / "v2")
    shard = next(version.glob("data/*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-9])
    arguments = ["diff", "v1", "v2", "--shards", str(version.parent)]
    assert main(arguments) == 1
    shard.unlink()
    assert main(arguments) == 1
    assert capsys.readouterr().err.count("verify names it") == 2


@pytest.mark.parametrize("file", [MANIFEST, SUMS])
def test_a_folder_in_the_place_of_manifest_or_list_is_damage(version, file, capsys):
    (version / file).unlink()
    (version / file).mkdir()
    assert verify(version) == 1
    assert f"v1: {file} " in capsys.readouterr().out


@pytest.mark.parametrize("file", [MANIFEST, SUMS])
def test_a_version_without_manifest_or_list_is_damaged_not_unknown(version, file, capsys):
    (version / file).unlink()
    assert verify(version) == 1
    assert main(["verify", "--shards", str(version.parent)]) == 1
    assert f"{file} is missing" in capsys.readouterr().out


def test_rows_that_were_exchanged_together_with_every_hash_are_found_by_their_sum(version, capsys):
    shard = next(version.glob("data/*.parquet"))
    table = pq.read_table(shard)
    speakers = pa.array(["S9", *table["speaker"].to_pylist()[1:]])
    pq.write_table(table.set_column(table.schema.get_field_index("speaker"), "speaker", speakers), shard)
    resealed(version)
    assert verify(version) == 0
    assert verify(version, "--deep") == 1
    assert "sum of the hashes of all rows" in capsys.readouterr().out


def resealed(version):
    """Hide the damage from all but those who know the sum of the rows."""
    from pipeline.versions.integrity import write_sums

    manifest = read_manifest(version)
    (version / MANIFEST).write_bytes(sealed(replace(manifest, sums_sha256=write_sums(version, {}))))


def test_a_lost_row_is_found_too(version):
    shard = next(version.glob("data/*.parquet"))
    pq.write_table(pq.read_table(shard).slice(1), shard)
    resealed(version)
    file = shard.relative_to(version).as_posix()
    rows = {one.file: one.rows for one in read_manifest(version).files}[file]
    assert Damage(file=file, says=f"holds {rows - 1} rows, not {rows}") in list(damages(version, deep=True))


def test_another_whole_version_is_not_the_one_that_was_approved(version, capsys):
    assert main(["latest", "--shards", str(version.parent)]) == 0
    name, seal = capsys.readouterr().out.split()
    assert name == "v1"
    assert verify(version, "--seal", seal) == 0
    manifest = read_manifest(version)
    (version / MANIFEST).write_bytes(sealed(replace(manifest, affectory="9")))
    assert verify(version) == 0
    assert verify(version, "--seal", seal) == 1
    assert "another version" in capsys.readouterr().out
    assert main(["verify", "--shards", str(version.parent), "--seal", seal]) == 2


def test_what_is_no_version_is_bad_usage(tmp_path, capsys):
    for arguments in (["list"], ["show"], ["show", "v9"], ["diff", "v1", "v2"], ["verify"], ["verify", "v9"]):
        assert main([*arguments, "--shards", str(tmp_path)]) == 2
        assert re.fullmatch(r"pipeline\.versions: .*\n", capsys.readouterr().err)
    with pytest.raises(SystemExit) as stopped:
        main(["compare"])
    assert stopped.value.code == 2


def test_a_manifest_that_cannot_be_read_is_said_in_one_line(version, capsys):
    whole = (version / MANIFEST).read_bytes()
    (version / MANIFEST).write_bytes(whole[:-40])
    assert main(["show", "v1", "--shards", str(version.parent)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(["list", "--shards", str(version.parent)]) == 0
    assert "cannot be read" in capsys.readouterr().out
