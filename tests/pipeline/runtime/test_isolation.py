"""What ends the process of an annotator is found out, and all else is answered."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from pipeline.runtime.isolation import ClosedError, Isolation, ShortError, WorkerLimits, held_bytes
from schemas.errors import BugError, ItemError, StoppedError
from tests.pipeline.runtime.test_annotate import Counting, clip


@dataclass(frozen=True, kw_only=True)
class Harmful(Counting):
    """Does what the transcript says."""

    name: ClassVar[str] = "cues.harmful"
    marks: str = ""

    def time_limit(self, record):
        return 3.0

    def annotate(self, model, records):
        for record in records:
            Path(self.marks, f"{record.clip_id} {time.monotonic_ns()}").write_text(str(os.getpid()))
            getattr(self, record.transcript, lambda: None)()
        return super().annotate(model, records)

    def crash(self):
        ctypes.string_at(0)

    def leave(self):
        os._exit(0)

    def hang(self):
        time.sleep(1e6)

    def leak(self):
        held = []
        while True:
            held.append(bytearray(b"x" * 2**26))

    def killed(self):
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(10)

    def short(self):
        raise MemoryError

    def slow(self):
        time.sleep(1.0)

    def child(self):
        begun = subprocess.Popen(["sleep", "600"])
        Path(self.marks, "child").write_text(str(begun.pid))
        ctypes.string_at(0)


@pytest.fixture
def isolation():
    made = Isolation(3, WorkerLimits(memory=2**30))
    yield made
    made.close()


@pytest.fixture
def harmful(tmp_path):
    return Harmful(marks=str(tmp_path))


def asked(harmful, name):
    return len(list(Path(harmful.marks).glob(f"{name} *")))


def test_an_answer_comes_from_another_process(isolation, harmful):
    said, used = isolation.ask(harmful, [clip("a"), clip("b")], "cpu")
    assert [claims[0].value for claims in said] == [5.0, 5.0]
    assert used == {}
    assert Path(harmful.marks, next(Path(harmful.marks).glob("a *"))).read_text() != str(os.getpid())


@pytest.mark.parametrize(
    ("deed", "says"),
    [
        ("crash", "cues.harmful crashed its process (SIGSEGV)"),
        ("leave", "cues.harmful ended its process (exit status 0)"),
        ("hang", "cues.harmful gave no answer within 3 s"),
        ("leak", "cues.harmful took more than 1.1 GB of memory"),
    ],
)
def test_a_record_that_ends_the_process_twice_is_to_blame(isolation, harmful, deed, says):
    with pytest.raises(BugError) as found:
        isolation.ask(harmful, [clip("a", deed)], "cpu")
    assert str(found.value) == says
    assert asked(harmful, "a") == 2
    assert isolation.ask(harmful, [clip("b")], "cpu")[0]


def test_what_was_in_work_beside_it_is_answered(isolation, harmful):
    with ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(isolation.ask, harmful, [clip(name, "slow")], "cpu") for name in "ab"]
        time.sleep(0.5 if sys.platform == "linux" else 1.0)
        bad = pool.submit(isolation.ask, harmful, [clip("c", "crash")], "cpu")
        assert [one.result()[0][0][0].value for one in slow] == [4.0, 4.0]
        with pytest.raises(BugError):
            bad.result()


def test_one_that_the_system_kills_is_no_bug(isolation, harmful):
    with pytest.raises(StoppedError, match=r"cues\.harmful was ended by the system \(SIGKILL\), as where memory runs out"):
        isolation.ask(harmful, [clip("a", "killed")], "cpu")


def test_what_an_annotator_raises_is_raised_here(isolation, harmful):
    with pytest.raises(ItemError, match="the transcript is bad"):
        isolation.ask(Counting(), [clip("a", "bad")], "cpu")
    with pytest.raises(ShortError, match="MemoryError"):
        isolation.ask(harmful, [clip("a", "short")], "cpu")


@dataclass(frozen=True, kw_only=True)
class Secretive(Counting):
    name: ClassVar[str] = "cues.secretive"

    def annotate(self, model, records):
        return lambda: "cannot even be sent"


def test_an_answer_that_cannot_be_sent_is_a_bug(isolation):
    with pytest.raises(BugError, match=r"cues\.secretive raised AttributeError: Can't pickle local object"):
        isolation.ask(Secretive(), [clip("a")], "cpu")


class OwnError(ItemError):
    def __init__(self):
        super().__init__("of our own")
        self.held = lambda: None


@dataclass(frozen=True, kw_only=True)
class Odd(Counting):
    name: ClassVar[str] = "cues.odd"

    def annotate(self, model, records):
        raise OwnError


def test_an_error_that_cannot_be_sent_is_told_all_the_same(isolation):
    with pytest.raises(BugError, match=r"cues\.odd raised OwnError: of our own"):
        isolation.ask(Odd(), [clip("a")], "cpu")


def test_closing_ends_it_at_once_and_whoever_waits_is_told(isolation, harmful):
    told = []

    def wait():
        try:
            isolation.ask(harmful, [clip("a", "hang")], "cpu")
        except ClosedError as error:
            told.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not asked(harmful, "a"):
        time.sleep(0.05)
    isolation.close()
    waiting.join(5)
    assert len(told) == 1


def test_what_it_began_is_ended_with_it(isolation, harmful):
    with pytest.raises(BugError):
        isolation.ask(harmful, [clip("a", "child")], "cpu")
    assert ends(int(Path(harmful.marks, "child").read_text()))


def test_it_ends_with_the_process_that_asks(tmp_path):
    program = (
        "from pipeline.runtime.isolation import *; from tests.pipeline.runtime.test_isolation import *; import os;"
        f"i = Isolation(1, WorkerLimits(memory=2**30)); i.ask(Harmful(marks={str(tmp_path)!r}), [clip('a')], 'cpu');"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert ends(int(next(tmp_path.glob("a *")).read_text()))


def test_the_memory_of_what_it_began_counts_too():
    with subprocess.Popen([sys.executable, "-c", "x = bytearray(b'1' * 2**28); input()"], stdin=subprocess.PIPE) as child:
        for _ in range(100):
            if held_bytes(os.getpid()) > held_bytes(child.pid) > 2**28:
                break
            time.sleep(0.05)
        else:
            pytest.fail("it is not counted")
        child.communicate(b"\n")


def ends(pid):
    """Tell whether a process ends within five seconds."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False
