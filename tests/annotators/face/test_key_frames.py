from itertools import pairwise

import numpy as np

from annotators.face.finding import SHAPES, Face, Mesh
from annotators.face.key_frames import Album, best_face, expression_peak
from annotators.face.tracks import Sample
from schemas.values import Box


def sample(time, yaw=0.0, sharpness=100.0, size=0.3, **shapes):
    mesh = Mesh(
        yaw=yaw, pitch=0, roll=0, shapes=tuple(shapes.get(name, 0.0) for name in SHAPES), landmarks=(), gaze=(0, 0), misfit=0
    )
    box = Box(x=0.1, y=0.1, width=size, height=size)
    return Sample(time=time, face=Face(box=box, score=0.9, sharpness=sharpness, mesh=mesh))


def test_the_best_face_is_sharp_frontal_and_open_eyed():
    blink = {"eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.9}
    run = (sample(0, yaw=50), sample(1, sharpness=5), sample(2, **blink), sample(3), sample(4, size=0.2))
    assert best_face(run).time == 3


def test_the_peak_is_a_smile_and_not_a_word_a_glance_or_a_blink():
    word, glance = {"jawOpen": 0.6, "mouthFunnel": 0.8}, {"eyeLookOutLeft": 0.9, "eyeBlinkLeft": 1.0}
    run = (sample(0), sample(1, **word), sample(2, **glance), sample(3, mouthSmileLeft=0.6, mouthSmileRight=0.6), sample(4))
    assert expression_peak(run).time == 3


def test_a_face_in_full_profile_has_no_peak():
    assert expression_peak((sample(0, yaw=80), sample(1, yaw=80))) is None


def test_an_album_stays_small_and_spread_out():
    album = Album(size=8)
    for k in range(100):
        album.offer(float(k), np.zeros((4, 4, 3), np.uint8))
    times = sorted(album.stills())
    assert len(times) <= 8
    assert len({b - a for a, b in pairwise(times)}) == 1
    assert times[-1] > 80
