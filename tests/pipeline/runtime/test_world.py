"""What is the world's and what is a bug."""

import errno
import os

import pytest

from pipeline.runtime.world import of_the_world


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_disk_that_fails_is_the_worlds_and_names_the_file(code, tmp_path):
    told = of_the_world(OSError(code, os.strerror(code), str(tmp_path / "deep" / "a")))
    assert f"{tmp_path / 'deep' / 'a'}: {os.strerror(code)}" in str(told)
    assert ("MB are free there" in str(told)) == (code in (errno.ENOSPC, errno.EDQUOT))


@pytest.mark.parametrize("error", [None, KeyError("a"), FileNotFoundError(errno.ENOENT, "a"), ValueError()])
def test_the_rest_is_not(error):
    assert of_the_world(error) is None


def test_without_a_name_it_is_said_all_the_same():
    assert str(of_the_world(OSError(errno.EIO, "Input/output error"))) == "a file that was to be written: Input/output error"
    assert str(of_the_world(OSError(errno.ENOSPC, "full", 5))) == "5: full"
