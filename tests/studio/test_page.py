"""The page in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    camera = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with sync_playwright() as drives:
        browser = drives.chromium.launch(executable_path=chromium, args=["--no-sandbox", *camera])
        yield browser
        browser.close()


@pytest.fixture(params=list(SIZES))
def page(browser: Any, studio: str, request: pytest.FixtureRequest) -> Iterator[Page]:  # noqa: ANN401
    width, height = SIZES[request.param]
    page = browser.new_page(viewport={"width": width, "height": height})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(studio)
    yield page
    page.close()
    assert wrong == []


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_a_photo_is_painted_at_once_and_then_properly(page: Page, picture: Path) -> None:
    expect(page.get_by_role("button", name="Paint it")).to_be_disabled()
    assert sideways(page) <= 0
    place = page.locator("main").bounding_box()
    page.get_by_role("button", name="A cat").click()
    save = page.get_by_role("button", name="Save").first
    expect(save).to_be_enabled(timeout=60_000)  # there is something to save: it was painted
    assert page.locator("main").bounding_box() == place  # nothing jumps
    paint = page.get_by_role("button", name="Paint it")
    expect(paint).to_be_enabled(timeout=30_000)
    paint.click()
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible(timeout=30_000)
    stop.click()
    expect(page.get_by_role("button", name="Paint it")).to_be_enabled(timeout=60_000)
    assert sideways(page) <= 0


def test_it_remembers_dark(page: Page) -> None:
    switch = page.get_by_role("button", name="Dark").or_(page.get_by_role("button", name="Light"))
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    switch.first.click()
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert after != before
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after
