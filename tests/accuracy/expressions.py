"""`python -m tests.accuracy.expressions FOLDER`: `labels.face_expression` on sets of labelled pictures and films.

FOLDER holds `SET/LABEL/*`, LABEL of label space ekman7; sets come from repositories whose terms let them be measured on and not
shipped (docs/accuracy.md names them). Pictures of up to 64 pixels are enlarged fourfold in a frame, as the finder needs. The
second table shows what is left of those of the set `photographs` when faces are made small, blurred and hidden.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.face.labels_face_expression import FaceExpression, Sight
from annotators.face.tracks import Sample, track
from annotators.models import local
from tests.accuracy import face
from tests.support.seen import clip, with_faces

FILMS = {".mp4", ".mov", ".webm"}
HEIGHTS = (128, 96, 64, 48, 40, 32, 22)
BLURS = (0.01, 0.02, 0.03, 0.04)
"""Standard deviations in face heights."""
COVERS = {
    "mouth (a hand)": (0.5, 0.8, 0.33, 0.2, None),
    "mouth (dark)": (0.5, 0.85, 0.22, 0.2, (30, 30, 34)),
    "lower half (a mask)": (0.5, 0.8, 0.46, 0.3, (225, 228, 230)),
    "eyes (dark)": (0.5, 0.4, 0.5, 0.13, (25, 25, 28)),
    "one side (a hand)": (0.1, 0.6, 0.4, 0.6, None),
}
"""Middle and radii of an ellipse in sizes of the face box, and its colour; None: that of the skin."""


class Measured:
    """The models, and what they say of a picture or film."""

    def __init__(self) -> None:
        self.expression, self.faces = FaceExpression(), MediapipeFaces()
        for name in (*self.expression.model_names(), *self.faces.model_names()):
            local.fetch(name)
        self.reader, self.looker = self.expression.load("cpu"), self.faces.load("cpu")

    def seen(self, image: np.ndarray):
        """Return a track of one sample, the largest face; None where none is found."""
        found = self.looker.look(image, 0.02, 5)
        return track((Sample(time=0.0, face=found[0]),), "F0", 12.0, self.faces.key) if found else None

    def still(self, image: np.ndarray) -> tuple[tuple[float, ...] | Sight, float | None]:
        """Return the scores, or the sight that stands in the way, and the yaw."""
        at = self.seen(image)
        if at is None:
            return Sight(time=0.0, obstacle="not found"), None
        return face.read(image, at, self.expression, self.reader), at.yaw[0] if at.yaw else None

    def film(self, path: Path) -> tuple[float, ...] | Sight:
        """Return the scores of the label of the largest face, all of it silent."""
        record = clip(path, speaker=None)
        record = with_faces(record, self.faces.annotate(self.looker, [record])[0])
        if not record.faces:
            return Sight(time=0.0, obstacle="not found")
        silent = np.zeros(len(record.faces[0].times), bool)
        sights = list(self.expression.sights(self.reader, path, record.faces[0], silent))
        pooled = self.expression.pooled(sights, np.zeros(len(sights), bool), self.expression.every / record.faces[0].rate)
        return sights[0] if pooled is None else self.expression.label(pooled).scores


def opened(path: Path) -> np.ndarray:
    """Return a picture as RGB: at most 1280 wide, and one of up to 64 pixels enlarged in a frame."""
    import cv2

    image = cv2.imread(str(path), cv2.IMREAD_COLOR)[:, :, ::-1]
    high, wide = image.shape[:2]
    if wide > 1280:
        image = cv2.resize(image, (1280, round(high * 1280 / wide)), interpolation=cv2.INTER_AREA)
    if max(high, wide) <= 64:
        image = cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        image = cv2.copyMakeBorder(image, 64, 64, 64, 64, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(image)


def changed(image: np.ndarray, box) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what becomes of a picture, the face 144 pixels high at most before it is blurred or covered."""
    import cv2

    high = box.height * image.shape[0]
    for height in HEIGHTS:
        if height < high:
            yield f"{height} pixels high", _packed(_scaled(image, height / high))
    whole = _scaled(image, min(1.0, 144 / high))
    for blur in BLURS:
        yield f"blurred by {blur:.0%} of its height", _packed(cv2.GaussianBlur(whole, (0, 0), blur * min(high, 144)))
    for name, (across, down, wide, tall, colour) in COVERS.items():
        yield f"covered: {name}", _covered(whole, box, (across, down), (wide, tall), colour)
    yield "as it is", whole


def _scaled(image: np.ndarray, scale: float) -> np.ndarray:
    import cv2

    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image


