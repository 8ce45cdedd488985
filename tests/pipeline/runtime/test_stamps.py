"""A file that changes while it is read is not believed."""

import os

import pytest

from pipeline.runtime.stamps import stamp_of, unchanged
from schemas.errors import ItemError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a\nb.mp4"
    path.write_bytes(b"1234")
    return path


def test_a_file_as_it_was_passes_also_when_it_was_only_read(file):
    stamp = stamp_of(file)
    assert (stamp.path, stamp.size) == (str(file), 4)
    file.read_bytes()
    unchanged([stamp])
    unchanged([])


def test_another_length_is_a_change(file):
    stamp = stamp_of(file)
    file.write_bytes(b"12345")
    with pytest.raises(ItemError, match="changed while it was read; run the same command again"):
        unchanged([stamp])


def test_the_same_length_at_another_time_is_a_change(file):
    stamp = stamp_of(file)
    os.utime(file, ns=(stamp.changed + 1, stamp.changed + 1))
    with pytest.raises(ItemError, match="changed while it was read"):
        unchanged([stamp])


def test_a_file_that_is_gone_is_named_in_one_line(file):
    stamp = stamp_of(file)
    file.unlink()
    with pytest.raises(ItemError, match="cannot be read any more: No such file") as error:
        unchanged([stamp])
    assert "\n" not in str(error.value)
