"""The page itself, in a browser without a window."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from impasto.images import read_recipe, save_animation

LONG = 60_000


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as drives:
        # A camera that shows a test picture, and needs nobody's leave.
        fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        opened = drives.chromium.launch(executable_path=chromium, args=["--no-sandbox", *fake])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, studio: str) -> Iterator[Page]:
    """The page, as it comes, in a browser that was never here before."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    opened = context.new_page()
    elsewhere: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda r: _note(r.url, studio, elsewhere))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(studio)
    expect(opened.locator("#gallery img").first).to_be_visible(timeout=LONG)
    yield opened
    context.close()
    assert elsewhere == []  # nobody is told, nothing is fetched from anywhere
    assert errors == []


def _note(url: str, studio: str, elsewhere: list[str]) -> None:
    if not url.startswith((studio, "data:", "blob:")):
        elsewhere.append(url)


def choose(page: Page, picture: Path) -> None:
    """Give a picture and a style, and wait for what Quick makes of them."""
    page.locator("#content input[type=file]").first.set_input_files(picture)
    expect(page.locator("#content img")).to_be_visible(timeout=LONG)
    page.locator("#gallery .thumbnail-lg").first.click()
    expect(page.locator("#status")).to_contain_text("One quick pass", timeout=LONG)


def test_a_picture_is_painted_stopped_and_kept(page: Page, picture: Path, tmp_path: Path) -> None:
    choose(page, picture)
    expect(page.locator("#result img").first).to_be_visible()
    quick = page.locator("#result img").last.get_attribute("src")

    page.locator("#paint").click()
    expect(page.locator("#status")).to_contain_text("Step", timeout=LONG)
    page.locator("#cancel").click()
    expect(page.locator("#status")).to_contain_text("kept in the history", timeout=LONG)
    expect(page.locator("#cancel")).to_be_hidden()
    assert re.search(r"\d+ of \d+ steps", page.locator("#status").inner_text())
    assert page.locator("#result img").last.get_attribute("src") != quick

    with page.expect_download() as caught:
        page.get_by_text("Save PNG").click()
    saved = tmp_path / "saved.png"
    caught.value.save_as(saved)
    assert Image.open(saved).size == (512, 512)
    recipe = read_recipe(saved)
    assert recipe["content"]["name"] == picture.name

    page.get_by_role("tab", name="History").click()
    page.locator("#history button").first.click()
    expect(page.get_by_text("cat x", exact=False).last).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Same again with").click()
    expect(page.locator("#paint")).to_be_visible(timeout=LONG)
    expect(page.locator("#content img")).to_be_visible()

    # Another visit, another browser: what was kept is still there, until it is deleted.
    page.get_by_role("tab", name="History").click()
    count = page.locator("#history button").count()
    page.locator("#history button").first.click()
    expect(page.get_by_role("button", name="Delete")).to_be_enabled(timeout=LONG)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted.")).to_be_visible(timeout=LONG)
    expect(page.locator("#history button")).to_have_count(max(0, count - 1), timeout=LONG)


def test_what_is_painted_with_the_brush_stays(page: Page, picture: Path) -> None:
    choose(page, picture)
    page.get_by_text("Keep parts, or give each style").click()
    canvas = page.locator("#brush canvas")
    expect(canvas).to_be_visible(timeout=LONG)
    expect(page.locator("#brush label", has_text="only")).to_have_count(1, timeout=LONG)
    page.locator("#brush label", has_text="Stays").click()
    canvas.focus()
    for _ in range(4):
        canvas.press("Shift+ArrowLeft")
    page.locator("#paint").click()
    expect(page.locator("#status")).to_contain_text("Step", timeout=LONG)
    page.locator("#cancel").click()
    expect(page.locator("#status")).to_contain_text("kept in the history", timeout=LONG)
    page.get_by_text("How it came to be").click()
    expect(page.get_by_text("keep.png").first).to_be_visible(timeout=LONG)


