"""Faces of a clip: where they are, how they are turned, what they do, and the stills worth keeping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from annotators.annotator import Annotator
from annotators.face.finding import BEYOND, SMALL, Face, FaceAnalyzer
from annotators.face.key_frames import Album, best_face, expression_peak
from annotators.face.tracks import BRIEF, Run, lasting, left_out, link_faces, track, with_mesh
from annotators.face.wide_search import WideSearch
from annotators.media import decoder
from annotators.models import local
from schemas.claims import Claim, KeyFrame, MediaFile, Overlooked
from schemas.record import Clip


@dataclass(frozen=True, kw_only=True)
class MediapipeFaces(Annotator[Clip, FaceAnalyzer]):
    """YuNet + FaceLandmarker at `rate` Hz, joined into tracks F0, F1, … from the largest down.

    A clip without picture or without faces gets no claim. A track that has meshes in at least `fitted_share` of its samples has
    pose and blendshapes there, and is followed by its boxes alone through the rest (in profile, behind a hand); other tracks keep
    their boxes and have no pose and no blendshapes. Faces that are found and not followed are counted, by reason.
    """

    name: ClassVar[str] = "faces.mediapipe"
    version: ClassVar[str] = "3+mediapipe-1.2"
    requires: ClassVar[tuple[str, ...]] = ("video",)
    provides: ClassVar[tuple[str, ...]] = ("faces", "frames", "overlooked")

    model: str = "face-landmarker"
    finder_model: str = "yunet-int8"
    rate: float = 12.0
    """Samples per second; lips need 10 or more."""
    search: int = 640
    """Pixels along the longer side of the picture in which faces are searched at every sample."""
    certain: float = 0.6
    """Least score of the finder, 0 to 1."""
    smallest: float = 0.025
    """Least height of a face, in frame heights."""
    least: float = 14.0
    """Least height of a face, in pixels of the picture that is looked at."""
    wide_every: int = 6
    """Pictures larger than `search` are looked at as they are at one of so many samples; what is found there only is looked for
    about its place at the others."""
    most: int = 25
    """Most faces per picture, largest first: a call of 5 x 5. Each takes 10 ms of one core per sample."""
    gap: float = 0.5
    """Longest time in seconds that a face may be lost and still be the same track."""
    shortest: float = 0.4
    """Least seconds' worth of samples of a track."""
    fitted_share: float = 0.3
    """Least share of samples with a mesh for a track to have pose and blendshapes."""
    portraits: int = 2
    """How many tracks give stills."""
    still_width: int = 1280
    """Widest still in pixels; also the width to which wider pictures are scaled before anything else."""

    def load(self, device: str) -> FaceAnalyzer:
        """Return the models; they run on the CPU whatever the device."""
        return FaceAnalyzer.load(local.path(self.finder_model), local.path(self.model), self.search, self.certain)

    def annotate(self, model: FaceAnalyzer, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return tracks, then key frames, then what was left out, per clip."""
        return [self._one(model, record) for record in records]

    def _one(self, model: FaceAnalyzer, record: Clip) -> tuple[Claim, ...]:
        if record.video is None or record.video.path is None:
            return ()
        album, finder = Album(), WideSearch(finder=model.finder, wide=model.wide, every=self.wide_every)
        found: list[tuple[float, tuple[Face, ...]]] = []
        looks: list[tuple[float, tuple[Face, ...]]] = []
        for frame in decoder.frames(Path(record.video.path), self.rate, width=self.still_width):
            least = max(self.least, self.smallest * frame.image.shape[0])
            found.append((frame.time, model.sorted_out(frame.image, finder.find(frame.image), least, self.most)))
            faces = tuple(face for face in found[-1][1] if not face.left_out)
            if faces:
                album.offer(frame.time, frame.image)
                looks.append((frame.time, faces))
        kept = lasting(link_faces(looks, self.gap), self.rate, self.shortest)
        runs = [with_mesh(run, self.fitted_share) for run in kept]
        named = enumerate(zip(runs, kept, strict=True))
        tracks = [track(run, f"F{number}", self.rate, self.key, whole) for number, (run, whole) in named]
        stills = album.stills()
        frames = [frame for number, run in enumerate(runs[: self.portraits]) for frame in self._frames(f"F{number}", run, stills)]
        return (*tracks, *frames, *self._overlooked(left_out(found, kept, self.gap)))

    def _overlooked(self, numbers: Mapping[str, int]) -> Iterator[Overlooked]:
        """Yield how many faces were not followed, one claim per reason."""
        reasons = {
            BEYOND: f"smaller than the {self.most} largest of a picture, which are looked at",
            SMALL: f"lower than {100 * self.smallest:g} % of the picture, or than {self.least:g} pixels",
            BRIEF: f"seen for less than {self.shortest:g} s",
        }
        for why, reason in reasons.items():
            if numbers.get(why):
                yield Overlooked(by=self.key, faces=numbers[why], reason=reason)

    def _frames(self, name: str, run: Run, stills: dict[float, bytes]) -> Iterator[KeyFrame]:
        pictured = tuple(sample for sample in run if sample.time in stills)
        chosen = {"best_face": best_face(pictured), "expression_peak": expression_peak(pictured)} if pictured else {}
        for kind, sample in chosen.items():
            if sample is not None:
                image = MediaFile(bytes=stills[sample.time])
                yield KeyFrame(by=self.key, kind=kind, time=sample.time, track=name, image=image)
