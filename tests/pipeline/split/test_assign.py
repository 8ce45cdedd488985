"""Splits: nothing leaks, whatever the links; nothing depends on an order; nothing moves when sources are added."""

import hashlib
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.split.assign import CountedSources, SplitSettings, assigned, components, proven
from pipeline.split.links import FACE, SCENE, SPEAKER, VOICE, Links, SourceIdentity
from schemas.errors import LeakError, UsageError
from schemas.validate import validate

SETTINGS = SplitSettings()
LABELS = ("anger", "happiness", "neutral")


def source(number, given=None):
    name = hashlib.sha256(f"source {number}".encode()).hexdigest()[:16]
    return SourceIdentity(source_id=name, file=f"{number}.mp4", duration=9.0, pictured=True, given=given)


@st.composite
def worlds(draw):
    """Sources, links of each kind between them, and how many clips of each label each has."""
    count = draw(st.integers(1, 40))
    some = st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=12)
    links = tuple(Links.of(kind, draw(some)) for kind in (SPEAKER, VOICE, FACE, SCENE))
    clips = draw(st.lists(st.tuples(*[st.integers(0, 5)] * len(LABELS)), min_size=count, max_size=count))
    return [source(number) for number in range(count)], links, CountedSources(LABELS, np.array(clips, np.int64))


def shuffled(world, order):
    kin, links, counted = world
    place = {old: new for new, old in enumerate(order)}
    moved = tuple(Links.of(each.kind, [(place[a], place[b]) for a, b in each.pairs.tolist()]) for each in links)
    return [kin[old] for old in order], moved, CountedSources(LABELS, counted.clips[list(order)])


def by_id(world, earlier=(), settings=SETTINGS):
    kin, links, counted = world
    splits = assigned(kin, links, counted, settings, dict(earlier))
    return {one.source_id: split for one, split in zip(kin, splits, strict=True)}


@given(worlds())
def test_no_component_spans_two_splits_and_the_proof_says_so(world):
    kin, links, counted = world
    splits = assigned(kin, links, counted, SETTINGS, {})
    groups = components(len(kin), links)
    assert len({(group, split) for group, split in zip(groups.tolist(), splits, strict=True)}) == groups.max() + 1
    for each in links:
        assert all(splits[a] == splits[b] for a, b in each.pairs.tolist())
    facts = proven(kin, links, counted, splits, SETTINGS)
    assert all(told.crossing == 0 for told in facts.links)
    assert sum(rows.clips for rows in facts.splits) == counted.clips.sum()
    assert sum(rows.components for rows in facts.splits) == facts.components


@given(worlds(), st.randoms(use_true_random=False))
def test_splits_do_not_depend_on_the_order_of_sources_or_links(world, random):
    order = list(range(len(world[0])))
    random.shuffle(order)
    assert by_id(shuffled(world, order)) == by_id(world)


@given(worlds(), st.data())
def test_added_sources_move_none_unless_a_new_link_joins_two_splits(world, data):
    kin, links, counted = world
    old = data.draw(st.integers(1, len(kin)))
    before = (
        kin[:old],
        tuple(Links(each.kind, each.pairs[(each.pairs < old).all(axis=1)]) for each in links),
        CountedSources(LABELS, counted.clips[:old]),
    )
    earlier = by_id(before)
    now = by_id(world, earlier)
    for group, members in grouped(kin, links).items():
        had = {earlier[one.source_id] for one in members if one.source_id in earlier}
        if had:
            first = min(had, key=("train", "validation", "test").index)
            assert {now[one.source_id] for one in members} == {first}, group


def grouped(kin, links):
    found = {}
    for one, group in zip(kin, components(len(kin), links).tolist(), strict=True):
        found.setdefault(group, []).append(one)
    return found


@given(worlds())
def test_a_build_on_top_of_itself_changes_nothing(world):
    assert by_id(world, by_id(world)) == by_id(world)


@given(worlds(), st.sampled_from(["train", "test", "held-out"]))
def test_a_stated_split_is_kept_for_all_that_belongs_to_it_even_against_an_earlier_version(world, stated):
    kin, links, counted = world
    members = grouped(kin, links)[0]
    kin = [source(number, stated if one is members[-1] else None) for number, one in enumerate(kin)]
    now = by_id((kin, links, counted), {one.source_id: "validation" for one in kin})
    assert {now[one.source_id] for one in members} == {stated}


def test_stated_splits_that_leak_are_refused_with_the_files_and_what_ties_them():
    kin = [source(0, "train"), source(1), source(2, "test")]
    links = (Links.of(VOICE, [(0, 1)]), Links.of(SCENE, [(1, 2)]))
    counted = CountedSources(LABELS, np.ones((3, 3), np.int64))
    with pytest.raises(UsageError) as told:
        assigned(kin, links, counted, SETTINGS, {})
    assert str(told.value) == (
        "sources.csv: 0.mp4 is in train and 2.mp4 in test, which leaks: 0.mp4 has the same voice as 1.mp4, "
        "which has the same scene as 2.mp4; state one split for them, or take one away"
    )


def test_a_planted_leak_stops_the_build():
    kin = [source(0), source(1)]
    counted = CountedSources(LABELS, np.ones((2, 3), np.int64))
    with pytest.raises(LeakError, match=r"1 links cross splits: 0\.mp4 in train and 1\.mp4 in test have the same face"):
        proven(kin, [Links.of(FACE, [(0, 1)])], counted, ["train", "test"], SETTINGS)


def many(count, seed=0):
    random = np.random.default_rng(seed)
    speakers = random.integers(0, count // 4, count)
    pairs = [pair for speaker in set(speakers.tolist()) for pair in pairwise(np.flatnonzero(speakers == speaker).tolist())]
    clips = random.multinomial(10, [0.1, 0.3, 0.6], count)
    return [source(number) for number in range(count)], (Links.of(SPEAKER, pairs),), CountedSources(LABELS, clips)


def test_splits_are_of_the_wanted_size_and_alike_in_their_labels():
    kin, links, counted = many(400)
    facts = proven(kin, links, counted, assigned(kin, links, counted, SETTINGS, {}), SETTINGS)
    total = counted.clips.sum(axis=0)
    for rows, share in zip(facts.splits, SETTINGS.shares, strict=True):
        assert rows.clips == pytest.approx(share * total.sum(), rel=0.35)
        for label, all_of_it in zip(LABELS, total, strict=True):
            assert rows.labels[label] <= np.ceil(share * all_of_it * (1 + SETTINGS.slack))


def test_from_scratch_most_sources_stay_when_one_in_a_hundred_is_added():
    world = many(404)
    kin, links, counted = world
    few = (
        kin[:400],
        (Links(SPEAKER, links[0].pairs[(links[0].pairs < 400).all(axis=1)]),),
        CountedSources(LABELS, counted.clips[:400]),
    )
    before, after = by_id(few), by_id(world)
    moved = sum(after[name] != split for name, split in before.items())
    assert moved <= 0.05 * len(before)


def test_ten_speakers_fill_all_three_splits():
    kin = [source(number) for number in range(10)]
    counted = CountedSources(("neutral",), np.full((10, 1), 7))
    assert Counter(assigned(kin, [], counted, SETTINGS, {})) == {"train": 8, "validation": 1, "test": 1}


@pytest.mark.parametrize(
    ("table", "told"), [({"train": 0.9}, "1.1 together, not 1"), ({"test": -0.1}, "greater than"), ({"trian": 1}, "trian")]
)
def test_settings_that_cannot_work_are_refused(table, told):
    with pytest.raises(UsageError, match=told):
        validate(SplitSettings, table, "plan: [split]")
