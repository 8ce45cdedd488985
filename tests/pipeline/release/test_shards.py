"""What the Hub takes again of a version that has grown, counted by its own client; and why it is little."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.plan import ReleaseSettings
from pipeline.release.shards import _groups
from tests.benchmarks.chunks import Library, release, uploads

SOURCES = 100
SETTINGS = ReleaseSettings()


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """A version of a hundred sources, and one with one source more."""
    folder = tmp_path_factory.mktemp("chunks")
    (folder / "work").mkdir()
    library = Library(folder / "work", clips=5)
    return [release(library, range(SOURCES + more), folder / f"v{more}", SETTINGS) for more in (0, 1)]


@pytest.mark.slow
def test_one_percent_more_sources_send_at_most_three_percent_of_the_bytes_again(versions):
    first, second = uploads(versions)
    assert first.share > 0.95
    print(f"{second.new:,} of {second.total:,} bytes, {second.share:.2%}")
    assert second.share <= 0.03


@pytest.mark.slow
def test_the_same_version_under_another_name_sends_nothing(versions):
    assert uploads([versions[0], versions[0]])[1].new == 0


def grouped(ids):
    rows = ({"clip_id": one, "video": None, "audio": None, "image": None} for one in ids)
    return [tuple(row["clip_id"] for row in group) for group in _groups(rows, SETTINGS)]


@given(st.integers(0, 10**6), st.data())
def test_a_clip_that_comes_changes_its_own_row_group_and_at_most_those_up_to_the_next_chosen_end(seed, data):
    rng = random.Random(seed)
    ids = [f"{rng.getrandbits(64):016x}" for _ in range(400)]
    place = data.draw(st.integers(0, 400))
    before, after = grouped(ids), grouped([*ids[:place], f"{rng.getrandbits(64):016x}", *ids[place:]])
    changed = [group for group in after if group not in before]
    assert sum(map(len, after)) == 401
    # More than two only where a row group is so long that it ends by the limit.
    assert len(changed) <= 2 or any(len(group) >= SETTINGS.row_group_rows for group in changed)
    assert all(after.index(b) == after.index(a) + 1 for a, b in pairwise(changed))
