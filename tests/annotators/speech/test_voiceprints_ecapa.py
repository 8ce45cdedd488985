from dataclasses import replace

import numpy as np

from annotators.models import local
from annotators.speech.voiceprints_ecapa import EcapaVoiceprints, own_speech
from schemas.claims import Turn
from schemas.values import Span
from tests.support.media import media
from tests.support.seen import clip

PRINTS = EcapaVoiceprints()


def spoken(name, *spans):
    turns = tuple(Turn(by="t@1#0", span=Span(start=a, end=b), speaker=who, floor=()) for a, b, who in spans)
    return replace(clip(media(name)), turns=turns)


def test_one_man_in_two_clips_is_more_like_himself_than_another_is():
    for model in PRINTS.model_names():
        local.fetch(model)
    records = [spoken("man", (0.5, 7, "S0")), spoken("intro", (0, 5, "S0")), spoken("speech", (0, 8, "S0"))]
    man, again, other = (np.asarray(said[0].embedding) for said in PRINTS.annotate(PRINTS.load("cpu"), records))
    assert man @ again > 0.4 > man @ other


def test_who_hardly_speaks_or_is_not_heard_has_no_voiceprint():
    records = [spoken("man", (1, 1.2, "S0")), spoken("man"), replace(spoken("man", (1, 5, "S0")), audio=None)]
    assert PRINTS.annotate(PRINTS.load("cpu"), records) == [(), (), ()]


def test_what_others_say_is_left_out_unless_too_little_would_be_left():
    sound = np.arange(5 * 16000, dtype=np.float32)
    overlapped = spoken("man", (1, 3, "S0"), (2, 4, "S1"))
    assert len(own_speech(overlapped, sound, 0.4)) == 16000
    assert len(own_speech(overlapped, sound, 1.5)) == 32000
