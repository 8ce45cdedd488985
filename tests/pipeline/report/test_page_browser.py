"""The report in a real browser, from a file, as a person uses it."""

import os
import shutil

import pytest

from pipeline.report.page import REPORT
from tests.support.reported import EVIL, visible

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SCREENS = [(1366, 768), (1920, 1080)]


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    # Chromium's sandbox does not work for root.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=args)


@pytest.fixture
def opened(browser):
    """Open a version's report; return the page and a list of all that it should not do."""
    contexts = []

    def go(version, size=SCREENS[0], scheme="light"):
        contexts.append(browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme))
        page, bad = contexts[-1].new_page(), []
        page.on("dialog", lambda dialog: (bad.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: bad.append(message.text))
        page.on("pageerror", lambda error: bad.append(str(error)))
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or bad.append(request.url))
        page.goto((version / REPORT).as_uri())
        return page, bad

    yield go
    for context in contexts:
        context.close()


def shown(page):
    return page.locator(".card:visible")


def tab_to(page, selector):
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"the Tab key does not lead to {selector}")


def test_hostile_data_run_nothing_load_nothing_and_can_be_read(opened, evil_version):
    page, bad = opened(evil_version)
    card = page.locator(".card").first
    assert card.locator("blockquote").text_content() == visible(EVIL)
    card.locator(".mark").first.hover()
    card.locator(".cite").first.click()
    page.locator("[data-search]").fill("<script>")
    assert shown(page).count() == 1
    assert page.title() == "v1: 4 clips"
    assert page.locator("script").count() == 1
    assert bad == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SCREENS)
def test_nothing_needs_scrolling_sideways_whatever_the_data(opened, felt_version, evil_version, size, scheme):
    for version in (felt_version, evil_version):
        page, bad = opened(version, size, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert bad == []


def test_filters_and_order_work_by_keyboard(opened, felt_version):
    page, bad = opened(felt_version)
    total = page.locator(".card").count()
    tab_to(page, "[data-filter=decision]")
    page.keyboard.type("review")
    decisions = shown(page).evaluate_all("cards => cards.map(card => card.dataset.decision)")
    assert set(decisions) == {"review"}
    assert page.locator("[data-count]").text_content() == f"{len(decisions)} of {total} shown"
    page.keyboard.press("Home")
    assert shown(page).count() == total
    tab_to(page, "[data-search]")
    page.keyboard.type("Number 7")
    assert shown(page).locator("blockquote").all_text_contents() == ["sentence number 7"]
    page.keyboard.press("Control+A")
    page.keyboard.type("nobody says this")
    assert page.get_by_text("No clip is like that.").is_visible()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    tab_to(page, "[data-audit]")
    page.keyboard.press("Space")
    assert shown(page).count() == page.locator("article .badge.audit").count() < total
    page.keyboard.press("Space")
    tab_to(page, "[data-sort]")
    page.keyboard.type("source")
    order = shown(page).evaluate_all("cards => cards.map(card => [card.dataset.source, Number(card.dataset.start)])")
    assert order == sorted(order)
    assert len(order) == total
    assert bad == []


def test_a_cue_tells_itself_and_takes_the_player_to_its_time(opened, felt_version):
    page, bad = opened(felt_version)
    card = page.locator(".card:has(video):has(.mark:not(.whole))").first
    mark = card.locator(".mark:not(.whole)").last
    start = float(mark.get_attribute("data-start"))
    assert start > 0
    mark.focus()
    assert card.locator(".told").text_content().startswith(mark.get_attribute("aria-label"))
    page.keyboard.press("Enter")
    page.wait_for_function(
        "([player, at]) => Math.abs(player.currentTime - at) < 0.05", arg=[card.locator("video").element_handle(), start]
    )
    sound = page.locator(".card:has(audio):has(.mark:not(.whole))").first
    other = sound.locator(".mark:not(.whole)").last
    other.locator("rect").click()
    at = float(other.get_attribute("data-start"))
    page.wait_for_function(
        "([player, at]) => Math.abs(player.currentTime - at) < 0.05", arg=[sound.locator("audio").element_handle(), at]
    )
    assert bad == []


def test_a_citation_highlights_its_cue(opened, felt_version):
    page, bad = opened(felt_version)
    cite = page.locator(".cite").nth(3)
    cite.focus()
    page.keyboard.press("Enter")
    lit = page.locator(".mark.lit")
    assert lit.count() == 1
    assert lit.get_attribute("data-cue") == cite.text_content()
    assert lit.evaluate("mark => mark === document.activeElement")
    assert bad == []


def test_the_page_says_the_same_without_its_script(browser, felt_version):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((felt_version / REPORT).as_uri())
    assert page.locator(".card >> visible=true").count() == page.locator(".card").count() > 0
    context.close()
