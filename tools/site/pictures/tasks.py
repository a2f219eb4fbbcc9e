"""Pictures that pages for a task begin with: each is made as the page says."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from tools.site.sheets import painted, photo, sheet, shown

import impasto
from impasto import Picture
from impasto.dataset import DatasetOptions, stylize_dataset
from impasto.gallery import open_style
from impasto.video.setup import stylize_video

_PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field")


def batch() -> Image.Image:
    """Two photographs in four styles, in one pass."""
    styles = ("waves", "stained_glass", "pastel", "woodcut")
    photos = [photo(name, 384) for name in _PHOTOS[1:3]]
    rows = [
        [shown(each), *(painted(each, open_style(s, 384), method="fast", size=384) for s in styles)]
        for each in photos
    ]
    return sheet(rows, [[], ["", *(name.replace("_", " ") for name in styles)]])


def data_set() -> Image.Image:
    """Five pictures of a data set, and two copies of each."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name in _PHOTOS:
            photo(name, 224).save(folder / "photos" / f"{name}.png", overwrite=True)
        options = DatasetOptions(copies=2, strength=(0.5, 1.0))
        styles = ["mosaic", "waves", "strokes", "palette_knife", "embroidery", "woodcut", "leaves"]
        stylize_dataset(folder / "photos", styles, folder / "out", options, workers=1)
        copies = [
            [
                impasto.open_picture(next((folder / "out").glob(f"{name}*{end}.png")))
                for name in _PHOTOS
            ]
            for end in ("", "2")
        ]
    rows = [[photo(name, 224) for name in _PHOTOS], *copies]
    tiles = [[shown(each) for each in row] for row in rows]
    return sheet(tiles, [[], [], []], ["photos", "first copy", "second copy"])


def live() -> Image.Image:
    """What a camera sees, and two filters."""
    seen = photo("astronaut", 384)
    made = [
        shown(impasto.stylize(seen, open_style(name, 384), method="fast", size=384), 288)
        for name in ("waves", "mosaic")
    ]
    return sheet([[shown(seen, 288), *made]], [["the camera", "waves", "mosaic"]])


def print_size() -> Image.Image:
    """A picture painted large, a detail of it, and the same detail of a small one."""
    content, style = photo("coffee", 1024), open_style("strokes", 1024)
    large = impasto.stylize(content, style, size=1024).to_pil().convert("RGB")
    small = impasto.stylize(content, style, size=256).to_pil().convert("RGB")
    at, size = (260, 120), (288, 192)
    box = (*at, at[0] + size[0], at[1] + size[1])
    near = (box[0] / 4, box[1] / 4, box[2] / 4, box[3] / 4)
    detail = large.crop(box)
    enlarged = small.resize(size, Image.Resampling.LANCZOS, box=near)
    whole = large.resize(size, Image.Resampling.LANCZOS)
    words = ["painted at 1024 pixels", "a detail of it", "the same, painted at 256"]
    return sheet([[whole, detail, enlarged]], [words])


def video() -> Image.Image:
    """Frames of a clip that moves over a photograph, and of what is made of them."""
    wide = photo("coffee", 480).to_pil().convert("RGB")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "clip").mkdir()
        for number in range(13):
            left = 12 * number
            wide.crop((left, 60, left + 288, 252)).save(folder / "clip" / f"{number:02}.png")
        style = Picture(open_style("strokes", 384).pixels)
        target = folder / "painted" / "%02d.png"
        stylize_video(folder / "clip", [style], target, method="fast", size=288)
        rows = [
            [Image.open(folder / which / f"{number:02}.png").convert("RGB") for number in (1, 5, 9)]
            for which in ("clip", "painted")
        ]
    return sheet(rows, [[], []])


def studio() -> Image.Image:
    """The studio's page in Chromium, with a photograph that was painted at a tap."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as drives:
        command = [sys.executable, "-m", "impasto", "studio", "--history", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout is not None
            try:
                address = program.stdout.readline().strip()
                browser = drives.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1040, "height": 660})
                page.goto(address)
                page.get_by_role("button", name="A cat").click()
                page.wait_for_selector("#save:enabled")
                with page.expect_response("**/api/paint"):
                    page.get_by_role("button", name="Stained glass").click()
                page.wait_for_timeout(8000)  # until all thumbnails are there
                page.screenshot(path=Path(folder) / "page.png")
                browser.close()
            finally:
                program.terminate()
        return Image.open(Path(folder) / "page.png").convert("RGB")
