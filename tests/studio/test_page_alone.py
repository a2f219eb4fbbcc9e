"""The page that paints in the browser, on any web server, and the studio below a path."""

import base64
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect
from tests.studio.conftest import free_port, running, serving

import impasto
from impasto.gallery.catalogue import drawing_path

ROOT = Path(__file__).parents[2]
#: Milliseconds in which the first picture is painted on a busy machine.
PATIENCE = 180_000


@contextmanager
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    yield context
    context.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with phone(browser) as context:
        yield context


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#tiles img", timeout=60_000)
    return page


@pytest.fixture(scope="module")
def kept_page(browser: Browser, alone: str) -> Iterator[Page]:
    """A page whose engine is asked again and again."""
    with phone(browser) as context:
        yield opened(context, alone)


def painted(page: Page) -> str:
    """Paint an example at a tap; return what is said."""
    page.locator("#examples button").first.tap()
    page.wait_for_selector("#save:enabled", timeout=PATIENCE)
    return page.locator("#status").inner_text()


def test_a_photo_is_painted_kept_and_deleted_and_offline_as_well(
    context: BrowserContext, alone: str, picture: Path
) -> None:
    page = opened(context, alone)
    assert painted(page).startswith("Painted in")
    assert page.evaluate("crossOriginIsolated")
    page.locator("#file").set_input_files(picture)
    page.wait_for_function("document.querySelector('#before').naturalWidth === 128")
    page.get_by_role("button", name="Paint it").tap()
    expect(page.locator("#status")).to_contain_text("Done in", timeout=PATIENCE)
    page.reload()
    history = page.get_by_role("button", name="History").first
    history.tap()
    page.locator("#history .tile").tap()
    page.wait_for_selector("#save:enabled")
    page.locator("#history .delete").tap()
    expect(page.locator("#history .tile")).to_have_count(0)
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator("#history .tile")).to_have_count(1)
    page.locator("#history .delete").tap()
    context.set_offline(True)
    page.reload()  # which ends the time to undo
    page.wait_for_selector("#tiles img")
    history.tap()
    expect(page.locator("#history")).to_contain_text("kept here")
    page.keyboard.press("Escape")
    assert painted(page).startswith("Painted in")


#: Paints a file (base64) through the page's engine; returns the picture likewise.
_PAINT = """async ({ file, style, settings }) => {
  const { session } = await import("./session.js");
  const photo = await (await fetch(`data:image/jpeg;base64,${file}`)).blob();
  const { id } = await session.engine.upload(photo, "photo.jpg");
  const asked = { kind: "picture", content: id, styles: [{ name: style }], settings };
  const run = await session.engine.start(asked);
  const { message, result } = await new Promise((done) => session.engine.watch(run.id, (state) => {
    if (["done", "failed"].includes(state.state)) done(state);
  }));
  if (!result) throw new Error(message);
  const bytes = new Uint8Array(await (await fetch(result)).arrayBuffer());
  return btoa(bytes.reduce((text, each) => text + String.fromCharCode(each), ""));
}"""


@pytest.mark.parametrize(
    ("photo", "size", "options"),
    [
        ("retina", 200, {}),  # averaged, then scaled
        ("rocket", 328, {"color": "content"}),
        ("chelsea", 512, {"strength": 0.6}),  # enlarged
        ("narrow", 300, {}),
        ("turned", 200, {}),  # by EXIF
    ],
)
def test_it_paints_what_python_paints(
    kept_page: Page, photo: str, size: int, options: dict[str, Any]
) -> None:
    settings = {"size": size, **options}
    file, exif = io.BytesIO(), Image.Exif()
    drawn = getattr(skimage.data, photo if hasattr(skimage.data, photo) else "chelsea")()
    if photo == "turned":
        exif[274] = 6  # the orientation
    shown = Image.fromarray(drawn[:, :12] if photo == "narrow" else drawn)
    shown.save(file, "JPEG", quality=90, exif=exif)
    asked = {"file": base64.b64encode(file.getvalue()).decode(), "style": "mosaic"}
    painted = kept_page.evaluate(_PAINT, {**asked, "settings": settings})
    page = np.asarray(Image.open(io.BytesIO(base64.b64decode(painted))).convert("RGB"), np.int16)
    own = {"quality": "draft", "runtime": "onnxruntime", **settings}
    python = impasto.stylize(file.getvalue(), drawing_path("mosaic"), **own).to_array()
    assert page.shape == python.shape
    apart = np.abs(page - python)
    assert apart.max() <= 2


