"""The form on the real server, in a real browser, by keyboard only."""

import os
import shutil
import subprocess
import time
from dataclasses import replace

import pytest

from label_studio.command import CLIPS, own_folder
from label_studio.project.answers import read_answer
from label_studio.project.evidence_text import storable
from label_studio.project.form import ADJUDICATE, CONFLICT, ORDINARY, PREFER
from label_studio.project.silent import silenced
from label_studio.project.tasks import adjudication, preferences, task
from tests.label_studio.reviewer import Reviewer, Studio
from tests.label_studio.reviewers import answer
from tests.label_studio.rows import Files, label, record
from tests.support.reported import EVIL
from tests.support.walking import walking

pytestmark = pytest.mark.server
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SCREENS = [(1366, 768), (1920, 1080)]
BOTTOM_BAR = 50
TO_THE_END = ("5", "t", "k", "v", "Shift+2", "Shift+R", "Shift+D", "Shift+X", "9")


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    # Chromium's sandbox does not work for root.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=args)


@pytest.fixture(scope="module")
def studio(server):
    owner, clips = server.kept["owner"], own_folder(server.shards) / CLIPS
    return Studio(server.url, server.kept["token"], owner["email"], owner["password"], clips)


@pytest.fixture(scope="module")
def clip(studio):
    """A clip whose media the server has: three seconds of a picture that changes and a tone."""
    one = record()
    whole = studio.clips / f"{one.clip_id}.mp4"
    made = "ffmpeg -v error -y -f lavfi -i testsrc=d=3:r=25:s=320x240 -f lavfi -i sine=d=3 -c:v libx264 -pix_fmt yuv420p -c:a aac"
    subprocess.run([*made.split(), whole], check=True)
    whole.with_suffix(".silent.mp4").write_bytes(silenced(whole.read_bytes()))
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", whole, "-vn", whole.with_suffix(".flac")], check=True)
    return one


@pytest.fixture
def sit_down(browser, studio):
    """Open a project with these tasks as a reviewer; what should not happen has not happened at the end."""
    people = []

    def go(kind, tasks, size=SCREENS[0], **asked):
        project = studio.project(kind, tasks, **asked)
        people.append(Reviewer(browser, studio, project, size))
        return people[-1], project

    yield go
    for person in people:
        person.context.close()
        assert person.bad == []


def files(studio):
    class Served(Files):
        def url(self, clip_id, kind):
            return f"/data/local-files/?d={studio.clips.name}/{clip_id}.{kind}"

    return Served()


@pytest.fixture(scope="module")
def media(studio):
    return files(studio)


def answered(studio, project):
    return [read_answer(annotation, data, studio.url) for annotation, data in studio.annotations(project)]


def test_a_conflict_is_judged_blind_stage_by_stage(sit_down, studio, clip, media):
    asked = task(clip, "v1", media)
    person, project = sit_down(CONFLICT, [asked])
    assert person.visible == ["VIDEO"]
    person.page.wait_for_function("document.querySelector('.af-face video').currentTime > 0.3")
    seen = person.players[0]
    assert (seen["file"], seen["muted"], seen["heard"]) == ("silent.mp4", True, 0)
    person.press("Control+Alt+Space", "Shift+Space", "Control+P")
    assert person.playing == ["VIDEO"]

    person.press("5")
    assert person.visible == ["AUDIO"]
    assert person.playing == []
    person.press("Tab", "Space")
    person.page.wait_for_function("document.querySelector('.af-voice audio').currentTime > 0.3")
    assert person.playing == ["AUDIO"]
    person.press("Space")
    assert person.playing == []
    person.press("Space")
    assert person.playing == ["AUDIO"]

    person.press("t")
    assert person.visible == [asked.data["words"]]
    person.press("k")
    assert person.visible == ["VIDEO", asked.data["transcript"]]
    person.press("Tab", "Space")
    person.page.wait_for_function("document.querySelector('.af-left video').currentTime > 0.3")
    whole = person.players[-1]
    assert (whole["file"], whole["muted"]) == ("mp4", False)
    assert whole["heard"] > 0

    person.press("v")
    assert set(person.visible) == {"VIDEO", "TEXTAREA", *(asked.data[name] for name in ("transcript", "cues", "machine"))}
    person.press("Shift+2", "Shift+R", "Shift+D", "Shift+X", "9")
    assert person.tab_to("textarea") <= 8
    person.press("Control+End")
    person.page.keyboard.type(" But 1, 2, 3: the voice is flat.")
    person.press("Tab")
    person.submit()
    (one,) = answered(studio, project)
    assert {given.modality: given.names for given in one.given} == {
        "face": ("sadness",),
        "voice": ("sadness",),
        "all": ("happiness",),
    }
    assert (one.given[-1].valence, one.given[-1].arousal, one.given[-1].intensity) == (-0.5, 0.5, 0.5)
    assert (one.truth, one.label_outcome, one.rationale_outcome) == ("voice", "accepted", "edited")
    assert one.rationale == f"{asked.data['rationale']} But 1, 2, 3: the voice is flat."
    assert one.seconds > 0


