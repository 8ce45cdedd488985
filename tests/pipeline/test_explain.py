"""The numbers behind one decision, each beside the threshold that it was held to."""

from dataclasses import replace

import pytest

from pipeline.explain import main
from schemas.claims import Target
from tests.support.reported import written
from tests.support.walking import gait, walking


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    return written([gait(k) for k in range(4)], folder, folder)


def explained(place, capsys, clip_id):
    status = main(["--shards", str(place.parent), "--explain", clip_id])
    said = capsys.readouterr()
    return status, said.out.splitlines() or said.err


def test_it_tells_labels_likeliest_first_assessment_gates_and_priority(place, capsys):
    one = gait(1)
    status, lines = explained(place, capsys, one.clip_id[:9])
    assert status == 0
    assert lines[0] == f"{one.clip_id}  b.mp4  4.00-8.00 s  accept"
    labels = lines[lines.index("labels") + 1 : lines.index("assessment")]
    assert [line.split()[:5] for line in labels[1:3]] == [
        ["face", "happiness", "0.80", "sadness", "0.20"],
        ["gait", "sadness", "0.70", "happiness", "0.30"],
    ]
    assert labels[0].startswith("  all     ")
    assert [line.split()[:4] for line in labels[3:]] == [[name, "no", "label,", "because"] for name in ("voice", "words")]
    pair = one.assessments[-1].conflicts[0]
    told = f"a real conflict on {pair.axis}: {pair.probability:.2f} (review from 0.5), divergence {pair.divergence:.3f}"
    assert f"  face and gait: {told}, valence: " in "\n".join(lines)
    assert "  length 4.00 s (at least 1 to accept)" in lines
    assert lines[-1].startswith(f"priority {one.routes[-1].priority:.4f}, number ")
    assert lines[-1].endswith("of 4 clips; review budget none")


def test_a_registered_modality_stands_in_its_place(place, capsys, tmp_path):
    with walking(tmp_path, place=0):
        lines = explained(place, capsys, gait(1).clip_id)[1]
    labels = lines[lines.index("labels") + 1 : lines.index("assessment")]
    assert [line.split()[0] for line in labels] == ["all", "gait", "face", "voice", "words"]


def test_a_clip_that_is_not_there_is_said(place, capsys):
    assert explained(place, capsys, "zz")[0] == 2
    assert "no clips of" in explained(place, capsys, "zz")[1]


@pytest.mark.parametrize(("state", "seen"), [("absent", "no"), ("unsure", "cannot be told")])
def test_a_face_is_not_called_unseen_while_faces_were_not_looked_at(state, seen, tmp_path, capsys):
    target = Target(by="targets.made@1#0", speaker="S0", track=None, score=None, reason="made so", state=state)
    one = replace(gait(1), targets=(target,))
    lines = explained(written([one], tmp_path, tmp_path), capsys, one.clip_id)[1]
    assert f"  face of the target seen: {seen} (not needed)" in lines
