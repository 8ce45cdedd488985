"""What people answer about one version changes the plan of the next one, and the manifest says by how much."""

import random
from dataclasses import replace

import pytest

from label_studio.consensus.consensus import fit_consensus
from label_studio.project.answers import Answer, Given
from pipeline.feedback.teaching import apply_feedback, judged
from pipeline.plan import read_plan
from pipeline.rights.withdrawn import Withdrawn, WithdrawnClip, WithdrawnSource
from schemas.versions.rows import find_clip, read_clips
from schemas.vocabulary.distributions import likeliest, scores_of
from schemas.vocabulary.spaces import space
from tests.support.feeling import felt
from tests.support.reported import clip, written

NAMES = space("ekman7").labels
CLIPS = 150


@pytest.fixture(scope="module")
def out(media_files, tmp_path_factory):
    judge = replace(read_plan("embedded").judge, judged=True)
    folder = tmp_path_factory.mktemp("taught")
    written([felt(clip(number), judge) for number in range(CLIPS)], media_files, folder)
    return folder


def most(one, modality):
    (found,) = [label for label in one.labels if label.modality == modality] or [None]
    return found and likeliest(scores_of(found))


def consensus(out, right, only=slice(None)):
    return fit_consensus(tuple(answered(out, right))[only], read_plan("embedded").review)


def answered(out, right):
    """Yield what two people say who agree: with the machine about the voice always, about the face in this share of the clips."""
    rng = random.Random(1)
    for one in read_clips(out / "v1", ("labels",)):
        face, voice = most(one, "face"), most(one, "voice")
        face = face and (face if rng.random() < right else rng.choice(NAMES))
        said = {"face": face, "voice": voice, "all": voice or face or "neutral"}
        given = tuple(Given(modality=modality, names=(name,)) for modality, name in said.items() if name)
        for who in ("ann", "bob"):
            yield Answer(
                answer_id=f"{one.clip_id}{who}",
                clip_id=one.clip_id,
                version="v1",
                form="0",
                kind="conflict",
                reviewer=who,
                seconds=8.0,
                submitted="2026-11-21T10:00:00Z",
                given=given,
            )


def test_a_face_that_was_too_sure_is_less_sure_in_the_next_version_and_the_manifest_says_so(out):
    plan = read_plan("embedded")
    better, told = apply_feedback(plan, consensus(out, right=0.3), out)
    learned = {one.what.partition("@")[0]: one for one in told.learned}
    assert learned["labels.face_made"].after > 1.3
    assert learned["labels.face_made"].measure_after < learned["labels.face_made"].measure_before
    assert dict(better.assess.temperatures)["labels.face_made@1#0"] == learned["labels.face_made"].after
    assert better.hash != plan.hash
    assert (told.answers, told.decided, told.disputed) == (2 * CLIPS, CLIPS, 0)
    assert {one.field: one.alpha for one in told.fields}["face"] == 1.0


def test_the_same_answers_teach_the_same_in_whatever_order(out):
    plan = read_plan("embedded")
    one, other = (consensus(out, 0.3, slice(None, None, step)) for step in (1, -1))
    assert apply_feedback(plan, one, out) == apply_feedback(plan, other, out)


def test_few_answers_and_versions_that_are_gone_teach_nothing_but_are_counted(out, tmp_path):
    plan = read_plan("embedded")
    better, told = apply_feedback(plan, consensus(out, 0.3, slice(20)), out)
    assert (better, told.learned, told.answers) == (plan, (), 20)
    assert list(judged(consensus(out, 0.3), tmp_path)) == []
    assert apply_feedback(plan, consensus(out, 0.3, slice(0)), out) == (plan, None)


def test_what_was_withdrawn_teaches_nothing(out):
    people = consensus(out, 0.3)
    everybody = list(judged(people, out))
    gone = everybody[0].clip_id
    left = find_clip(out / "v1", gone, ("requested", "source"))
    span, source_id = left.requested, left.source.source_id
    by_clip = Withdrawn(clips=(WithdrawnClip(source_id="x", clip_id="y", span=span),))
    assert list(judged(people, out, by_clip)) == everybody
    by_clip = Withdrawn(clips=(WithdrawnClip(source_id=source_id, clip_id=gone, span=span),))
    assert list(judged(people, out, by_clip)) == everybody[1:]
    by_source = Withdrawn(sources=(WithdrawnSource(source_id=source_id),))
    assert 0 < len(list(judged(people, out, by_source))) < CLIPS
