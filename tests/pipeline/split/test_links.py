"""Who is tied to whom: every pair is compared, whatever the blocks, and authors are not mixed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.split.links import FACE, VOICE, Links, PackedVector, SourceIdentity, alike_links, closest, kept_first, named_links
from schemas.claims import Likeness, Person, Speaker
from schemas.record import Clip, Origin
from schemas.values import Span

VECTORS = st.builds(PackedVector.of, st.sampled_from(["one", "two"]), st.tuples(*[st.integers(-3, 3).map(float)] * 3).filter(any))
HELD = st.lists(st.lists(VECTORS, max_size=3), max_size=12)


def cosine(a, b):
    one, other = np.asarray(a.values, np.float32), np.asarray(b.values, np.float32)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def pairs(held):
    """Every pair of vectors of one author in two sources: the sources, and the cosine."""
    for one, mine in enumerate(held):
        for other in range(one + 1, len(held)):
            yield from ((one, other, cosine(a, b)) for a in mine for b in held[other] if a.by == b.by)


@given(HELD, st.integers(1, 5))
def test_links_are_those_that_a_loop_over_all_pairs_finds(held, block):
    found = alike_links(VOICE, held, 0.7, block)
    sure = {(a, b) for a, b, value in pairs(held) if value >= 0.7001}
    perhaps = {(a, b) for a, b, value in pairs(held) if value >= 0.6999}
    assert found.pairs.tolist() == sorted(found.pairs.tolist())
    assert sure <= {tuple(pair) for pair in found.pairs.tolist()} <= perhaps


@given(HELD.filter(len), st.data())
def test_the_nearest_across_groups_is_that_of_a_loop(held, data):
    groups = np.array([data.draw(st.integers(0, 2)) for _ in held])
    across = [value for a, b, value in pairs(held) if groups[a] != groups[b]]
    found = closest(held, groups)
    assert found == (pytest.approx(max(across), abs=1e-4) if across else None)


def test_a_name_ties_each_source_to_the_one_before_that_has_it():
    def source(*names):
        return SourceIdentity(source_id="0", file="a", duration=1, pictured=True, names=names)

    assert named_links([source("Ann"), source("Ben"), source("Ann", "Ben"), source("Ann")]).pairs.tolist() == [
        [0, 2],
        [1, 2],
        [2, 3],
    ]


@pytest.mark.parametrize("other", ["zoë  lee", "ZOË LEE", "Zoe\u0308 Lee", "Zoë\u00a0Lee"])
def test_a_name_in_another_spelling_is_the_same_speaker(other):
    one, two = (SourceIdentity(source_id=name, file="a", duration=1, pictured=True, names=(name,)) for name in ("Zoë Lee", other))
    assert named_links([one, two]).pairs.tolist() == [[0, 1]]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))), st.randoms(use_true_random=False))
def test_links_do_not_depend_on_order_or_direction(found, random):
    other = [pair[::-1] for pair in found]
    random.shuffle(other)
    assert Links.of(FACE, found).pairs.tolist() == Links.of(FACE, other).pairs.tolist()


def test_a_scene_is_kept_with_picture_then_long_then_by_id():
    def source(name, duration, pictured):
        return SourceIdentity(source_id=name, file="a", duration=duration, pictured=pictured)

    order = [source("c", 5, True), source("a", 4, True), source("b", 4, True), source("d", 9, False)]
    assert kept_first(order[::-1]) == order


def test_a_source_tells_each_voice_once_each_person_as_one_face_and_nothing_of_who_says_little():
    origin = Origin(source_id="0", sha256="0", file="a.mp4", duration=9, streams="audio+video", speakers=("Ann",), split="test")

    def clip(number, speakers, track, person, face):
        return Clip(
            source=origin,
            clip_id=str(number),
            requested=Span(start=0, end=1),
            speakers=tuple(Speaker(by="v", speaker=name, seconds=s, embedding=(s,)) for name, s in speakers),
            likenesses=(Likeness(by="l", track=track, embedding=face),),
            persons=(Person(by="p", track=track, person=person),) if person else (),
        )

    clips = [
        clip(1, [("S0", 9.0), ("S1", 1.0)], "F0", "P0", (1, 0)),
        clip(2, [("S0", 9.0)], "F1", "P0", (0, 1)),
        clip(3, [], "F0", None, (1, 1)),
    ]
    told = SourceIdentity.of(clips, (), seconds=5)
    assert [voice.values.tolist() for voice in told.voices] == [[9.0]]
    assert sorted(face.values.tolist() for face in told.faces) == [[0.5, 0.5], [1.0, 1.0]]
    assert (told.names, told.given, told.pictured) == (("Ann",), "test", True)
