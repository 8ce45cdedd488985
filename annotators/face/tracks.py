"""Faces of single pictures joined over time. Pure: no picture is looked at here."""

from __future__ import annotations

import math
from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotators.face.finding import Face
from schemas.claims import FaceTrack
from schemas.values import Box, Span

_IOU, _DRIFT, _GROWTH = 0.2, 0.7, 2.0
_HEAD, _FULL = 0.4, 0.12
"""Face heights per frame height: from a head that fills the frame with its shoulders, and below which a standing person fits."""
BRIEF = "brief"
"""Why a face that was looked at is not followed: it was not seen for long enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One face at one time, in seconds."""

    time: float
    face: Face


Run = tuple[Sample, ...]


def link_faces(looks: Sequence[tuple[float, tuple[Face, ...]]], gap: float) -> list[Run]:
    """Return one run of samples per face, from what was seen at each time in order.

    A face goes on from the nearest run whose last box overlaps or lies close with a like size, at most `gap` seconds ago.
    """
    runs: list[list[Sample]] = []
    for time, faces in looks:
        pairs = sorted(
            (cost, run, face)
            for run, samples in enumerate(runs)
            if time - samples[-1].time <= gap + 1e-6
            for face, seen in enumerate(faces)
            if (cost := _cost(samples[-1].face.box, seen.box)) is not None
        )
        went_on: set[int] = set()
        taken: set[int] = set()
        for _, run, face in pairs:
            if run not in went_on and face not in taken:
                went_on.add(run)
                taken.add(face)
                runs[run].append(Sample(time=time, face=faces[face]))
        runs += [[Sample(time=time, face=seen)] for face, seen in enumerate(faces) if face not in taken]
    return [tuple(run) for run in runs]


def lasting(runs: Sequence[Run], rate: float, shortest: float) -> list[Run]:
    """Return the runs seen for at least `shortest` seconds' worth of samples, largest mean face first."""
    kept = [run for run in runs if len(run) >= max(2, math.ceil(shortest * rate - 1e-6))]
    return sorted(kept, key=lambda run: (-area(run), run[0].time, run[0].face.box.x))


def left_out(looks: Sequence[tuple[float, tuple[Face, ...]]], kept: Sequence[Run], gap: float) -> Mapping[str, int]:
    """Return how many faces were found and are in none of the runs that were kept, by the commonest reason of each.

    One face is what lies in one place with a like size, however long it is lost in between. What goes on from a kept run, or is
    taken up by one, within `gap` seconds is that run's face.
    """
    held = {(sample.time, sample.face.box) for run in kept for sample in run}
    rest = [(time, tuple(face for face in faces if (time, face.box) not in held)) for time, faces in looks]
    others = [run for run in link_faces(rest, math.inf) if not any(_one_face(run, one, gap) for one in kept)]
    return Counter(Counter(sample.face.left_out or BRIEF for sample in run).most_common(1)[0][0] for run in others)


def _one_face(run: Run, kept: Run, gap: float) -> bool:
    """Tell whether two runs are one face: never seen at once, and somewhere at most `gap` seconds and little way apart."""
    times = [sample.time for sample in kept]
    near = [(sample, kept[place]) for sample in run for place in _beside(times, sample.time)]
    if any(one.time == other.time for one, other in near):
        return False
    close = ((one, other) for one, other in near if abs(one.time - other.time) <= gap + 1e-6)
    return any(_cost(one.face.box, other.face.box) is not None for one, other in close)


def _beside(times: Sequence[float], time: float) -> range:
    """Return the places of the last of the times up to `time` and of the first after it."""
    after = bisect(times, time)
    return range(max(0, after - 1), min(len(times), after + 1))


def with_mesh(run: Run, share: float) -> Run:
    """Return the samples that have a mesh, where at least `share` of them do; else the run as it is."""
    meshes = tuple(sample for sample in run if sample.face.mesh is not None)
    return meshes if len(meshes) >= max(2, share * len(run)) else run


def has_mesh(run: Run) -> bool:
    """Tell whether every sample has a mesh."""
    return all(sample.face.mesh is not None for sample in run)


def area(run: Run) -> float:
    """Return the mean share of the frame that the face covers, 0 to 1."""
    return sum(sample.face.box.area for sample in run) / len(run)


def view(run: Run) -> str:
    """Return head, half or full, from the median height of the face in the frame."""
    heights = sorted(sample.face.box.height for sample in run)
    height = heights[len(heights) // 2]
    if height >= _HEAD:
        return "head"
    return "half" if height >= _FULL else "full"


def track(run: Run, name: str, rate: float, by: str, whole: Run = ()) -> FaceTrack:
    """Return the claim; series that need a mesh are empty where the run has samples without one.

    `whole` is the run with its samples that have no mesh, in which the face is followed all the same. The span ends with the last
    sample: what comes before the next one was not looked at.
    """
    held = {sample.time for sample in run}
    bare = [sample for sample in whole if sample.time not in held]
    every = sorted((*run, *bare), key=lambda sample: sample.time)
    meshes = [sample.face.mesh for sample in run if sample.face.mesh is not None] if has_mesh(run) else []
    return FaceTrack(
        by=by,
        track=name,
        span=Span(start=every[0].time, end=every[-1].time),
        rate=rate,
        view=view(run),
        area=area(run),
        times=tuple(sample.time for sample in run),
        boxes=tuple(sample.face.box for sample in run),
        scores=tuple(sample.face.score for sample in run),
        yaw=tuple(mesh.yaw for mesh in meshes),
        pitch=tuple(mesh.pitch for mesh in meshes),
        roll=tuple(mesh.roll for mesh in meshes),
        blendshapes=tuple(mesh.shapes for mesh in meshes),
        landmarks=tuple(mesh.landmarks for mesh in meshes),
        gaze_yaw=tuple(mesh.gaze[0] for mesh in meshes),
        gaze_pitch=tuple(mesh.gaze[1] for mesh in meshes),
        misfit=tuple(mesh.misfit for mesh in meshes),
        bare_times=tuple(sample.time for sample in bare),
        bare_boxes=tuple(sample.face.box for sample in bare),
    )


def _cost(last: Box, now: Box) -> float | None:
    """Return how far two boxes are apart (0: the same), None where they cannot be one face."""
    size = max(last.width, now.width), max(last.height, now.height)
    across = abs(last.x + last.width / 2 - now.x - now.width / 2) / size[0]
    down = abs(last.y + last.height / 2 - now.y - now.height / 2) / size[1]
    grown = max(last.height, now.height) / min(last.height, now.height)
    iou = last.iou(now)
    if iou < _IOU and (math.hypot(across, down) > _DRIFT or grown > _GROWTH):
        return None
    return 1 - iou + math.hypot(across, down)
