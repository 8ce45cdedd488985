"""The same scene is found however it was encoded; another take by the same person, before the same wall, is not it."""

from dataclasses import replace

import pytest

from pipeline.split.duplicates import Copy, DuplicateSettings, copied, copies, matches
from schemas.values import Span
from tests.support.encoded import WAYS, encoded, prints
from tests.support.media import media

SETTINGS = DuplicateSettings()


@pytest.fixture(scope="module")
def whole():
    return prints(media("speech"))


def found(whole, way, folder):
    return matches([whole, prints(encoded(media("speech"), way, folder))], SETTINGS)


KEPT_ONCE = [way for way in WAYS if way not in {"a tenth cropped off", "without sound", "other sound"}]


@pytest.mark.parametrize("way", KEPT_ONCE)
def test_the_same_scene_is_found_with_where_it_begins(whole, way, tmp_path):
    (match,) = found(whole, way, tmp_path)
    cut = {"first 2 s cut off": 2.0, "first 1.37 s cut off": 1.37}.get(way, 0.0)
    assert match.same
    assert match.heard
    assert match.mirrored == (way == "mirrored")
    assert match.offset == pytest.approx(-cut, abs=0.15)
    assert match.seconds == pytest.approx(8.7 - cut, abs=0.6)


def test_a_cropped_picture_with_the_same_sound_is_linked_and_both_are_kept(whole, tmp_path):
    (match,) = found(whole, "a tenth cropped off", tmp_path)
    assert (match.heard, match.seen, match.same) == (True, False, False)


def test_a_dubbed_picture_is_linked_and_both_are_kept(whole, tmp_path):
    assert {(match.heard, match.seen, match.same) for match in found(whole, "other sound", tmp_path)} == {(False, True, False)}


def test_without_sound_the_picture_alone_tells(tmp_path):
    film = media("carphone")
    for way in ("half the size, crf 36", "first 2 s cut off", "mirrored", "brighter"):
        (match,) = matches([prints(film), prints(encoded(film, way, tmp_path))], SETTINGS)
        assert (match.heard, match.seen, match.same) == (None, True, True), way


def test_a_film_that_begins_with_another_one_keeps_both(whole):
    other = prints(media("man"))
    joined = tuple(replace(late, codes=until(8.0, early) + late.codes) for early, late in zip(other, whole, strict=True))
    told = copies(matches([joined, other, whole], SETTINGS))
    assert {number: [(part.kept, round(part.at)) for part in parts] for number, parts in told.items()} == {
        1: [(0, 0)],
        2: [(0, 8)],
    }


def until(seconds, told):
    """Return codes that fill so many seconds."""
    signs = told.bits // 4
    return told.codes.ljust(round(seconds * told.rate) * signs, "0")[: round(seconds * told.rate) * signs]


@pytest.mark.parametrize("sound", [True, False])
def test_other_takes_of_the_same_person_and_other_films_are_not_the_same_scene(sound):
    films = [prints(media(name)) for name in ("man", "intro", "speech", "carphone")]
    films += [part for name in ("man", "speech") for part in halves(films[0 if name == "man" else 2])]
    sources = films if sound else [tuple(told for told in film if told.stream == "video") for film in films]
    pairs = {(match.first, match.second) for match in matches(sources, SETTINGS)}
    assert {(first, second) for first, second in pairs if first >= 4 or second < 4} == set()


def halves(film):
    """Return the first and the second half of a film's fingerprints: the same people in the same place, another moment."""
    middle = [len(told.codes) // (told.bits // 4) // 2 * (told.bits // 4) for told in film]
    first = tuple(replace(told, codes=told.codes[:at]) for told, at in zip(film, middle, strict=True))
    # Neighbouring codes of sound are made of the same sound.
    gap = [0 if told.stream == "video" else 22 * told.bits // 4 for told in film]
    return first, tuple(replace(t, codes=t.codes[at + skip :]) for t, at, skip in zip(film, middle, gap, strict=True))


def test_matches_do_not_depend_on_who_else_is_there(whole):
    others = [prints(media(name)) for name in ("man", "carphone")]
    alone = matches([whole, whole], SETTINGS)
    among = matches([others[0], whole, others[1], whole], SETTINGS)
    assert [replace(match, first=0, second=1) for match in among] == list(alone)


def test_silence_and_black_are_nothing_to_recognise(whole):
    nothing = tuple(replace(told, codes="0" * len(told.codes)) for told in whole)
    assert matches([nothing, nothing], SETTINGS) == ()


def test_a_sound_too_short_to_be_judged_is_no_proof_that_a_picture_is_the_same_scene(whole):
    short = tuple(replace(told, codes="") if told.stream == "audio" else told for told in prints(media("carphone")) + whole[:1])
    assert [match.same for match in matches([short, short], SETTINGS)] == [False]


def test_a_clip_is_a_copy_where_half_of_it_lies_in_a_stretch_that_another_source_keeps():
    parts = (Copy(Span(start=0, end=4), 0, 7.0), Copy(Span(start=4, end=9), 1, 0.0))
    assert copied(Span(start=3, end=5), parts).kept == 0
    assert copied(Span(start=3, end=8), parts).kept == 1
    assert copied(Span(start=8, end=10.5), parts) is None
