"""A modality of another package, `gait`, as an installed package registers it."""

import os
import sys
from contextlib import contextmanager
from importlib import invalidate_caches

from label_studio.project import form
from schemas.vocabulary.modalities import modalities

CODE = """
from schemas.vocabulary.modalities import Modality

GAIT = Modality(name="{name}", says="how a person walks", stage="{stage}", question="{question}")
"""
KEPT = (modalities, form.form, form.form_hash, form.data_keys, form.controls)
"""What a process works out once from the modalities that are registered."""


def install(folder, name="gait", stage="all", question=""):
    """Write the package into an empty folder; return the variables of a process that finds it installed."""
    (folder / "walking.py").write_text(CODE.format(name=name, stage=stage, question=question))
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
