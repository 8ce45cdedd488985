"""What a face does, in made-up series; what becomes of it as cues is tested with `cues.blendshapes`."""

from dataclasses import replace

import numpy as np
import pytest

from annotators.face.moves import SHAPES, Bars, Movement, expressions, movements, strongest
from schemas.values import Span
from tests.support.seen import face

RATE, SECONDS = 10, 6
TIMES = tuple(k / RATE for k in range(RATE * SECONDS))
AT = np.asarray(TIMES)
BARS = Bars(settled=4.0, gap=0.3, turned=40.0, away=15.0, swing=6.0, beat=0.6)
SILENT = np.zeros(len(TIMES), bool)


def shaped(**series):
    """Return a face whose blendshapes, named by their starts, follow the series; yaw, pitch and roll likewise."""
    table = np.zeros((len(TIMES), len(SHAPES)))
    for number, name in enumerate(SHAPES):
        for start, values in series.items():
            if name.startswith(start):
                table[:, number] = values
    angles = {name: tuple(map(float, np.broadcast_to(series.get(name, 0.0), len(TIMES)))) for name in ("yaw", "pitch", "roll")}
    return replace(face("F0", TIMES, [0.0] * len(TIMES), rate=RATE), blendshapes=tuple(map(tuple, table.tolist())), **angles)


def during(start, end, level):
    return np.where((start - 1e-6 <= AT) & (end - 1e-6 > AT), level, 0.0)


def found(made, talking=SILENT):
    return [(one.kind, one.span) for one in expressions(made, talking, BARS)]


def test_a_shape_that_is_held_has_its_peak_and_how_far_that_is_beyond_its_bar():
    (smile,) = expressions(shaped(mouthSmile=during(1, 2, 0.7)), SILENT, BARS)
    assert (smile.kind, smile.text, smile.peak) == ("smile", "smiles", pytest.approx(0.7))
    assert smile.span == Span(start=1.0, end=2.0)
    assert smile.beyond == pytest.approx((0.7 - 0.4) / (1 - 0.4))


def test_an_interruption_up_to_the_gap_is_passed_over():
    short, long = during(1, 2, 0.7) + during(2.1, 3, 0.7), during(1, 2, 0.7) + during(2.6, 3.6, 0.7)
    assert found(shaped(mouthSmile=short)) == [("smile", Span(start=1.0, end=3.0))]
    assert [kind for kind, _ in found(shaped(mouthSmile=long))] == ["smile", "smile"]


def test_a_mouth_that_talks_has_higher_bars():
    made = shaped(mouthSmile=during(1, 2, 0.5))
    assert [kind for kind, _ in found(made)] == ["smile"]
    assert found(made, np.ones(len(TIMES), bool)) == []


def test_a_face_that_is_turned_beyond_the_bar_has_no_expression():
    assert found(shaped(mouthSmile=during(1, 2, 0.9), yaw=41.0)) == []
    assert found(shaped(mouthSmile=during(1, 2, 0.9), yaw=-39.0)) != []


@pytest.mark.parametrize(("angle", "kind"), [("yaw", "shake"), ("pitch", "nod")])
def test_three_quick_swings_are_a_nod_or_a_shake_and_slow_drift_is_none(angle, kind):
    swings = 10 * np.sin(2 * np.pi * AT) * ((AT >= 1) & (AT < 4))
    assert kind in [one.kind for one in movements(shaped(**{angle: swings}), BARS)]
    drift = 10 * np.sin(2 * np.pi * AT / SECONDS)
    assert kind not in [one.kind for one in movements(shaped(**{angle: drift}), BARS)]


def test_a_head_that_always_leans_is_held_as_that_person_holds_it():
    assert list(movements(shaped(roll=20.0), BARS)) == []
    (tilted,) = movements(shaped(roll=during(1, 3, 20.0)), BARS)
    assert (tilted.kind, tilted.peak) == ("head_tilted", 20.0)


def test_the_strongest_are_kept_and_told_in_order_of_time():
    held = [
        Movement(kind=kind, text="", span=Span(start=start, end=start + 1), peak=1.0, beyond=beyond)
        for kind, start, beyond in (("a", 3.0, 0.9), ("b", 2.0, 0.1), ("c", 1.0, 0.5), ("d", 1.0, 0.5))
    ]
    assert [one.kind for one in strongest(held, 3)] == ["c", "d", "a"]
    assert strongest(held, 0) == [] == strongest([], 3)
