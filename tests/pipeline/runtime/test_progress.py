"""What a run counts, and how it is told while it goes on and when it ends."""

import io
import threading
import time

import pytest

from pipeline.runtime.progress import CLIPS, LOST, RunCounts, Steps, progress

STEPS = Steps(order=("probe", "turns.x", "cut", "labels.x", "write"), per_source=frozenset(("probe", "turns.x", "write")))


def test_a_step_counts_its_elements_and_the_time_that_they_take():
    counts = RunCounts()
    with counts.time("cut"):
        time.sleep(0.02)
    with pytest.raises(ValueError, match="bad"), counts.time("cut"):
        raise ValueError("bad")
    assert counts.counted["done cut"] == 2
    assert 20_000 <= counts.counted["microseconds cut"] < 10_000_000


def test_no_count_of_many_threads_is_lost_and_each_is_taken_once():
    counts, taken = RunCounts(), []

    def work():
        for _ in range(500):
            counts.worked("cut")
            taken.append(counts.take().get("worked cut", 0))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.counted == {"worked cut": 2000}
    assert sum(taken) == 2000
    assert counts.take() == {}


def test_the_line_tells_what_is_left_of_sources_and_of_clips():
    counted = {"done cut": 5, "done probe": 2, CLIPS: 20, LOST: 1}
    assert STEPS.line(counted, 5, 30.0) == "  30 s  probe 2/4 (~30 s left)  cut 5/20 (~90 s left)"


def test_a_step_that_is_through_or_has_no_known_end_has_no_time_left():
    assert STEPS.line({"done probe": 5, "done labels.x": 3, CLIPS: 2}, 5, 9.0) == "   9 s  probe 5  labels.x 3"


def test_the_table_has_the_steps_in_the_order_of_the_datas_way():
    counted = {"done write": 1, "microseconds write": 1_250_000, "done probe": 3, "worked probe": 2, "something else": 4}
    assert STEPS.table(counted).splitlines() == [
        "step                       items  worked   seconds",
        "probe                          3       2       0.0",
        "write                          1               1.2",
    ]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_one_line_that_is_gone_at_the_end():
    screen = Terminal()
    with progress(lambda elapsed: "x" * 500, screen):
        time.sleep(0.7)
    first, shown, last = screen.getvalue().split("\r\x1b[K")
    assert (first, last) == ("", "")
    assert set(shown) == {"x"}
    assert len(shown) < 500


def test_what_is_no_terminal_gets_no_marks_and_nothing_in_the_first_half_minute():
    log = io.StringIO()
    with progress(lambda elapsed: "line", log):
        time.sleep(0.6)
    assert log.getvalue() == ""
