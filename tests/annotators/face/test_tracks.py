from hypothesis import given
from hypothesis import strategies as st

from annotators.face.finding import BEYOND, SHAPES, SMALL, Face, Mesh
from annotators.face.tracks import lasting, left_out, link_faces, track, view, with_mesh
from schemas.values import Box

MESH = Mesh(yaw=0, pitch=0, roll=0, shapes=(0.0,) * len(SHAPES), landmarks=(0.5,) * 140, gaze=(3.0, -4.0), misfit=0.02)


def face(x=0.4, y=0.4, size=0.2, mesh=MESH, why=""):
    return Face(box=Box(x=x, y=y, width=size, height=size), score=0.9, sharpness=1.0, mesh=mesh, left_out=why)


def looks(*faces_of_times, rate=10):
    return [(k / rate, tuple(faces)) for k, faces in enumerate(faces_of_times) if faces]


def test_two_faces_side_by_side_stay_two_tracks_whatever_their_order():
    left, right = face(x=0.1), face(x=0.7)
    runs = link_faces(looks([left, right], [right, left], [left, right]), gap=0.5)
    assert [[sample.face.box.x for sample in run] for run in runs] == [[0.1] * 3, [0.7] * 3]


def test_a_short_gap_is_bridged_without_inventing_samples_and_a_long_one_is_not():
    short = link_faces(looks([face()], [], [], [face()]), gap=0.5)
    long = link_faces(looks([face()], *[[]] * 7, [face()]), gap=0.5)
    assert [len(run) for run in short] == [2]
    assert [len(run) for run in long] == [1, 1]


def test_a_face_far_away_begins_a_new_track():
    assert len(link_faces(looks([face(x=0.0)], [face(x=0.6)]), gap=0.5)) == 2


def test_ghosts_of_one_picture_are_dropped_and_the_largest_track_comes_first():
    small, large = face(x=0.1, size=0.1), face(x=0.6, size=0.3)
    runs = lasting(link_faces(looks(*[[small, large]] * 5, [face(x=0.3, y=0.0, size=0.1)]), 0.5), rate=10, shortest=0.4)
    assert [run[0].face.box.width for run in runs] == [0.3, 0.1]


def test_a_sample_without_mesh_is_left_out_of_a_track_that_has_meshes():
    (run,) = link_faces(looks([face()], [face(mesh=None)], [face()]), 0.5)
    claim = track(with_mesh(run, 0.3), "F0", 10, "faces.test@1#0")
    assert claim.times == (0.0, 0.2)
    assert len(claim.blendshapes) == len(claim.yaw) == len(claim.boxes) == 2
    assert claim.landmarks == ((0.5,) * 140,) * 2
    assert (claim.gaze_yaw, claim.gaze_pitch, claim.misfit) == ((3.0, 3.0), (-4.0, -4.0), (0.02, 0.02))


def test_a_face_that_hardly_ever_takes_a_mesh_keeps_its_boxes_and_has_no_pose():
    (run,) = link_faces(looks(*[[face(mesh=None)]] * 9, [face()]), 0.5)
    claim = track(with_mesh(run, 0.3), "F0", 10, "faces.test@1#0")
    assert len(claim.boxes) == len(claim.times) == len(claim.scores) == 10
    assert claim.blendshapes == claim.yaw == claim.pitch == claim.roll == ()
    assert claim.landmarks == claim.gaze_yaw == claim.gaze_pitch == claim.misfit == ()


def test_the_view_narrows_as_the_face_grows():
    runs = [link_faces(looks([face(x=0, y=0, size=size)] * 1), 0.5)[0] for size in (0.05, 0.2, 0.5)]
    assert [view(run) for run in runs] == ["full", "half", "head"]


@given(st.lists(st.lists(st.sampled_from([face(x=0.0), face(x=0.35), face(x=0.7)]), max_size=3, unique_by=id), max_size=20))
def test_every_face_of_every_picture_is_in_exactly_one_track_once_per_time(seen):
    runs = link_faces(looks(*seen), 0.5)
    assert sum(len(run) for run in runs) == sum(len(faces) for faces in seen)
    for run in runs:
        times = [sample.time for sample in run]
        assert times == sorted(set(times))


def counted(seen):
    looked = [(time, tuple(one for one in faces if not one.left_out)) for time, faces in seen]
    return dict(left_out(seen, lasting(link_faces(looked, 0.5), rate=10, shortest=0.4), 0.5))


def test_faces_that_are_not_followed_are_counted_each_once_with_its_reason():
    small, beyond = face(x=0.0, size=0.02, why=SMALL), face(x=0.8, size=0.1, why=BEYOND)
    assert counted(looks(*[[face(), small, beyond]] * 10)) == {SMALL: 1, BEYOND: 1}
    assert counted(looks([small], *[[face()]] * 20, [small])) == {SMALL: 1}
    assert counted(looks(*[[face()]] * 10, [face(), face(x=0.0)])) == {"brief": 1}
    assert counted(looks([small])) == {SMALL: 1}
    assert counted(looks(*[[face()]] * 10)) == {}


def test_a_face_that_is_followed_while_it_is_large_enough_is_not_one_left_out():
    assert counted(looks(*[[face()], [face(size=0.18, why=SMALL)]] * 10)) == {}
    assert counted(looks(*[[face()]] * 10, *[[face(size=0.18, why=BEYOND)]] * 3)) == {}
    assert counted(looks(*[[face()]] * 10, *[[]] * 8, [face()])) == {"brief": 1}


def test_a_face_beside_one_that_is_followed_is_another():
    assert counted(looks(*[[face(), face(x=0.45, size=0.15, why=BEYOND)]] * 10)) == {BEYOND: 1}
