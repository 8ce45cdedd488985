import os
import subprocess
import sys
from dataclasses import replace

import pytest

from schemas.claims import ABSENT, UNSURE, Target
from schemas.vocabulary.modalities import FACE, VOICE, WORDS, modalities
from tests.support.reported import clip

TARGET = Target(by="targets.made@1#0", speaker="S0", track=None, score=None, reason="made so")


def test_the_built_in_modalities_come_first_and_in_order():
    assert list(modalities().values())[:3] == [FACE, VOICE, WORDS]


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ((replace(TARGET, track="F0"),), "the face cannot be read"),
        ((replace(TARGET, state=ABSENT),), "the face is not seen"),
        ((replace(TARGET, state=UNSURE),), "whose face it is cannot be told"),
        ((), "whose face it is cannot be told"),
    ],
)
def test_a_face_is_not_seen_only_where_every_face_was_looked_at(targets, reason):
    assert FACE.missing(clip(0, targets=targets)) == reason


def installed(folder, name, code, value):
    """Install a package with one modality; return what a new process says of all."""
    (folder / "lab.py").write_text("from schemas.vocabulary.modalities import Modality\n" + code)
    place = folder / "lab-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n")
    (place / "entry_points.txt").write_text(f"[affectory.modalities]\n{name} = {value}\n")
    ask = "from schemas.vocabulary.modalities import modalities; print([*modalities()])"
    paths = os.pathsep.join([str(folder), *sys.path])
    env = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, text=True, check=False)


def test_a_modality_of_another_package_stands_behind_them(tmp_path):
    found = installed(tmp_path, "gait", "GAIT = Modality(name='gait', says='how a person walks')\n", "lab:GAIT")
    assert found.stdout == "['face', 'voice', 'words', 'gait']\n"


def test_a_modality_that_names_itself_otherwise_or_is_registered_twice_is_refused(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    code = "GAIT = Modality(name='gait', says='how a person walks')\n"
    assert "names itself 'gait'" in installed(tmp_path / "one", "walk", code, "lab:GAIT").stderr
    assert "two installed packages register face" in installed(tmp_path / "two", "face", code, "lab:GAIT").stderr