def _packed(image: np.ndarray) -> np.ndarray:
    """Return the picture as a film of middling quality keeps it."""
    import cv2

    kept = cv2.imencode(".jpg", np.ascontiguousarray(image[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
    return np.ascontiguousarray(cv2.imdecode(kept, cv2.IMREAD_COLOR)[:, :, ::-1])


def _covered(image: np.ndarray, box, middle, radii, colour) -> np.ndarray:
    """Return the picture with an ellipse of one colour over the face, its edge soft and its surface uneven."""
    import cv2

    high, wide = image.shape[:2]
    left, top, width, height = box.x * wide, box.y * high, box.width * wide, box.height * high
    skin = image[int(top + 0.25 * height) : int(top + 0.6 * height), int(left + 0.25 * width) : int(left + 0.75 * width)]
    paint = np.median(skin.reshape(-1, 3), axis=0) * 0.9 if colour is None else np.asarray(colour)
    y, x = np.mgrid[:high, :wide]
    away = ((x - left - middle[0] * width) / (radii[0] * width)) ** 2 + (
        (y - top - middle[1] * height) / (radii[1] * height)
    ) ** 2
    under = cv2.GaussianBlur((away < 1).astype(float), (0, 0), 1)[:, :, None]
    uneven = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 24, (high, wide)), (0, 0), 1.5)[:, :, None]
    return np.ascontiguousarray(np.clip(image * (1 - under) + (paint + uneven) * under, 0, 255).astype(np.uint8))


def sets(measured: Measured, folder: Path) -> Iterator[tuple[str, ...]]:
    """Yield the cells of the first table: a set, then its pictures by yaw."""
    for place in sorted(one for one in folder.iterdir() if one.is_dir()):
        files = [(label.name, file) for label in sorted(place.iterdir()) for file in sorted(label.iterdir())]
        told = [(measured.film(file), None) if file.suffix in FILMS else measured.still(opened(file)) for _, file in files]
        truths, said = [label for label, _ in files], [one for one, _ in told]
        yield _cells(place.name, truths, said)
        for least, most in ((0, 20), (20, 40), (40, 91)):
            turned = [k for k, (_, yaw) in enumerate(told) if yaw is not None and least <= abs(yaw) < most]
            if turned and (least or len(turned) < len(files)):
                yield _cells(
                    f"{place.name}, yaw {least} to {most} degrees", [truths[k] for k in turned], [said[k] for k in turned]
                )


def _cells(what: str, truths: Sequence[str], said: Sequence[tuple[float, ...] | Sight]) -> tuple[str, ...]:
    reasons = Counter(one.obstacle for one in said if isinstance(one, Sight))
    why = ", ".join(f"{reason} {number}" for reason, number in reasons.most_common())
    if len(reasons) and sum(reasons.values()) == len(said):
        return (what, f"0 of {len(said)}", "", "", "", "", why)
    row = face.row(what, truths, said)
    right = round(row.accuracy * row.items)
    figures = (f"{row.accuracy:.2f}", f"{row.macro_f1:.2f}", f"{row.ece:.2f}")
    return (what, f"{row.items} of {row.of}", f"{right} / {row.items - right}", *figures, why)


def spoilt(measured: Measured, folder: Path) -> Iterator[tuple[str, ...]]:
    """Yield the cells of the second table."""
    found: dict[str, list[tuple[str, tuple[float, ...] | Sight]]] = {}
    for file in sorted(folder.glob("photographs/*/*")):
        image = opened(file)
        at = measured.seen(image)
        if at is None or at.boxes[0].height * image.shape[0] < 96:
            continue
        for what, spoiled in changed(image, at.boxes[0]):
            found.setdefault(what, []).append((file.parent.name, measured.still(spoiled)[0]))
    for what, told in found.items():
        yield _cells(what, [label for label, _ in told], [said for _, said in told])


def table(title: str, rows: Iterator[tuple[str, ...]]) -> None:
    """Print a Markdown table."""
    heads = ("faces", "with a label", "right / wrong", "accuracy", "macro-F1", "calibration error", "withheld because")
    sys.stdout.write(f"\n**{title}**\n\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n")
    for row in rows:
        sys.stdout.write(f"| {' | '.join(row)} |\n")
        sys.stdout.flush()


def main(folder: Path) -> None:
    """Print both tables."""
    measured = Measured()
    table(
        "Faces: `labels.face_expression` on pictures that had no part in making the net, as far as is known",
        sets(measured, folder),
    )
    table("The same photographs made small, blurred and covered", spoilt(measured, folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
