"""The page in a real browser."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect
from tests.studio.conftest import Wire

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


@pytest.fixture(params=list(SIZES))
def page(browser: Browser, studio: str, request: pytest.FixtureRequest) -> Iterator[Page]:
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
    page.wait_for_selector("#save:enabled", timeout=60_000)  # something to save: it was painted
    assert page.locator("main").bounding_box() == place  # nothing jumps
    paint = page.get_by_role("button", name="Paint it")
    page.wait_for_selector("#paint-button:enabled", timeout=30_000)
    held: list[Route] = []
    page.route("**/api/runs", lambda route: held.append(route))
    with page.expect_request("**/api/runs"):
        paint.click()
    page.get_by_role("button", name="Stop").click()  # before the run has begun
    with page.expect_request("**/stop"):
        held[0].continue_()
    page.wait_for_selector("#paint-button:enabled", timeout=60_000)
    assert sideways(page) <= 0


def test_the_photo_shows_where_the_picture_is_held_or_its_handle_dragged(
    page: Page, picture: Path
) -> None:
    page.locator("#file").set_input_files(picture)
    page.wait_for_selector("#save:enabled", timeout=60_000)
    frame = page.locator("#frame").bounding_box()
    assert frame is not None
    middle = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    before = page.locator("#before")
    hidden, whole = "inset(0px 100% 0px 0px)", "none"
    expect(before).to_have_css("clip-path", hidden)
    page.mouse.move(*middle)
    page.mouse.down()
    expect(before).to_have_css("clip-path", whole)
    page.mouse.up()
    expect(before).to_have_css("clip-path", hidden)
    page.mouse.move(frame["x"] + 22, middle[1])
    page.mouse.down()
    page.mouse.move(*middle, steps=5)
    page.mouse.up()
    expect(page.locator("#split")).to_have_value("50")
    page.locator("#regions summary").evaluate("each => each.click()")
    page.mouse.move(middle[0] - 20, middle[1])
    page.mouse.down()
    page.mouse.move(*middle, steps=5)
    page.wait_for_timeout(500)  # longer than one holds
    expect(before).not_to_have_css("clip-path", whole)  # this paints
    page.mouse.up()


def test_a_photo_chosen_before_the_page_has_started_is_painted(
    browser: Browser, studio: str, picture: Path
) -> None:
    asked: list[Route] = []
    with browser.new_page() as page:
        page.route("**/api/studio", lambda route: asked.append(route))
        with page.expect_request("**/api/studio"):
            page.goto(studio)
        with page.expect_file_chooser() as choosing:
            page.locator("#choose").click()
        choosing.value.set_files(picture)
        asked[0].continue_()
        page.wait_for_selector("#save:enabled", timeout=60_000)


def test_it_remembers_dark(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # colors do not fade
    switch = page.get_by_role("button", name="Dark").or_(page.get_by_role("button", name="Light"))
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    switch.first.click()
    changed = "before => getComputedStyle(document.body).backgroundColor !== before"
    page.wait_for_function(changed, arg=before, timeout=10_000)
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after


@pytest.mark.parametrize("engine", ["studio", "alone"])
@pytest.mark.parametrize("scale", [1, 3])
def test_the_first_view_is_small(
    browser: Browser, request: pytest.FixtureRequest, engine: str, scale: float
) -> None:
    width, height = SIZES["phone" if scale == 3 else "desktop"]
    size: ViewportSize = {"width": width, "height": height}
    shown = "[...document.querySelectorAll('#tiles img[src], #examples img')]"
    page = browser.new_page(viewport=size, device_scale_factor=scale, bypass_csp=True)
    with Wire(request.getfixturevalue(engine)) as wire:
        page.goto(wire.address)
        page.wait_for_selector("#tiles img[src]", timeout=60_000)
        page.wait_for_function(f"{shown}.length > 5 && {shown}.every((each) => each.complete)")
        page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        assert wire.bytes <= 300_000
        page.close()


def test_the_studio_keeps_only_what_the_page_needs(
    browser: Browser, studio: str, picture: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(studio)
    page.wait_for_selector("#tiles img[src]", timeout=60_000)
    uploads: list[str] = []

    def use() -> None:
        with page.expect_response("**/api/files") as answer:
            page.locator("#file").set_input_files(picture)
        uploads.append(answer.value.json()["id"])
        page.wait_for_selector("#save:enabled", timeout=60_000)

    def there(id: str) -> bool:
        return context.request.get(f"{studio}api/files/{id}/thumbnail").ok

    def until_gone(id: str) -> None:
        end = time.monotonic() + 20
        while there(id):
            assert time.monotonic() < end
            page.wait_for_timeout(50)

    use()
    page.clock.fast_forward(60_000)
    use()
    page.clock.fast_forward(10_000)
    until_gone(uploads[0])
    assert there(uploads[1])
    # As where a page is left for good; one that the browser keeps for the way back keeps its files.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }))")
    until_gone(uploads[1])
    context.close()


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
def test_a_kept_picture_brings_back_its_quality_and_its_mix(page: Page) -> None:
    styles = [{"name": "waves", "weight": 0.7}, {"name": "mosaic", "weight": 0.3}]

    def opened(route: Route) -> None:
        answer = route.fetch().json()
        route.fulfill(json={**answer, "styles": styles, "settings": {"encoder": "vgg19"}})

    page.route("**/open", opened)
    page.get_by_role("button", name="A cat").click()
    page.get_by_text("Draft", exact=True).click()
    paint = page.get_by_role("button", name="Paint it")
    expect(paint).to_be_enabled(timeout=60_000)
    paint.click()
    expect(page.locator("#save")).to_be_enabled(timeout=60_000)
    page.get_by_role("button", name="History").first.click()
    page.locator("#history .tile").first.click()
    expect(page.get_by_role("radio", name="Best")).to_be_checked()
    expect(page.locator("#mix .share")).to_have_count(2)
