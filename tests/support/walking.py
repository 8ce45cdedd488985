"""A modality of another package, `gait`, as an installed package registers it."""

import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from importlib import invalidate_caches

from label_studio.project import form
from pipeline.plan import read_plan
from schemas.claims import Cue, Label
from schemas.values import Span
from schemas.vocabulary.modalities import modalities
from tests.support.reported import clip

CODE = """
from schemas.vocabulary.modalities import Modality

GAIT = Modality(name="{name}", says="how a person walks", stage="{stage}", question="{question}", place={place})
"""
KEPT = (modalities, form.form, form.form_hash, form.data_keys, form.controls)
"""What a process works out once from the modalities that are registered."""


def gait(number):
    """Return a clip without media whose face and, but for each fourth, whose way of walking say something."""
    bare = clip(number, video=None, audio=None, image=None, frames=())
    steps = Cue(by="cues.gait@1#0", cue_id="gait.steps.1", modality="gait", span=Span(start=1.0, end=2.0), text="slows down")
    happy, sad = ((0.8, 0.2), (0.3, 0.7))
    said = [("face", happy), *([("gait", sad)] if number % 4 else [])]
    labels = tuple(
        Label(by=f"labels.{name}@1#0", modality=name, space="ekman7", names=("happiness", "sadness"), scores=scores)
        for name, scores in said
    )
    routed = replace(read_plan("embedded").judge, judged=True)(replace(bare, cues=(steps,), labels=labels))
    return replace(routed, routes=(replace(routed.routes[-1], decision="accept"),))


def install(folder, name="gait", stage="all", question="", place=100):
    """Write the package into an empty folder; return the variables of a process that finds it installed."""
    (folder / "walking.py").write_text(CODE.format(name=name, stage=stage, question=question, place=place))
    about = folder / "walking-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: walking\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[affectory.modalities]\n{name} = walking:GAIT\n")
    return {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}


@contextmanager
def walking(folder, **modality):
    """Let this process find it installed, until the end of the block."""
    install(folder, **modality)
    sys.path.insert(0, str(folder))
    _forget()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("walking", None)
        _forget()


def _forget():
    invalidate_caches()
    for kept in KEPT:
        kept.cache_clear()
