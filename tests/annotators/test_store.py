"""The work store under crashes, copies and crowds."""

import multiprocessing
import os
import signal
import time

import pytest
from pydantic import TypeAdapter

from annotators.store import WorkStore
from schemas.atomic import write_atomic

WORDS = TypeAdapter(tuple[str, ...])


def test_what_is_put_comes_back_and_what_was_never_put_does_not(tmp_path):
    store = WorkStore(tmp_path)
    store.put("claims", "ab12", ("one", "two"), WORDS)
    assert store.get("claims", "ab12", WORDS) == ("one", "two")
    assert store.get("claims", "ab13", WORDS) is None


def test_a_damaged_answer_counts_as_none(tmp_path):
    store = WorkStore(tmp_path)
    store.put("claims", "ab12", ("one", "two"), WORDS)
    file = next(tmp_path.rglob("ab12.json"))
    file.write_bytes(file.read_bytes()[:-3])
    assert store.get("claims", "ab12", WORDS) is None


def test_equal_blobs_are_kept_once_under_their_own_hash(tmp_path):
    store = WorkStore(tmp_path)
    assert store.blob(b"still", "jpg") == store.blob(b"still", "jpg")
    assert len(list(tmp_path.rglob("*.jpg"))) == 1


def test_a_made_file_is_adopted_and_a_failed_one_leaves_nothing(tmp_path):
    store = WorkStore(tmp_path)
    path, told = store.adopt(lambda out: out.write_bytes(b"clip"), "mp4")
    assert told == 4
    assert (tmp_path / path).read_bytes() == b"clip"
    with pytest.raises(ZeroDivisionError):
        store.adopt(lambda out: (out.write_bytes(b"half"), 1 / 0), "mp4")
    assert len(list(tmp_path.rglob("*.mp4"))) == 1


def _write_forever(place):
    while True:
        write_atomic(place, b"x" * 5_000_000)


def test_a_reader_never_sees_half_a_file_though_the_writer_is_killed(tmp_path):
    place = tmp_path / "answer"
    write_atomic(place, b"x" * 5_000_000)
    for _ in range(5):
        writer = multiprocessing.get_context("spawn").Process(target=_write_forever, args=(place,))
        writer.start()
        time.sleep(0.3)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        assert place.stat().st_size == 5_000_000
