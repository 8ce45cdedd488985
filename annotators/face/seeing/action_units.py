"""Blendshapes read as action units of FACS. The row holds the blendshapes; this table is what turns them into action units.

After the descriptions of ARKit's blendshapes and of FACS (Ekman, Friesen and Hager 2002). They are like action units, not coded
by a person: 0 to 1 is how far a shape goes, not FACS's A to E. Of mediapipe's shapes noseSneer, cheekPuff and cheekSquint hardly
ever leave 0, so AU 6, 9 and 34 are seldom seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from schemas.claims import FaceTrack
from schemas.vocabulary.spaces import space

ACTION_UNITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "AU1": ("browInnerUp",),
        "AU2": ("browOuterUpLeft", "browOuterUpRight"),
        "AU4": ("browDownLeft", "browDownRight"),
        "AU5": ("eyeWideLeft", "eyeWideRight"),
        "AU6": ("cheekSquintLeft", "cheekSquintRight"),
        "AU7": ("eyeSquintLeft", "eyeSquintRight"),
        "AU9": ("noseSneerLeft", "noseSneerRight"),
        "AU10": ("mouthUpperUpLeft", "mouthUpperUpRight"),
        "AU12": ("mouthSmileLeft", "mouthSmileRight"),
        "AU14": ("mouthDimpleLeft", "mouthDimpleRight"),
        "AU15": ("mouthFrownLeft", "mouthFrownRight"),
        "AU16": ("mouthLowerDownLeft", "mouthLowerDownRight"),
        "AU17": ("mouthShrugLower",),
        "AU18": ("mouthPucker",),
        "AU20": ("mouthStretchLeft", "mouthStretchRight"),
        "AU22": ("mouthFunnel",),
        "AU24": ("mouthPressLeft", "mouthPressRight"),
        "AU26": ("jawOpen",),
        "AU28": ("mouthRollLower", "mouthRollUpper"),
        "AU34": ("cheekPuff",),
        "AU45": ("eyeBlinkLeft", "eyeBlinkRight"),
    }
)
"""Action unit to the blendshapes whose mean it is."""


def action_units(face: FaceTrack) -> dict[str, tuple[float, ...]]:
    """Return for each action unit one value per sampled time, 0 to 1; {} where the track has no blendshapes."""
    if not face.blendshapes:
        return {}
    places = {name: number for number, name in enumerate(space("arkit52").labels)}
    columns = {unit: [places[name] for name in names] for unit, names in ACTION_UNITS.items()}
    return {unit: tuple(sum(row[k] for k in held) / len(held) for row in face.blendshapes) for unit, held in columns.items()}
