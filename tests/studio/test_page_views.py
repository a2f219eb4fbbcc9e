"""Every view of the page, light and dark: anybody can use it, and nothing moves by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
#: Milliseconds in which something is painted on a busy machine.
PATIENCE = 180_000
#: What is looked at: everything, then what a theme can change.
RULES: dict[Literal["light", "dark"], str] = {
    "light": "{ resultTypes: ['violations'], preload: false }",
    "dark": "{ preload: false, resultTypes: ['violations'],"
    " runOnly: ['color-contrast', 'link-in-text-block'] }",
}
#: The first view is looked at whole; later on most of the styles, all alike, are left out.
PART = "{ exclude: ['#tiles > :nth-child(n + 4)'] }"
REST = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((seen) => {
      for (const each of seen.getEntries()) if (!each.hadRecentInput) window.shifts += each.value;
    }).observe({ type: "layout-shift", buffered: true });
"""


def opens(page: Page, controls: str) -> None:
    """Use what is in the panel, which on a phone opens first."""
    if page.locator("#open-panel").is_visible():
        page.locator("#open-panel").click()
    page.locator(controls).locator("visible=true").click()


def views(page: Page, studio: bool) -> Iterator[str]:
    """Go through the views of the page; yield the name of each."""
    page.wait_for_selector("#tiles img", timeout=60_000)
    yield "empty"
    page.locator("#file").set_input_files(
        {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"text"}
    )
    page.wait_for_selector("#status.error")
    yield "error"
    page.locator("#examples button").first.click()
    yield "painting at a tap"
    page.wait_for_selector("#save:enabled", timeout=PATIENCE)
    if studio:
        opens(page, "#quality label:first-of-type")
        page.keyboard.press("Escape")
    page.locator("#paint-button").click()
    yield "painting"
    page.wait_for_selector("#paint-button", timeout=PATIENCE)
    page.locator("#split").press("ArrowRight")
    yield "done and compared"
    opens(page, "#mix summary")
    page.locator("#mix select").select_option(index=3)
    yield "mixed styles"
    page.locator("#mix .icon:enabled").click()
    page.locator("#mix summary").click()
    page.locator("#more summary").click()
    yield "more"
    page.locator("#more summary").click()
    page.locator("#regions summary").click()
    yield "regions"
    top = "#regions-body button:text-is('Top half')"
    opens(page, top)
    yield "regions with an area"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    if studio:
        opens(page, "#show-looks")
        page.wait_for_selector("#look-grid img", timeout=PATIENCE)
        yield "looks"
        page.keyboard.press("Escape")
        page.evaluate("() => document.querySelector('#stop:not([hidden])')?.click()")
        page.wait_for_selector("#paint-button", timeout=PATIENCE)
    page.locator("#show-history").click()
    page.wait_for_selector("#history img")
    yield "history"
    page.keyboard.press("Escape")
    for mode in ("camera", "batch", *(["video"] if studio else [])):
        opens(page, f"nav [data-mode={mode}]")
        yield mode


@pytest.mark.parametrize(
    ("engine", "phone"), [("studio", False), ("studio", True), ("alone", True)]
)
def test_the_views(
    browser: Browser, request: pytest.FixtureRequest, engine: str, phone: bool
) -> None:
    size: ViewportSize = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
    page = browser.new_page(
        viewport=size, has_touch=phone, bypass_csp=True, reduced_motion="reduce"
    )
    page.add_init_script(SHIFTS)
    if not AXE.is_file():
        pytest.skip("`npm ci` has not fetched axe")
    page.add_init_script(path=AXE)
    page.goto(request.getfixturevalue(engine))
    wrong = []
    for view in views(page, engine == "studio"):
        page.evaluate(REST)
        where = "document" if view == "empty" else PART
        for theme, rules in RULES.items():
            if theme == "dark" and (engine, phone) != ("studio", True):  # colors are the same
                continue
            page.emulate_media(color_scheme=theme)
            found = page.evaluate(f"axe.run({where}, {rules})")["violations"]
            wrong += [(view, theme, each["id"], each["nodes"][0]["html"]) for each in found]
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        if view == "done and compared":  # later views are opened by hand, which moves what is below
            assert page.evaluate("shifts") < 0.02
    assert wrong == []
    page.close()