def test_taking_an_answer_back_hides_what_came_after_it(sit_down, clip, media):
    person, _ = sit_down(CONFLICT, [task(clip, "v1", media)])
    person.press("5", "t", "k")
    assert len(person.visible) == 2
    person.press("5")
    assert person.visible == ["VIDEO"]
    person.press("1")
    assert len(person.visible) == 2


def test_a_key_of_a_later_stage_shows_nothing_early(sit_down, clip, media):
    person, _ = sit_down(CONFLICT, [task(clip, "v1", media)])
    person.press("t", "k", "v", "Shift+2")
    assert person.visible == ["VIDEO"]


def test_nothing_is_sent_before_the_question_is_answered(sit_down, studio, clip, media):
    person, project = sit_down(ORDINARY, [task(clip, "v1", media, disagree=2)])
    person.press("Control+Enter")
    assert "Say what the person feels" in person.page.locator(".ant-modal-body, [role=dialog]").first.inner_text()
    assert answered(studio, project) == []


def test_an_ordinary_clip_takes_a_few_keys_and_shows_the_machine_after_the_answer(sit_down, studio, clip, media):
    asked = task(clip, "v1", media, disagree=2)
    person, project = sit_down(ORDINARY, [asked])
    assert person.visible == ["VIDEO", asked.data["transcript"]]
    started = time.monotonic()
    person.press("Tab")
    assert person.page.evaluate("document.activeElement.tagName") == "VIDEO"
    person.press("4", "r", "d", "x", "9")
    assert asked.data["machine"] in person.visible
    person.submit()
    assert time.monotonic() - started < 10
    (one,) = answered(studio, project)
    assert (one.given[0].names, one.given[0].valence, one.given[0].arousal, one.given[0].intensity) == (
        ("happiness",),
        0.5,
        0.0,
        0.25,
    )
    assert (one.label_outcome, one.rationale_outcome, one.rationale) == ("accepted", "accepted", asked.data["rationale"])


def test_the_text_is_near_from_the_end_of_the_page_and_its_keys_choose_nothing(sit_down, studio, clip, media):
    person, project = sit_down(
        ORDINARY, [task(clip, "v1", media, disagree=2), task(replace(clip, clip_id="b" * 16), "v1", media, disagree=2)]
    )
    person.press("4")
    assert person.tab_to("textarea", "Shift+Tab") <= 6
    person.page.keyboard.type("12 q ")
    person.press("Tab")
    person.submit()
    person.page.wait_for_function("() => (document.querySelector('.af video') ?? {src: ''}).src.includes('bbbb')")
    person.press("5")
    assert person.page.locator(".af .ant-radio-wrapper-checked").inner_text().split() == ["5", "sadness"]
    (one,) = answered(studio, project)
    assert one.given[0].names == ("happiness",)
    assert one.rationale_outcome == "edited"


def test_a_clip_that_cannot_be_judged_takes_one_key_whatever_was_answered(sit_down, studio, clip, media):
    person, project = sit_down(CONFLICT, [task(clip, "v1", media)])
    person.press(*TO_THE_END, "Shift+7")
    assert person.visible == []
    person.submit()
    (one,) = answered(studio, project)
    assert (one.cannot, one.given, one.rationale, one.truth) == ("several", (), None, None)


def test_two_rationales_are_compared_by_one_key(sit_down, studio, clip, media):
    said = enumerate(("She smiles.", "He frowns."))
    texts = tuple(replace(clip.texts[0], text_id=f"t{place}", text=text) for place, text in said)
    (asked, _) = preferences(replace(clip, texts=texts), "v1", media)
    person, project = sit_down(PREFER, [asked])
    assert person.visible == ["VIDEO", asked.data["transcript"], "She smiles.", "He frowns."]
    person.press("3")
    person.submit()
    (one,) = answered(studio, project)
    assert (one.preferred, one.first, one.second) == ("a2", "t0", "t1")


def test_who_decides_sees_what_the_others_said(sit_down, studio, clip, media):
    said = [answer("c", "r1", all="anger", face="fear"), answer("c", "r2", cannot="several")]
    asked = adjudication(clip, "v1", media, said)
    person, project = sit_down(ADJUDICATE, [asked])
    assert person.visible == ["VIDEO", asked.data["transcript"], "r1: anger · face fear\nr2: cannot judge (several)"]
    person.press("1", "Shift+Z", "0")
    person.submit()
    (one,) = answered(studio, project)
    assert (one.kind, one.truth, one.label_outcome, one.rationale_outcome) == (ADJUDICATE, "face", "edited", "rejected")


