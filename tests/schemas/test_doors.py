import subprocess
from importlib.metadata import EntryPoint

import pytest

from schemas.doors import behind, opened_door
from schemas.errors import UsageError


def test_what_is_registered_is_found_by_name_in_order():
    found = behind("affectory.annotators")
    assert list(found) == sorted(found)
    assert found["shots.content"].value == "annotators.scene.shots_content:ContentShots"
    assert behind("affectory.nothing") == {}


def test_what_cannot_be_imported_or_is_something_else_is_refused_by_name():
    with pytest.raises(UsageError, match=r"a\.door: there \(nowhere:x\) cannot be imported: No module named 'nowhere'"):
        opened_door(EntryPoint("there", "nowhere:x", "a.door"), str)
    with pytest.raises(UsageError, match=r"a\.door: run \(subprocess:run\) is no str"):
        opened_door(EntryPoint("run", "subprocess:run", "a.door"), str)
    assert opened_door(EntryPoint("pipe", "subprocess:PIPE", "a.door"), int) == subprocess.PIPE
