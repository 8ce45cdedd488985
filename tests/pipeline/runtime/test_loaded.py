"""The models of a process: loaded once for all threads, or once in each."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import pytest

from annotators.annotator import Annotator
from pipeline.runtime.loaded import LoadedModels
from schemas.record import Clip


@dataclass(frozen=True, kw_only=True)
class Own(Annotator[Clip, object]):
    name: ClassVar[str] = "cues.own"
    version: ClassVar[str] = "1"
    depth: int = 1

    def load(self, device):
        return object()

    def annotate(self, model, records):
        return [() for _ in records]


@dataclass(frozen=True, kw_only=True)
class Common(Own):
    name: ClassVar[str] = "cues.common"
    shared: ClassVar[bool] = True


@pytest.fixture
def models():
    return LoadedModels()


def in_threads(count, ask):
    """Return what `count` threads get that ask at once."""
    together = threading.Barrier(count)

    def one(_):
        together.wait()
        return ask()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_a_shared_model_is_loaded_once_whoever_asks_first(models):
    found = in_threads(4, lambda: models.model(Common(), "cpu", object))
    assert len({id(model) for model in found}) == 1


def test_a_model_that_is_not_shared_is_loaded_once_in_each_thread(models):
    found = in_threads(4, lambda: [models.model(Own(), "cpu", object) for _ in range(2)])
    assert all(first is second for first, second in found)
    assert len({id(model) for model, _ in found}) == 4


def test_another_setting_or_device_has_another_model(models):
    found = [models.model(*one, object) for one in ((Common(), "cpu"), (Common(depth=2), "cpu"), (Common(), "cuda"))]
    assert len({id(model) for model in found}) == 3


def test_what_could_not_be_loaded_is_loaded_when_it_is_asked_for_again(models):
    def fail():
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        models.model(Common(), "cpu", fail)
    assert models.model(Common(), "cpu", lambda: "loaded") == "loaded"
