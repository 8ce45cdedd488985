from annotators.speaking.voices import SeenSpeaking, VoiceLimits, final_names, likeness_of, voice_of
from tests.annotators.speaking.meeting import OWN, clip


def seen_in(clip, person, seconds):
    return SeenSpeaking(clip=clip, person=person, seconds=seconds)


LIMITS = VoiceLimits(join_seconds=4.0, join_like=0.3, split_seconds=4.0, split_like=0.3)


def names(clips, seen):
    return [one and one.speaker for one in final_names(clips, seen, LIMITS)]


def test_two_names_that_come_out_of_one_mouth_are_one():
    clips = [clip(0, [OWN], "S0", voice=0), clip(1, [OWN], "S1", voice=1), clip(2, [], "S1", voice=1)]
    told = final_names(clips, [seen_in(clip=0, person="P0", seconds=4), seen_in(clip=1, person="P0", seconds=4)], LIMITS)
    assert [one.speaker for one in told] == ["S0", "S0", "S0"]
    assert {one.person for one in told} == {"P0"}
    assert "mouth of P0" in told[1].reason


def test_a_short_shout_unlike_the_voice_stays_apart_and_one_like_it_does_not():
    unlike = [clip(0, [OWN], "S0", voice=0), clip(1, [OWN], "S1", voice=1)]
    seen = [seen_in(clip=0, person="P0", seconds=4), seen_in(clip=1, person="P0", seconds=1)]
    assert names(unlike, seen) == ["S0", "S1"]
    assert names([unlike[0], clip(1, [OWN], "S1", voice=0)], seen) == ["S0", "S0"]


def test_one_name_out_of_two_mouths_is_two_where_they_sound_like_two():
    clips = [clip(0, [OWN], voice=0), clip(1, [OWN], voice=1), clip(2, [], voice=1), clip(3, [], voice=0)]
    seen = [seen_in(clip=0, person="P0", seconds=5), seen_in(clip=1, person="P1", seconds=4)]
    told = final_names(clips, seen, LIMITS)
    assert [one.speaker for one in told] == ["S0", "S1", "S1", "S0"]
    assert [one.person for one in told] == ["P0", "P1", "P1", "P0"]


def test_one_voice_over_two_mouths_stays_one():
    clips = [clip(0, [OWN], voice=0), clip(1, [OWN], voice=0)]
    assert names(clips, [seen_in(clip=0, person="P0", seconds=5), seen_in(clip=1, person="P1", seconds=5)]) == [
        "S0",
        "S0",
    ]


def test_where_nobody_is_seen_names_stay_and_where_nobody_speaks_there_is_none():
    assert names([clip(0, [], "S1"), clip(1, [], None)], []) == ["S1", None]


def test_a_voice_that_is_not_known_is_like_nothing():
    assert voice_of([clip(0)], [0]) is None
    assert likeness_of(None, voice_of([clip(0, voice=1)], [0])) is None
