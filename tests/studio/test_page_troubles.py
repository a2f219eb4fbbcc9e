"""What the page says where a browser, a file or a server before the studio does not help."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

PATIENCE = 180_000


@pytest.fixture
def heic(picture: Path, tmp_path: Path) -> Path:
    """A photograph as a phone takes it."""
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.from_pillow(Image.open(picture)).save(tmp_path / "IMG_0001.HEIC")
    return tmp_path / "IMG_0001.HEIC"


@pytest.mark.parametrize("engine", ["studio", "alone"])
def test_a_photo_of_a_phone_is_painted_or_the_page_says_what_to_do(
    browser: Browser, request: pytest.FixtureRequest, engine: str, heic: Path
) -> None:
    page = browser.new_page()
    page.goto(request.getfixturevalue(engine))
    page.wait_for_selector("#tiles img", timeout=60_000)
    page.locator("#file").set_input_files(heic)
    if engine == "studio":  # which reads what this browser cannot
        page.wait_for_selector("#save:enabled", timeout=PATIENCE)
        assert page.evaluate("document.querySelector('#before').naturalWidth") == 128
    else:
        expect(page.locator("#status")).to_contain_text("cannot open HEIC photos")
        expect(page.locator("#status")).to_contain_text("as a JPEG")
        expect(page.locator("#welcome")).to_be_visible()
    page.close()


def answering(status: int, times: int = 1) -> Callable[[Route], None]:
    """Return what answers as a proxy does, in HTML, and passes on what comes later."""
    left = [times]

    def answer(route: Route) -> None:
        if left[0] <= 0:
            return route.continue_()
        left[0] -= 1
        page = f"<html><head><title>{status}</title></head><body>nginx</body></html>"
        return route.fulfill(status=status, body=page, content_type="text/html")

    return answer


def test_a_server_before_the_studio_that_refuses(
    browser: Browser, studio: str, picture: Path
) -> None:
    page = browser.new_page()
    for status, said, again in (
        (413, "too large. Choose a smaller one", False),
        (500, "did not pass this on. Try again", True),
        (502, "The studio does not answer", True),
        (504, "took longer than the server", True),
        (200, "did not pass this on", True),
    ):
        page.goto(studio)
        page.wait_for_selector("#tiles img", timeout=60_000)
        page.route("**/api/files", answering(status))
        page.locator("#file").set_input_files(picture)
        expect(page.locator("#status")).to_contain_text(said)
        expect(page.locator("#welcome")).to_be_visible()
        button = page.get_by_role("button", name="Try again")
        expect(button).to_have_count(int(again))
        if again:
            button.click()
            page.wait_for_selector("#save:enabled", timeout=PATIENCE)
        page.unroute_all()
    page.close()


def test_a_painting_outlives_a_server_that_is_away_for_a_moment(
    browser: Browser, studio: str, picture: Path
) -> None:
    page = browser.new_page()
    page.goto(studio)
    page.wait_for_selector("#tiles img", timeout=60_000)
    page.locator("#quality label").first.click()
    page.locator("#file").set_input_files(picture)
    page.route("**/api/runs/*", answering(502, times=2))
    page.get_by_role("button", name="Paint it").click()
    expect(page.locator("#status")).to_contain_text("Done in", timeout=PATIENCE)
    page.close()


def test_what_opens_while_the_page_goes_back_stays_open(browser: Browser, studio: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page.goto(studio)
    page.wait_for_selector("#tiles img", timeout=60_000)
    page.evaluate(
        """() => {
            const back = history.back.bind(history);
            history.back = () => { window.going = true; setTimeout(back, 600); };
            addEventListener("popstate", () => { window.gone = true; });
        }"""
    )
    page.locator("#open-panel").click()
    page.wait_for_function("history.state?.covered")
    page.keyboard.press("Escape")
    page.wait_for_function("window.going")
    page.locator("#open-panel").click()
    page.wait_for_function("window.gone")
    expect(page.locator("#panel.open")).to_be_visible()
    page.wait_for_function("history.state?.covered")
    page.go_back()
    expect(page.locator("#panel.open")).to_have_count(0)
    page.close()
