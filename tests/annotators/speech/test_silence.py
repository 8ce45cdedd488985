"""The inside of long silences is left out, and what is found in the rest is where it is in the whole."""

import numpy as np
import pytest

from annotators.speech.silence import squeezed
from schemas.values import Span

RATE = 100


def heard(*parts):
    """Return sound of a second each with silences between; `parts` are the seconds of silence before each."""
    return np.concatenate([np.concatenate([np.zeros(round(silence * RATE)), np.ones(RATE)]) for silence in parts]).astype(
        "float32"
    )


def test_short_silences_stay():
    sound = heard(3.0, 19.9, 0.0)
    assert squeezed(sound, RATE).samples is sound


@pytest.mark.parametrize("silences", [(30.0,), (2.0, 100.0), (25.0, 1.0, 500.0, 21.0)])
def test_ten_seconds_of_each_long_silence_stay_and_times_lead_back(silences):
    sound = heard(*silences)
    short = squeezed(sound, RATE)
    assert len(short.samples) / RATE == pytest.approx(sum(1.0 + (one if one < 20.0 else 10.0) for one in silences))
    here = np.flatnonzero(np.diff(np.concatenate([[0], short.samples, [0]]))).reshape(-1, 2) / RATE
    there = np.flatnonzero(np.diff(np.concatenate([[0], sound, [0]]))).reshape(-1, 2) / RATE
    assert [short.whole(Span(start=a, end=b)) for a, b in here] == [Span(start=a, end=b) for a, b in there]


def test_silence_at_the_end_and_alone():
    sound = np.concatenate([heard(0.0), np.zeros(60 * RATE, "float32")])
    assert len(squeezed(sound, RATE).samples) == 11 * RATE
    assert len(squeezed(np.zeros(3600 * RATE, "float32"), RATE).samples) == 10 * RATE
    assert len(squeezed(np.zeros(0, "float32"), RATE).samples) == 0
