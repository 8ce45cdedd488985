"""What a run may take."""

from pipeline.runtime.isolation import memory_there
from pipeline.runtime.settings import RunSettings


def test_memory_is_a_share_of_what_this_machine_has():
    assert RunSettings(memory=0.5).limits.memory == memory_there() // 2
    assert 2**28 < memory_there() < 2**50


def test_patience_stretches_every_time_limit():
    assert RunSettings(patience=3.0).limits.patience == 3.0
