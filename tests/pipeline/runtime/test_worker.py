"""The process in which annotators work: it answers whatever it is asked, and ends with the one that asks."""

import pickle
import socket
import subprocess
import sys
from multiprocessing.connection import Connection

import pytest

from pipeline.runtime.loaded import LoadedModels
from pipeline.runtime.worker import BEGUN, PROGRAM, RAISED, SAID, Raised, work
from schemas.errors import ItemError
from tests.pipeline.runtime.test_annotate import Counting, clip


@pytest.fixture
def asked():
    """Return a worker's process and what speaks to it."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-c", PROGRAM, str(theirs.fileno()), "2"]
    with subprocess.Popen(command, pass_fds=[theirs.fileno()], stdout=subprocess.PIPE) as process:
        theirs.close()
        connection = Connection(ours.detach())
        yield process, connection
        connection.close()
        process.kill()


def answer(connection):
    number, kind, data = connection.recv()
    return number, kind, pickle.loads(data)


def test_it_says_when_the_model_is_there_and_then_answers(asked):
    _, connection = asked
    connection.send((7, pickle.dumps((Counting(), (clip("a"),), "cpu"))))
    assert answer(connection) == (7, BEGUN, None)
    number, kind, (said, used) = answer(connection)
    assert (number, kind, said[0][0].value, used) == (7, SAID, 5.0, {})


def test_what_is_raised_comes_back_and_the_next_is_answered(asked):
    _, connection = asked
    connection.send((1, pickle.dumps((Counting(), (clip("a", "bad"),), "cpu"))))
    assert answer(connection)[1] == BEGUN
    _, kind, (raised, _) = answer(connection)
    assert kind == RAISED
    assert (type(raised.error), str(raised.error)) == (ItemError, "the transcript is bad")
    connection.send((2, b"what cannot be read"))
    assert answer(connection)[:2] == (2, RAISED)


def test_it_ends_when_the_other_side_is_gone(asked):
    process, connection = asked
    connection.send((1, pickle.dumps((Counting(), (clip("a"),), "cpu"))))
    assert [answer(connection)[1] for _ in range(2)] == [BEGUN, SAID]
    connection.close()
    assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True),
        (ValueError("out of range"), False),
        (ItemError("the file says: out of memory"), False),
    ],
)
def test_a_shortage_of_memory_is_told_from_other_errors(error, short):
    assert Raised.of(error).short is short


def test_what_was_used_before_it_failed_is_told_with_the_error(monkeypatch):
    monkeypatch.setattr(Counting, "usage", lambda self, model: {"calls": 3})
    with pytest.raises(ItemError) as failed:
        work(LoadedModels(), Counting(), (clip("a", "bad"),), "cpu", lambda: None)
    assert failed.value.usage == {"calls": 3}
