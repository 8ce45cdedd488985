import io
import wave
from dataclasses import replace

import numpy as np
import pytest

from annotators.media import decoder
from annotators.models import local
from annotators.voice.baselines_voice import VoiceBaselines, spread_spans
from annotators.voice.features import speech_pieces
from annotators.voice.head import LABELS as LABEL_NAMES
from annotators.voice.labels_voice_affect import VoiceAffect
from schemas.claims import Cue, Label, MediaFile, Turn
from schemas.record import Clip, Origin, Source
from schemas.values import Span
from schemas.vocabulary.spaces import space
from tests.support.media import english, media
from tests.support.research import research

RATE = 16000
BASELINES, LABELS = VoiceBaselines(), VoiceAffect()


@pytest.fixture(scope="module")
def loaded():
    for name in LABELS.model_names():
        local.fetch(name)
    return BASELINES.load("cpu"), LABELS.load("cpu")


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """40 s of one woman who reads, in turns of 10 s; the last 4 s are 12 dB louder."""
    sound = np.concatenate([decoder.audio(path) for path, _ in english()[6:9]])[: 40 * RATE] * 0.2
    sound[36 * RATE :] *= 4
    return write(tmp_path_factory.mktemp("talk") / "talk.wav", sound)


def write(path, sound):
    data = io.BytesIO()
    with wave.open(data, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    path.write_bytes(data.getvalue())
    return path


def turn(start, end, speaker="S0"):
    span = Span(start=start, end=end)
    return Turn(by="turns.x@1#0", span=span, speaker=speaker, floor=(span,))


def origin(path):
    return Origin(source_id="0" * 16, sha256="0" * 64, file=path.name, duration=decoder.probe(path).duration, streams="audio")


def source(path, *turns):
    return Source(source=origin(path), path=str(path), turns=turns)


def clip(path, *turns, baselines=()):
    span = Span(start=0, end=decoder.probe(path).duration)
    return Clip(
        source=origin(path),
        clip_id="1" * 16,
        requested=span,
        actual=span,
        turns=turns,
        baselines=baselines,
        speaker="S0",
        audio=MediaFile(path=str(path)),
    )


def said(loaded, record):
    (claims,) = LABELS.annotate(loaded[1], [record])
    return claims


def usual(loaded, path, *turns):
    (claims,) = BASELINES.annotate(loaded[0], [source(path, *turns)])
    return claims


def test_pieces_are_where_the_speaker_alone_speaks_and_last_about_two_and_a_half_seconds():
    turns = (turn(0, 5), turn(5, 5.9), turn(6, 7.2), turn(7.2, 12, "S1"))
    assert speech_pieces(turns, "S0") == (Span(start=0, end=2.5), Span(start=2.5, end=5), Span(start=6, end=7.2))


def test_many_pieces_are_thinned_out_evenly():
    found = [Span(start=k, end=k + 1) for k in range(100)]
    assert [span.start for span in spread_spans(found, 4)] == [12, 37, 62, 87]
    assert spread_spans(found[:3], 4) == tuple(found[:3])


def test_each_speaker_who_is_heard_alone_has_a_baseline(loaded, talk):
    claims = usual(loaded, talk, turn(0, 10), turn(10, 20, "S1"), turn(20, 20.8, "S2"), turn(21, 31))
    assert [(claim.speaker, claim.pieces) for claim in claims] == [("S0", 8), ("S1", 4)]
    assert all(len(claim.mean) == len(claim.deviation) and np.isfinite(claim.mean).all() for claim in claims)


def test_without_speech_or_sound_there_is_no_baseline(loaded, talk):
    assert usual(loaded, talk) == ()
    silent = replace(source(talk, turn(0, 10)), source=replace(origin(talk), streams="video"))
    assert BASELINES.annotate(loaded[0], [silent]) == [()]


def test_everyday_speech_gets_arousal_and_no_emotion_and_is_told_why(loaded, talk):
    paths = [(talk, 30), (media("jfk"), 10), (media("man"), 7), (media("intro"), 5)]
    for path, end in paths:
        (label, *_) = said(loaded, clip(path, turn(0, end)))
        assert isinstance(label, Label)
        assert (label.names, label.scores, label.valence) == ((), (), None)
        assert label.withheld
        assert -1 <= label.arousal <= 1


def test_what_is_withheld_has_no_cue_that_names_an_emotion(loaded, talk):
    claims = said(loaded, clip(talk, turn(0, 36), baselines=usual(loaded, talk, turn(0, 36))))
    assert [claim for claim in claims if isinstance(claim, Label)] == [claims[0]]
    assert {cue.cue_id.rpartition(".")[0] for cue in claims[1:]} <= {"voice.loudness", "voice.pitch", "voice.melody"}


def acted(name, turns=((0, 2),)):
    """Return an utterance of EMO-DB as a clip."""
    return clip(research("emodb") / f"{name}.flac", *(turn(*one) for one in turns))


def test_anger_is_more_aroused_than_calm_and_sad_speech_whoever_speaks(loaded):
    for speaker in ("03", "08", "14", "16"):
        names = sorted(path.stem for path in research("emodb").glob(f"{speaker}*.flac"))
        told = {}
        for letter in "WNT":
            found = [said(loaded, acted(name))[0].arousal for name in names if name[5] == letter][:3]
            told[letter] = np.mean(found)
        assert told["W"] > told["N"] + 0.3
        assert told["W"] > told["T"] + 0.3


def test_an_emotion_that_is_given_has_a_distribution_a_valence_and_a_cue(loaded):
    label, cue, *_ = said(loaded, acted("16b10Wb"))
    assert label.names == LABEL_NAMES
    assert set(label.names) < set(space("ekman7").labels)
    assert sum(label.scores) == pytest.approx(1, abs=1e-3)
    assert (cue.cue_id, cue.text) == ("voice.affect.1", "sounds clearly angry")
    assert label.valence < -0.5
    assert label.withheld is None


def test_a_baseline_changes_what_is_heard_where_it_is_of_many_states(loaded, talk):
    record = clip(talk, turn(0, 6))
    (flat,) = usual(loaded, talk, turn(6, 36))
    varied = replace(flat, deviation=tuple(2 * x for x in flat.deviation))
    alone, reading, acting = (said(loaded, replace(record, baselines=known))[0] for known in ((), (flat,), (varied,)))
    assert alone.arousal == reading.arousal
    assert alone.arousal != acting.arousal


def test_arousal_is_the_same_however_loud_the_recording_is(loaded, tmp_path):
    softer = write(tmp_path / "softer.wav", decoder.audio(media("jfk")) * 0.25)
    first, second = (said(loaded, clip(path, turn(0, 10)))[0].arousal for path in (media("jfk"), softer))
    assert first == pytest.approx(second, abs=0.05)


def test_louder_than_usual_is_a_cue_where_it_is_louder(loaded, talk):
    known = usual(loaded, talk, turn(0, 36))
    claims = said(loaded, clip(talk, turn(0, 36), turn(36, 40), baselines=known))
    cues = {cue.cue_id: cue for cue in claims if isinstance(cue, Cue)}
    louder = [cue for cue in cues.values() if cue.text == "speaks louder than usual"]
    assert len(cues) == len(claims) - 1
    assert any(cue.span.start == 36 and cue.value > 1.5 for cue in louder)
    assert all(abs(cue.value) > LABELS.unusual and cue.modality == "voice" for cue in cues.values())


def test_too_short_a_baseline_gives_no_cue(loaded, talk):
    known = usual(loaded, talk, turn(0, 5))
    assert [claim.pieces for claim in known] == [2]
    assert len(said(loaded, clip(talk, turn(36, 40), baselines=known))) == 1


def test_the_baselines_of_other_speakers_and_authors_are_not_used(loaded, talk):
    record = clip(talk, turn(0, 6))
    (known,) = usual(loaded, talk, turn(6, 36))
    foreign = (replace(known, speaker="S1"), replace(known, by="baselines.other@1#0"))
    assert said(loaded, replace(record, baselines=foreign)) == said(loaded, record)


def test_nothing_is_said_without_sound_speaker_or_a_second_of_speech(loaded, talk):
    record = clip(talk, turn(0, 6))
    for bare in (replace(record, audio=None), replace(record, speaker=None), replace(record, turns=(turn(0, 0.9),))):
        assert said(loaded, bare) == ()


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(3 * RATE),
        np.random.default_rng(0).normal(size=3 * RATE) * 0.1,
        np.full(3 * RATE, 0.5),
        np.eye(1, 3 * RATE, 100)[0],
    ],
    ids=["zeros", "noise", "constant", "click"],
)
def test_nothing_is_said_about_what_is_not_a_voice(loaded, tmp_path, sound):
    assert said(loaded, clip(write(tmp_path / "x.wav", sound), turn(0, 3))) == ()


def test_clipped_sound_and_a_turn_beyond_the_end_are_borne(loaded, tmp_path):
    loud = write(tmp_path / "loud.wav", decoder.audio(media("jfk"))[: 4 * RATE] * 50)
    (label, *_) = said(loaded, clip(loud, turn(0, 6)))
    assert np.isfinite(label.arousal)


def test_the_same_sound_gives_the_same_claims(loaded, talk):
    record = clip(talk, turn(0, 20), baselines=usual(loaded, talk, turn(0, 36)))
    assert said(loaded, record) == said(loaded, record)
    again = LABELS.load("cpu")
    assert LABELS.annotate(again, [record]) == [said(loaded, record)]