def test_many_photos_in_many_styles_are_one_file(
    kept_page: Page, picture: Path, tmp_path: Path
) -> None:
    other, page = shutil.copy(picture, tmp_path / "the other.jpg"), kept_page
    page.get_by_role("button", name="All controls").tap()
    page.locator("#modes-narrow").get_by_role("button", name="Batch").tap()
    page.locator("#batch input").set_input_files([picture, other])
    page.locator("#tiles .tile").nth(3).tap()
    page.get_by_role("button", name="Paint all").tap()
    page.wait_for_selector("#save:enabled", timeout=PATIENCE)
    with page.expect_download() as saved:
        page.locator("#save").tap()
    with zipfile.ZipFile(saved.value.path()) as file:
        assert file.testzip() is None
        names = file.namelist()
        assert Image.open(file.open(names[0])).size == (128, 128)  # its own
    assert len(names) == 4
    assert names[2].startswith("003_the_other_")


def test_what_is_no_picture_is_told(context: BrowserContext, alone: str) -> None:
    page = opened(context, alone)
    file: FilePayload = {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"text"}
    page.locator("#file").set_input_files(file)
    expect(page.locator("#status")).to_contain_text("Choose a JPEG, PNG or WebP picture.")
    expect(page.locator("#welcome")).to_be_visible()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A site with two studios below paths, as the documents say: its address and its folder."""
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("nginx is not installed")
    text = (ROOT / "docs" / "api.md").read_text()
    (documented,) = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    folder = tmp_path_factory.mktemp("site")
    port = free_port()
    with ExitStack() as studios:
        stripped = studios.enter_context(running(folder / "a"))
        kept = studios.enter_context(running(folder / "b", "--root-path", "/kept"))
        places = documented.replace("http://127.0.0.1:7860/", stripped)
        places += documented.replace("/impasto/", "/kept/").replace(
            "http://127.0.0.1:7860/", kept.removesuffix("/").removesuffix("/kept")
        )
        (folder / "logs").mkdir()
        (folder / "page").mkdir()
        temporary = "".join(
            f"{each}_temp_path {folder}/{each};"
            for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"user root; daemon off; pid {folder}/pid; error_log {folder}/logs/error; events {{}}\n"
            f"http {{ include /etc/nginx/mime.types; access_log off; {temporary}\n"
            f"server {{ listen 127.0.0.1:{port}; root {folder}/page;\n{places}\n}} }}\n"
        )
        command = (nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"))
        with serving(*command, port=port):
            yield f"http://127.0.0.1:{port}/", folder / "page"


@pytest.mark.parametrize("path", ["impasto/", "kept/"])
def test_the_studio_below_a_path(
    context: BrowserContext, site: tuple[str, Path], path: str
) -> None:
    page = opened(context, site[0] + path)
    assert painted(page).startswith("Painted in")
    page.locator("#open-panel").tap()
    page.locator("#quality label").first.tap()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Paint it").tap()
    expect(page.locator("#status")).to_contain_text("Done in", timeout=60_000)


def test_the_page_below_a_path(
    context: BrowserContext, site: tuple[str, Path], built_page: Path
) -> None:
    address, folder = site
    shutil.copytree(built_page, folder / "below")
    assert painted(opened(context, f"{address}below/")).startswith("Painted in")
