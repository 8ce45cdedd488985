"""Shards: balanced, none empty, nothing lost, the budget spent on the most informative, whatever the clips."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clips.kept import Index, Ref
from pipeline.plan import ReleaseSettings
from pipeline.release.shard_plan import plan_shards
from pipeline.split.grouping import Grouping
from schemas.errors import UsageError
from schemas.versions.rows import FOLDERS
from schemas.versions.split_facts import SplitFacts

SPLITS = {"a" * 16: "train", "b" * 16: "test", "c" * 16: "train"}
FACTS = SplitFacts(links=(), components=0, largest_sources=0, largest_clips=0, splits=())
GROUPED = Grouping(splits=SPLITS, groups={name: name for name in SPLITS}, copies={}, facts=FACTS)
some_refs = st.lists(
    st.builds(
        Ref,
        source_id=st.sampled_from(list(SPLITS)),
        clip_id=st.uuids().map(lambda u: u.hex[:16]),
        start=st.floats(0, 1000),
        size=st.integers(1, 1000),
        key=st.just("0"),
        decision=st.sampled_from(list(FOLDERS)),
        priority=st.floats(0, 1),
    ),
    max_size=60,
    unique_by=lambda ref: ref.clip_id,
)
SETTINGS = ReleaseSettings(shard_bytes=2000)


def planned(refs, budget=None, order=1):
    """Return each shard with its refs."""
    by_source = {ref.source_id: [] for ref in refs}
    for ref in sorted(refs, key=lambda ref: (ref.start, ref.clip_id)):
        by_source[ref.source_id].append(ref)
    indexes = [Index(source_id=source, key=source) for source in sorted(by_source)][::order]
    shards = plan_shards(indexes, lambda index: by_source[index.source_id], SETTINGS, GROUPED, budget)
    return [(shard, [by_source[index.source_id][place] for index, places in shard.parts for place in places]) for shard in shards]


@given(some_refs)
def test_each_clip_is_in_one_shard_of_its_split_and_decision_and_no_shard_is_empty(refs):
    shards = planned(refs)
    assert sorted(ref.clip_id for _, held in shards for ref in held) == sorted(ref.clip_id for ref in refs)
    for shard, held in shards:
        assert {(SPLITS[ref.source_id], ref.decision) for ref in held} == {(shard.split, shard.decision)}
        assert held == sorted(held, key=lambda ref: (ref.source_id, ref.start, ref.clip_id))


@given(some_refs)
def test_shards_do_not_depend_on_the_order_in_which_sources_are_done(refs):
    assert planned(refs) == planned(refs, order=-1)


@given(some_refs)
def test_shards_are_numbered_through_and_about_equal(refs):
    files = {}
    for shard, held in planned(refs):
        files.setdefault((shard.decision, shard.split), []).append(shard)
        assert sum(ref.size for ref in held) <= SETTINGS.shard_bytes * 2
    for shards in files.values():
        assert [shard.number for shard in shards] == list(range(len(shards)))
        assert {shard.of for shard in shards} == {len(shards)}


@given(some_refs, st.integers(0, 60), st.booleans())
def test_the_budget_goes_to_the_most_informative_and_the_rest_is_rejected_not_accepted(refs, count, share):
    budget = f"{count}%" if share else str(count)
    allowed = round(count / 100 * len(refs)) if share else count
    shards = planned(refs, budget)
    waiting = [ref for ref in refs if ref.decision == "review"]
    seen = [ref for shard, held in shards if shard.decision == "review" for ref in held]
    assert len(seen) == min(allowed, len(waiting))
    left = [ref for ref in waiting if ref not in seen]
    assert all(a.priority >= b.priority for a in seen for b in left)
    rejected = {ref.clip_id for shard, held in shards if shard.decision == "reject" for ref in held}
    assert {ref.clip_id for ref in left} <= rejected
    assert planned([replace(ref) for ref in reversed(refs)], budget) == shards


@pytest.mark.parametrize("budget", ["", "-1", "1.5", "120%", "many", "20 %"])
def test_a_budget_that_is_none_is_refused(budget):
    with pytest.raises(UsageError, match="200 or 20%"):
        planned([], budget)
