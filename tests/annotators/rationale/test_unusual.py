"""How unusual a cue is: on one scale, in order of strength, and never made up."""

import pytest

from annotators.rationale import unusual as module
from annotators.rationale.unusual import Reference, cue_reference, kind_of, unusual
from schemas.claims import Cue

TABLE = Reference(
    annotators=("cues.a", "labels.voice"),
    clips={"face": 99, "voice": 99},
    strongest={"face.tilt": tuple(range(10, 59)), "voice.loudness": (1.5,) * 9},
)


def cue(cue_id, value, by="cues.a@1#0"):
    return Cue(by=by, cue_id=cue_id, modality=cue_id.partition(".")[0], span=None, text="…", value=value)


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(module, "cue_reference", lambda: TABLE)


@pytest.mark.usefixtures("table")
def test_it_is_the_share_of_clips_without_a_cue_as_strong():
    assert unusual(cue("face.tilt.1", 5.0)) == pytest.approx(1 - 49.5 / 100)
    assert unusual(cue("face.tilt.1", 58.0)) == pytest.approx(1 - 1.5 / 100)
    assert unusual(cue("voice.crying.1", 0.97)) == pytest.approx(0.995)


@pytest.mark.usefixtures("table")
def test_what_counts_in_the_speakers_own_deviations_is_no_more_unusual_than_for_the_speaker():
    assert unusual(cue("voice.loudness.1", -2.0, by="labels.voice@1#0")) == pytest.approx(0.9545, abs=1e-4)
    assert unusual(cue("voice.loudness.1", 4.0, by="labels.voice@1#0")) == pytest.approx(0.995)


@pytest.mark.usefixtures("table")
def test_of_what_nobody_measured_nothing_is_said():
    assert unusual(cue("face.tilt.1", None)) is None
    assert unusual(cue("face.tilt.1", 5.0, by="cues.others@1#0")) is None
    assert unusual(cue("gait.heavy.1", 5.0)) is None


def test_the_table_that_ships_is_in_order_and_rarer_than_its_clips():
    known = cue_reference()
    for kind, values in known.strongest.items():
        assert list(values) == sorted(values)
        assert len(values) <= known.clips[kind.partition(".")[0]]
    assert kind_of("face.smile.2") == "face.smile"
