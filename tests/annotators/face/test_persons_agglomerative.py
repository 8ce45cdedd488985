import time

import numpy as np
import pytest

from annotators.face.persons_agglomerative import AgglomerativePersons, cluster
from schemas.claims import Likeness
from schemas.record import Clip, Origin
from schemas.values import Span
from tests.support.seen import face

PERSONS = AgglomerativePersons()
ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=9, streams="video")
ANNA, BERT = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def record(*faces, start=0.0):
    """A clip with faces given as (track, vector or None, times)."""
    span = Span(start=start, end=start + 1)
    tracks, likenesses = [], []
    for name, vector, times in faces:
        tracks.append(face(name, times))
        if vector is not None:
            likenesses.append(Likeness(by="likenesses.x@1#0", track=name, embedding=vector))
    return Clip(source=ORIGIN, clip_id="1" * 16, requested=span, actual=span, faces=tuple(tracks), likenesses=tuple(likenesses))


def named(*records):
    return [{claim.track: claim.person for claim in claims} for claims in PERSONS.annotate(None, records)]


EARLY, LATE = (0.0, 0.1, 0.2), (0.5, 0.6, 0.7)


def test_persons_hold_across_clips_and_are_numbered_as_they_appear():
    assert named(
        record(("F0", BERT, LATE), ("F1", ANNA, EARLY)), record(("F0", BERT, EARLY)), record(("F0", (0.0, 0.0, 1.0), EARLY))
    ) == [{"F0": "P1", "F1": "P0"}, {"F0": "P1"}, {"F0": "P2"}]


def test_two_seen_at_once_are_two_people_however_alike():
    assert named(record(("F0", ANNA, EARLY), ("F1", ANNA, EARLY))) == [{"F0": "P0", "F1": "P1"}]
    assert named(record(("F0", ANNA, EARLY), ("F1", ANNA, LATE))) == [{"F0": "P0", "F1": "P0"}]


def test_a_face_without_likeness_is_nobody_and_no_faces_are_no_persons():
    assert named(record(("F0", None, EARLY)), record()) == [{}, {}]
    assert PERSONS.annotate(None, []) == []


@pytest.mark.parametrize("block", [10, 50, 1000])
def test_blocks_find_the_same_people_as_all_at_once(block):
    rng = np.random.default_rng(1)
    people = rng.normal(size=(7, 64))
    who = rng.integers(0, 7, 200)
    vectors = people[who] + rng.normal(size=(200, 64)) * 0.3
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    groups = cluster(vectors, set(), 0.6, block)
    assert sorted(groups) == sorted(tuple(np.flatnonzero(who == k).tolist()) for k in range(7))


def test_three_thousand_tracks_take_seconds():
    rng = np.random.default_rng(2)
    people = rng.normal(size=(40, 128))
    vectors = people[rng.integers(0, 40, 3000)] + rng.normal(size=(3000, 128)) * 0.4
    start = time.monotonic()
    assert len(cluster(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), set(), 0.6, 4000)) == 40
    assert time.monotonic() - start < 30
