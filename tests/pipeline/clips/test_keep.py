"""What is kept before it is judged: clips in which somebody speaks or is seen, and what sources look and sound like."""

from dataclasses import replace

import pytest

from pipeline.clips.keep import Keep, KeepFingerprints
from pipeline.clips.kept import FingerprintRef, Ref, kept_clip
from pipeline.runtime.context import RunContext
from schemas.claims import Fingerprint
from schemas.record import DeadLetter, Source
from tests.support.versioned import bare


@pytest.fixture
def context(tmp_path):
    return RunContext(work=tmp_path, device="cpu", workers=1)


def test_a_clip_is_kept_and_found_again(context):
    clip = replace(bare(1), speaker="S0")
    (ref,) = Keep(context).work(clip)
    assert isinstance(ref, Ref)
    assert kept_clip(ref, context) == clip


def test_a_clip_in_which_nobody_speaks_or_is_seen_is_a_dead_letter(context):
    (letter,) = Keep(context).work(replace(bare(1), speaker=None, faces=()))
    assert isinstance(letter, DeadLetter)
    assert (letter.step, letter.reason) == ("look", "nobody speaks in it and no face is seen")


def test_the_same_fingerprints_are_kept_under_one_key(context):
    print_ = Fingerprint(by="t", stream="audio", rate=8.0, reach=2.0, bits=32, codes="0000ffff")
    source = Source(source=bare(1).source, path="a.mp4", fingerprints=(print_,))
    (first,), (again,) = (KeepFingerprints(context).work(source) for _ in range(2))
    assert first == again
    assert isinstance(first, FingerprintRef)
    assert first.source_id == source.source.source_id
