"""Shards: balanced, none empty, nothing lost, whatever the clips."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assemble import Ref, plan_shards
from pipeline.plan import ReleaseSettings

some_refs = st.lists(
    st.builds(
        Ref,
        source_id=st.sampled_from(["a" * 16, "b" * 16]),
        clip_id=st.uuids().map(lambda u: u.hex[:16]),
        start=st.floats(0, 1000),
        split=st.sampled_from(["train", "test"]),
        size=st.integers(1, 1000),
        key=st.just("0"),
    ),
    max_size=60,
    unique_by=lambda ref: ref.clip_id,
)
SETTINGS = ReleaseSettings(shard_bytes=2000)


@settings(deadline=None)
@given(some_refs)
def test_each_clip_is_in_one_shard_of_its_split_and_no_shard_is_empty(refs):
    shards = list(plan_shards(refs, SETTINGS))
    assert sorted(ref.clip_id for shard in shards for ref in shard.refs) == sorted(ref.clip_id for ref in refs)
    for shard in shards:
        assert shard.refs
        assert {ref.split for ref in shard.refs} == {shard.split}


@settings(deadline=None)
@given(some_refs)
def test_shards_do_not_depend_on_the_order_in_which_clips_are_done(refs):
    assert list(plan_shards(refs, SETTINGS)) == list(plan_shards(reversed(refs), SETTINGS))


@settings(deadline=None)
@given(some_refs)
def test_shards_are_numbered_through_and_about_equal(refs):
    for split in ("train", "test"):
        shards = [shard for shard in plan_shards(refs, SETTINGS) if shard.split == split]
        assert [shard.number for shard in shards] == list(range(len(shards)))
        assert {shard.of for shard in shards} <= {len(shards)}
        assert all(sum(ref.size for ref in shard.refs) <= SETTINGS.shard_bytes * 2 for shard in shards)