def test_a_modality_of_another_package_is_judged_alone_at_a_stage_of_its_own(sit_down, studio, clip, media, tmp_path):
    with walking(tmp_path, question="watch the walk"):
        asked = task(clip, "v1", media)
        person, project = sit_down(CONFLICT, [asked])
        person.press("5", "Tab", "Space", "Space", "t")
        assert person.visible == [asked.data["words"]]
        person.press("k")
        assert (person.visible, person.playing) == (["VIDEO"], [])
        assert person.page.locator(".af-gait .af-title").inner_text().split("\n") == ["4", "Gait", "watch the walk"]
        person.press("Tab", "Space")
        person.page.wait_for_function("document.querySelector('.af-gait video').currentTime > 0.3")
        person.press("Space", "c")
        assert person.playing == []
        assert person.visible == ["VIDEO", asked.data["transcript"]]
        person.press("Tab", "Space")
        person.page.wait_for_function("document.querySelector('.af-left video').currentTime > 0.3")
        person.press("Space", "Shift+R", "Shift+2", "Shift+D", "Shift+J", "Shift+V", "9")
        person.submit()
        (one,) = answered(studio, project)
    said = {given.modality: given.names for given in one.given}
    assert said == {"face": ("sadness",), "voice": ("sadness",), "gait": ("fear",), "all": ("happiness",)}
    assert (one.given[-1].valence, one.given[-1].arousal, one.given[-1].intensity) == (-0.5, 0.0, 0.25)
    assert (one.truth, one.label_outcome, one.rationale_outcome) == ("gait", "accepted", "accepted")


def test_a_label_space_with_more_labels_than_keys_is_answered_with_the_mouse(sit_down, studio, clip, media):
    person, project = sit_down(CONFLICT, [task(clip, "v1", media, space_name="goemotions28")], space_name="goemotions28")
    person.press("t")
    for name, word in (("voice", "unclear"), ("words", "grief"), ("emotion", "joy")):
        person.page.locator(f".af-ask-{name} .ant-radio-wrapper", has_text=word).click()
    person.press(*"opl")
    for left, top, right, bottom in person.choices:
        assert (left >= 0, top >= 48, right <= SCREENS[0][0], bottom <= SCREENS[0][1] - BOTTOM_BAR) == (True,) * 4
    person.submit()
    (one,) = answered(studio, project)
    assert (one.space, one.label_outcome) == ("goemotions28", None)
    assert {given.modality: given.names for given in one.given} == {"face": ("love",), "words": ("grief",), "all": ("joy",)}


@pytest.mark.parametrize("size", SCREENS)
def test_the_decision_never_scrolls_out_of_sight(sit_down, clip, media, size):
    long = " ".join(["and so on"] * 400)
    many = tuple(replace(clip.cues[0], cue_id=f"face.smile.{number}") for number in range(40))
    asked = task(replace(clip, transcript=long, words=(), texts=(replace(clip.texts[0], text=long),), cues=many), "v1", media)
    person, _ = sit_down(CONFLICT, [asked], size)
    for key in ("", *TO_THE_END):
        if key:
            person.press(key)
        assert person.choices
        for left, top, right, bottom in person.choices:
            assert (left >= 0, top >= 48, right <= size[0], bottom <= size[1] - BOTTOM_BAR) == (True,) * 4, (key, top, bottom)


def test_hostile_texts_are_shown_as_text_and_run_nothing(sit_down, studio, clip, media):
    texts = (replace(clip.texts[0], text=EVIL),)
    labels = (*clip.labels, label("face", "<img src=x onerror=alert(4)>"))
    cues = (replace(clip.cues[0], text=EVIL, cue_id="face.<b>.1"),)
    asked = task(replace(clip, transcript=EVIL, words=(), texts=texts, labels=labels, cues=cues), "v1", media)
    person, project = sit_down(CONFLICT, [asked])
    title = person.page.title()
    elements = "document.querySelectorAll('.af script, .af img, .af b, .af iframe, .af h1').length"
    for key in TO_THE_END:
        person.press(key)
        assert person.page.evaluate(elements) == 0
    texts = person.page.evaluate("() => [...document.querySelectorAll('.af .af-note')].map(one => one.textContent)")
    assert {storable(EVIL), asked.data["cues"], asked.data["machine"]} <= set(texts)
    assert person.page.locator(".af textarea").input_value() == asked.data["rationale"]
    person.submit()
    assert person.page.title() == title
    (one,) = answered(studio, project)
    assert (one.rationale_outcome, one.rationale) == ("accepted", asked.data["rationale"])


def test_a_clip_without_picture_or_sound_says_so_and_can_be_answered(sit_down, studio, clip, media):
    person, project = sit_down(CONFLICT, [task(replace(clip, video=None, fps=None), "v1", media)])
    assert "no picture" in person.page.locator(".af-face").inner_text()
    person.press("8", "r", "f", "v")
    person.submit()
    (one,) = answered(studio, project)
    assert [given.modality for given in one.given] == ["voice", "words", "all"]


def test_an_anonymous_browser_gets_no_clip(studio, clip, media):
    import httpx2

    studio.project(CONFLICT, [task(clip, "v1", media)])  # clips of no project are there for nobody
    address = studio.url + media.url(clip.clip_id, "mp4")
    assert httpx2.get(address).status_code in {401, 403}
    assert studio.http.get(address).status_code in {200, 206}
