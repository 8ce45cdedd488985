"""Whisper's words as claims."""

import subprocess
import wave
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from annotators.media import decoder
from annotators.models import local
from annotators.speech.words_faster_whisper import FasterWhisperWords, placed, timed, unheard
from schemas.claims import Language, Turn, Word
from schemas.errors import ItemError
from schemas.values import Span
from tests.accuracy.listen import normal, source
from tests.support.media import media

ASKED = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"


@pytest.fixture(scope="module")
def whisper():
    annotator = FasterWhisperWords()
    local.fetch(annotator.model)
    return annotator, annotator.load("cpu")


def heard(*words):
    return [SimpleNamespace(word=text, start=start, end=end, probability=0.5) for text, start, end in words]


def times(words):
    return [(word.text, word.span.start, word.span.end) for word in words]


def test_words_are_in_order_inside_the_source_and_never_empty():
    made = placed("me", heard((" one", 0.0, 0.0), (" two", 1.5, 1.0), (" three", 1.2, 1.4), (" four", 2.0, 9.0)), 3.0, True)
    assert times(made) == [("one", 0.0, 0.02), ("three", 1.2, 1.4), ("two", 1.5, 1.52), ("four", 2.0, 3.0)]


def test_a_word_past_the_end_was_not_said_and_the_last_one_ends_with_the_sound():
    assert times(placed("me", heard((" last", 2.5, 3.4), (" late", 3.0, 3.2), (" later", 5.0, 6.0)), 3.0, True)) == [
        ("last", 2.5, 3.0)
    ]


def test_punctuation_is_no_word_and_a_piece_without_a_space_goes_on_with_the_word_before():
    pieces = heard((" X", 0.0, 0.5), ("-59,", 0.5, 1.0), (" —", 1.0, 1.1), (" go", 1.2, 1.4))
    assert times(placed("me", pieces, 3.0, True)) == [("X-59,", 0.0, 1.0), ("go", 1.2, 1.4)]
    assert [word.text for word in placed("me", heard(("你", 0.0, 0.5), ("好", 0.5, 1.0)), 3.0, False)] == ["你", "好"]


def test_a_known_speech_is_heard_word_for_word_and_the_same_each_time(whisper):
    annotator, model = whisper
    record = source(media("jfk"))
    span = Span(start=0.0, end=11.0)
    record = replace(record, turns=(Turn(by="t", span=span, speaker="S0", floor=(span,)),))
    (claims,), (again,) = annotator.annotate(model, [record]), annotator.annotate(model, [record])
    words = [claim for claim in claims if isinstance(claim, Word)]
    assert normal(" ".join(word.text for word in words)) == ASKED
    assert {word.speaker for word in words} == {"S0"}
    assert [claim.language for claim in claims if isinstance(claim, Language)] == ["en"]
    assert claims == again


def test_written_words_silence_and_noise_leave_it_nothing_to_say(whisper, tmp_path):
    annotator, model = whisper
    written = Word(by="t", span=Span(start=0.0, end=1.0), text="Ask")
    noise = np.random.default_rng(0).normal(size=80000) * 0.1
    for name, samples in (("silence", np.zeros(80000)), ("noise", noise)):
        with wave.open(str(tmp_path / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        assert annotator.annotate(model, [source(tmp_path / f"{name}.wav")]) == [()]
    assert annotator.annotate(model, [replace(source(media("jfk")), words=(written,))]) == [()]


def test_what_is_said_again_and_again_is_heard_as_often(whisper, tmp_path):
    """The same sentence five times: Whisper stops after the second, and a rule against loops keeps only the first."""
    annotator, model = whisper
    sound = decoder.audio(media("jfk"))[round(8.05 * 16000) :]
    with wave.open(str(tmp_path / "country.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((np.tile(sound, 5) * 32767).astype("<i2").tobytes())
    words = [one for one in annotator.annotate(model, [source(tmp_path / "country.wav")])[0] if isinstance(one, Word)]
    assert normal(" ".join(word.text for word in words)) == " ".join(["ask what you can do for your country"] * 5)
    starts = [word.span.start for word in words if normal(word.text) == "ask"]
    assert np.diff(starts) == pytest.approx(len(sound) / 16000, abs=0.6)


def test_a_word_that_is_repeated_for_long_is_neither_cut_short_nor_made_longer_than_its_sound(whisper, tmp_path):
    annotator, model = whisper
    path = tmp_path / "no.wav"
    said = ", ".join(["No"] * 16)
    made = subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", f"flite=voice=slt:text='{said}.'", path], check=False
    )
    if made.returncode:
        pytest.skip("this ffmpeg has no flite, which speaks")
    length = len(decoder.audio(path)) / 16000
    words = [one for one in annotator.annotate(model, [source(path)])[0] if isinstance(one, Word)]
    assert {normal(one.text) for one in words} == {"no"}
    assert len(words) == pytest.approx(16, abs=1)
    assert words[-1].span.end <= length


def test_speech_after_the_last_word_of_a_window_is_left_to_be_heard():
    said = [SimpleNamespace(start=0.0, end=2.0)]
    window, speech = [Span(start=0.0, end=20.0)], [Span(start=0.0, end=2.0), Span(start=5.0, end=9.0)]
    assert unheard(window, said, speech) == (Span(start=4.8, end=20.0),)
    assert unheard(window, said, speech[:1]) == ()
    assert unheard(window, [], speech) == (), "nothing was said in it"
    assert unheard(window, [SimpleNamespace(start=0.0, end=19.9)], speech) == ()


def test_words_without_a_time_of_their_own_are_those_of_a_loop():
    words = [SimpleNamespace(start=0.0, end=0.3), SimpleNamespace(start=0.3, end=0.3), SimpleNamespace(start=0.4, end=0.6)]
    assert timed(words) == [words[0], words[2]]


def test_a_language_that_the_model_does_not_know_is_refused(whisper):
    annotator, model = whisper
    record = source(media("jfk"))
    with pytest.raises(ItemError, match="'xx'"):
        annotator.annotate(model, [replace(record, source=replace(record.source, language="xx"))])
