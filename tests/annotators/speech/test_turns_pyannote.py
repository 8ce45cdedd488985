"""Who speaks when, by pyannote."""

import os
import subprocess
import sys
import wave
from itertools import pairwise

import numpy as np
import pytest

from annotators.models import local
from annotators.speech.turns_pyannote import PyannoteTurns
from annotators.speech.turns_pyannote_pipeline import PyannotePipelineTurns
from schemas.claims import Speaker, Turn
from schemas.errors import ModelFileError
from tests.accuracy.listen import source
from tests.support.media import media, meetings

FOLDER = """
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    segmentation: $model/segmentation
    embedding: $model/embedding
    embedding_exclude_overlap: true
    plda: $model/plda
    clustering: AgglomerativeClustering
params:
  segmentation: {threshold: 0.4, min_duration_off: 0.0}
  clustering: {method: average, threshold: 0.7, min_cluster_size: 5}
"""


def refused(*_):
    raise AssertionError("somebody is called over the network")


@pytest.fixture(scope="module")
def pyannote():
    annotator = PyannoteTurns()
    for name in annotator.model_names():
        local.fetch(name)
    return annotator, annotator.load("cpu")


def said(pyannote, path):
    annotator, model = pyannote
    (claims,) = annotator.annotate(model, [source(path)])
    return claims


def test_two_people_who_talk_to_each_other_are_told_apart(pyannote):
    claims = said(pyannote, meetings() / "sample.wav")
    speakers = [claim for claim in claims if isinstance(claim, Speaker)]
    assert [speaker.speaker for speaker in speakers] == ["S0", "S1"]
    assert all(len(speaker.embedding) == 192 and speaker.seconds > 1 for speaker in speakers)
    floors = sorted(span for claim in claims if isinstance(claim, Turn) for span in claim.floor)
    assert all(a.end <= b.start for a, b in pairwise(floors))


def test_one_voice_is_one_speaker(pyannote):
    assert {c.speaker for c in said(pyannote, media("jfk"))} == {"S0"}


def test_silence_and_noise_and_almost_nothing_have_no_speakers(pyannote, tmp_path):
    noise = np.random.default_rng(0).normal(size=80000) * 0.1
    for name, samples in (("silence", np.zeros(80000)), ("noise", noise), ("blip", noise[:500])):
        with wave.open(str(tmp_path / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        assert said(pyannote, tmp_path / f"{name}.wav") == ()


def test_another_process_says_the_same(pyannote):
    program = (
        "import sys; from pathlib import Path; from annotators.speech.turns_pyannote import PyannoteTurns as T;"
        "from tests.accuracy.listen import source; t = T();"
        "sys.stdout.write(repr(t.annotate(t.load('cpu'), [source(Path(sys.argv[1]))])[0]))"
    )
    path = meetings() / "dev01.wav"
    there = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True).stdout
    assert there == repr(said(pyannote, path))


def test_telemetry_is_off(pyannote):
    from pyannote.audio.telemetry import metrics

    assert os.environ["PYANNOTE_METRICS_ENABLED"] == "false"
    assert not metrics.is_metrics_enabled()


def test_a_piece_of_speech_is_embedded_once(pyannote):
    from annotators.speech.diarization import frames_to_embed, shared

    active = np.zeros((10, 3), bool)
    active[:6, 0], active[4:, 1] = True, True
    alone = frames_to_embed(active, True, 3)
    assert [None if piece is None else piece.sum() for piece in alone] == [4, 4, None]
    assert [None if piece is None else piece.sum() for piece in frames_to_embed(active, True, 5)] == [6, 6, None]
    later = np.arange(10) >= 2
    assert shared(active[:, 1], later, 2) == pytest.approx(6 / 8)
    assert shared(active[:, 0], active[:, 0], 9) == 0.0


def test_a_folder_that_would_need_the_hub_is_refused(tmp_path):
    from annotators.speech.diarization import whole_pipeline

    (tmp_path / "config.yaml").write_text("pipeline:\n  params:\n    segmentation: pyannote/segmentation-3.0\n")
    with pytest.raises(ModelFileError, match="segmentation is not in a folder"):
        whole_pipeline(tmp_path, "cpu", 32)


def test_a_whole_pipeline_is_loaded_from_its_folder_without_the_hub(pyannote, tmp_path, monkeypatch):
    """The weights are the embedded ones, as pyannote's own checkpoints; the PLDA is made up: this clustering does not ask it."""
    import lightning
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications

    from annotators.speech import diarization

    own, used = pyannote
    voice = diarization.VoiceModel()
    voice.load_state_dict(used._embedding.model_.state_dict())
    voice.specifications = Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0)
    networks = {"segmentation": diarization._segmentation(local.path(own.segmentation_model)), "embedding": voice}
    for name, network in networks.items():
        checkpoint = {
            "state_dict": network.state_dict(),
            "hyper_parameters": dict(network.hparams),
            "pytorch-lightning_version": lightning.__version__,
        }
        network.on_save_checkpoint(checkpoint)
        (tmp_path / name).mkdir()
        torch.save(checkpoint, tmp_path / name / "pytorch_model.bin")
    (tmp_path / "plda").mkdir()
    size = diarization.DIMENSION
    np.savez(tmp_path / "plda" / "xvec_transform.npz", mean1=np.zeros(size), mean2=np.zeros(size), lda=np.eye(size))
    np.savez(tmp_path / "plda" / "plda.npz", mu=np.zeros(size), tr=np.eye(size), psi=np.linspace(2, 1, size))
    (tmp_path / "config.yaml").write_text(FOLDER)
    monkeypatch.setattr("socket.socket.connect", refused)
    annotator = PyannotePipelineTurns()
    pipeline = diarization.whole_pipeline(tmp_path, "cpu", annotator.batch)
    assert (pipeline.segmentation_batch_size, pipeline.embedding_batch_size) == (annotator.batch, annotator.batch)
    (claims,) = annotator.annotate(pipeline, [source(media("jfk"))])
    (speaker,) = (claim for claim in claims if isinstance(claim, Speaker))
    turns = [claim for claim in claims if isinstance(claim, Turn)]
    assert {claim.by for claim in claims} == {annotator.key}
    assert len(speaker.embedding) == size and {turn.speaker for turn in turns} == {"S0"}
    alone = [claim.span for claim in said(pyannote, media("jfk")) if isinstance(claim, Turn)]
    assert [turn.span for turn in turns] == alone