def test_a_look_is_chosen_and_painted_large(page: Page, picture: Path) -> None:
    choose(page, picture)
    page.get_by_role("tab", name="Explore").click()
    for name in ("style loss", "color", "style scale"):
        page.locator("#axes label", has_text=name).click()
    page.locator("#explore").click()
    expect(page.locator("#looks .thumbnail-lg").first).to_be_visible(timeout=LONG)
    page.locator("#looks .thumbnail-lg").first.click()
    expect(page.locator("#looked")).to_contain_text("01: strength 0.6", timeout=LONG)
    page.get_by_label("number input for Large: pixels").fill("256")
    page.get_by_role("button", name="Paint it large").click()
    expect(page.locator("#paint")).to_be_visible(timeout=LONG)
    expect(page.locator("#strength input[type=number]")).to_have_value("0.6", timeout=LONG)
    expect(page.locator("#status")).to_contain_text("Step", timeout=LONG)
    page.locator("#cancel").click()
    expect(page.locator("#status")).to_contain_text("256 × 256 pixels", timeout=LONG)


def test_strength_is_a_slider(page: Page, picture: Path) -> None:
    choose(page, picture)
    full = page.locator("#result img").last.get_attribute("src")
    slider = page.locator("#strength input[type=range]")
    slider.focus()
    for _ in range(10):
        slider.press("ArrowLeft")
    expect(page.locator("#result img").last).not_to_have_attribute("src", str(full), timeout=LONG)


def test_styles_are_mixed(page: Page, picture: Path) -> None:
    choose(page, picture)
    page.locator("#mix input").check()
    page.locator("#gallery .thumbnail-lg").nth(3).click()
    expect(page.get_by_label("Share of", exact=False).first).to_be_visible(timeout=LONG)
    expect(page.locator(".chosen:visible")).to_have_count(2)


def test_a_bad_file_is_a_message(page: Page, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("this is not a picture")
    page.locator("#gallery .thumbnail-lg").first.click()
    page.locator("#content input[type=file]").first.set_input_files(bad)
    expect(page.get_by_text("cannot be used", exact=False).first).to_be_visible(timeout=LONG)
    assert "Traceback" not in page.content()


def test_nothing_chosen_is_a_message(page: Page) -> None:
    page.locator("#paint").click()
    expect(page.get_by_text("choose a content picture first", exact=False).first).to_be_visible(
        timeout=LONG
    )
    expect(page.locator("#status")).to_have_text("That did not work.", timeout=LONG)
    expect(page.locator("#cancel")).to_be_hidden()


def test_a_picture_of_this_machine_s_network_is_not_fetched(page: Page, studio: str) -> None:
    page.get_by_placeholder("address of a picture").fill(f"{studio}gradio_api/info")
    page.get_by_role("button", name="Fetch").click()
    expect(page.locator(".toast-body, .toast-wrap").first).to_be_visible(timeout=LONG)
    expect(page.locator("#content img")).to_have_count(0)


def test_a_video(page: Page, tmp_path: Path) -> None:
    frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(5)]
    clip = save_animation(frames, tmp_path / "clip.mp4", fps=5)
    page.get_by_role("tab", name="Video").click()
    page.locator("#clip input[type=file]").set_input_files(clip)
    page.locator("#gallery:visible .thumbnail-lg").first.click()
    expect(page.locator(".chosen:visible")).to_have_count(1, timeout=LONG)
    page.get_by_role("button", name="Paint the video").click()
    expect(page.get_by_text(re.compile(r"\d+ frames\."))).to_be_visible(timeout=LONG)


def test_light_and_dark_at_the_width_of_a_phone(page: Page) -> None:
    body = page.locator("body")
    page.get_by_role("button", name="Light / dark").click()
    expect(body).to_have_class(re.compile("dark"))
    page.reload()
    expect(body).to_have_class(re.compile("dark"), timeout=LONG)
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator("#paint")).to_be_visible(timeout=LONG)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 400


def test_every_tab_opens(page: Page) -> None:
    for name, told in (
        ("Explore", "Show the looks"),
        ("Many pictures", "Paint them all"),
        ("Camera", "Press the camera"),
        ("History", "Your pictures, the newest first"),
        ("Video", "Paint the video"),
    ):
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_text(told, exact=False).first).to_be_visible(timeout=LONG)


def test_the_camera(page: Page) -> None:
    page.get_by_role("tab", name="Camera").click()
    page.get_by_text("Click to Access Webcam").click()
    expect(page.locator("#camera video")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="capture photo").click()
    expect(page.locator("#painted img")).to_be_visible(timeout=LONG)
    first = str(page.locator("#painted img").get_attribute("src"))
    expect(page.locator("#painted img")).not_to_have_attribute("src", first, timeout=LONG)
