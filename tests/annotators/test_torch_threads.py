"""A block of torch's has the threads it asks for, whatever another thread asks for at that time, and leaves nothing changed."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch

from annotators.torch_threads import torch_threads


def test_what_was_before_comes_back_after_an_error_too():
    before = torch.get_num_threads()
    with torch_threads(before + 3):
        assert torch.get_num_threads() == before + 3
        with torch_threads(1):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == before + 3
    with pytest.raises(ZeroDivisionError), torch_threads(before + 1):
        _ = 1 / 0
    assert torch.get_num_threads() == before


def test_two_threads_at_a_time_have_each_what_it_asks_for():
    both = Barrier(2, timeout=60)

    def counted(count):
        with torch_threads(count):
            both.wait()
            seen = torch.get_num_threads()
            both.wait()
        return seen

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(counted, (1, 3))) == [1, 3]
