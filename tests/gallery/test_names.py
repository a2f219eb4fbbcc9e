"""Styles by name: drawings, paintings that are downloaded, folders of one's own."""

import hashlib
import http.server
import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import ImageError, RecipeError
from impasto.gallery import DRAWINGS, catalogue, open_style
from impasto.gallery.catalogue import drawing_path
from impasto.gallery.names import (
    add_folder,
    find_style,
    list_styles,
    own_folders,
    own_styles,
    read_styles,
    remove_folder,
    style_path,
)
from impasto.stylizers import reproduce

Array = np.ndarray


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path, painting: Array) -> Path:
    place = tmp_path / "my own"
    place.mkdir()
    for name in ("dots.png", "mosaic.png"):
        Image.fromarray(painting).save(place / name)
    (place / "notes.txt").write_text("not a picture")
    return place


def test_a_name_leads_to_a_file_of_the_package(home: Path) -> None:
    path = find_style("mosaic")
    assert isinstance(path, Path)
    assert path.name == "mosaic.avif"
    assert find_style("gallery:mosaic") == path
    assert open_style("mosaic").size == impasto.open_picture(path).size == (1024, 1024)
    assert open_style("mosaic", 4096).size == (1024, 1024)
    assert not home.exists()


def test_a_file_comes_before_a_name(
    tmp_path: Path, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(painting).save("mosaic", "png")
    assert find_style("mosaic") == "mosaic"
    assert find_style("gallery:mosaic") == style_path("mosaic")


@pytest.mark.parametrize(
    "source",
    ["-", "", "a/mosaic", "mosaic.png", "paint*", "pa[i]nt", Path("mosaic"), b"bytes", "long" * 99],
)
def test_what_is_no_name_stays_as_it_is(source: object) -> None:
    assert find_style(source) is source  # type: ignore[arg-type]


def test_an_unknown_name_is_answered_with_one_alike() -> None:
    with pytest.raises(ImageError, match=r"'mosiac' .did you mean mosaic.*impasto styles"):
        find_style("mosiac")
    with pytest.raises(ImageError, match="no style 'nothing_of_that_kind': see"):
        find_style("gallery:nothing_of_that_kind")


def test_names_with_dots_and_brackets(tmp_path: Path, painting: Array) -> None:
    for name in ("v1.2 sketch.png", "[a] b.png"):
        Image.fromarray(painting).save(tmp_path / name)
    add_folder(tmp_path)
    for name in own_styles():
        assert find_style(name) == tmp_path.resolve() / f"{name}.png"


@pytest.mark.slow
def test_stylizers_take_names(photo: Array) -> None:
    by_name = impasto.stylize(photo, ["mosaic", "gallery:strokes"], method="fast", size=64)
    by_file = impasto.stylize(photo, read_styles(["mosaic", "strokes"]), method="fast", size=64)
    np.testing.assert_array_equal(by_name.pixels, by_file.pixels)
    assert by_name.recipe is not None
    assert [each["name"] for each in by_name.recipe["styles"]] == ["mosaic.avif", "strokes.avif"]  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_picture_painted_like_a_drawing_is_made_again(files: tuple[Path, Path]) -> None:
    content, _ = files
    made = impasto.stylize(str(content), "tiles", method="fast", size=64)
    path = made.save(content.parent / "made.png")
    np.testing.assert_array_equal(reproduce(path).pixels, made.pixels)


def test_an_own_style_is_found_again(files: tuple[Path, Path], folder: Path) -> None:
    add_folder(folder)
    made = impasto.stylize(str(files[0]), "dots", method="fast", size=64)
    path = made.save(files[0].parent / "made.png")
    np.testing.assert_array_equal(reproduce(path).pixels, made.pixels)


def test_a_picture_with_the_name_of_a_drawing_is_found(files: tuple[Path, Path]) -> None:
    content = files[0].rename(files[0].with_name("waves.png"))
    style = files[1].rename(files[1].with_name("mosaic.png"))
    made = impasto.stylize(content, style, method="fast", size=64)
    path = made.save(content.parent / "made.png")
    np.testing.assert_array_equal(reproduce(path).pixels, made.pixels)


def test_a_drawing_needs_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "file"))
    assert open_style("mosaic", 64).size == (64, 64)


def test_own_folders(folder: Path) -> None:
    expected = (["dots", "mosaic"], {"notes.txt": "is no picture"})
    assert add_folder(folder) == add_folder(folder) == expected
    assert own_folders() == [folder.resolve()]
    assert find_style("dots") == find_style("gallery:dots") == folder.resolve() / "dots.png"
    listed = {style.name: style for style in list_styles()}
    assert listed["dots"].kind == "own"
    assert not listed["starry_night"].here
    remove_folder(folder)
    assert own_styles() == {}
    with pytest.raises(ImageError, match="was not added; these folders were: none"):
        remove_folder(folder)


def test_ones_own_style_comes_before_the_gallerys(folder: Path) -> None:
    (folder / "dots.png").rename(folder / "the_kiss.png")
    add_folder(folder)
    assert find_style("mosaic") == folder.resolve() / "mosaic.png"
    assert find_style("gallery:mosaic") == drawing_path("mosaic")
    assert find_style("the_kiss") == folder.resolve() / "the_kiss.png"  # and is not downloaded
    listed = {style.name: style.kind for style in list_styles()}
    assert listed["mosaic"] == listed["the_kiss"] == "own"
    assert (listed["gallery:mosaic"], listed["gallery:the_kiss"]) == ("drawing", "painting")
    for name in listed:
        assert listed[name] == "painting" or find_style(name)


def test_what_is_left_out_is_said(folder: Path, painting: Array) -> None:
    Image.fromarray(painting).save(folder / "dots.webp")
    (folder / "empty.png").touch()
    (folder / "page.jpg").write_text("<!doctype html>")
    (folder / "loop.png").symlink_to("loop.png")
    names, left_out = add_folder(folder)
    assert names == ["dots", "mosaic"]
    assert left_out == {
        "dots.webp": "has the name of dots.png",
        "empty.png": "is empty",
        "loop.png": "is no regular file",
        "notes.txt": "is no picture",
        "page.jpg": "is no picture, whatever its name says",
    }
    assert list(own_styles()) == names


def test_folders_that_will_not_do(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is not a folder"):
        add_folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="no pictures"):
        add_folder(tmp_path / "empty")


def test_what_a_system_hides_is_no_style(folder: Path) -> None:
    (folder / "._dots.png").write_bytes(b"not a picture")
    (folder / "album.png").mkdir()
    assert add_folder(folder)[0] == ["dots", "mosaic"]
    assert list(own_styles()) == ["dots", "mosaic"]


def test_a_folder_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_folder(folder)

    def forbidden(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", forbidden)
    assert own_styles() == {}
    with pytest.raises(ImageError, match="cannot be read: Permission denied"):
        add_folder(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are always text")
def test_a_folder_whose_name_is_no_text(folder: Path) -> None:
    odd = folder.rename(folder.parent / "l\udce9s \x85 miens")
    add_folder(odd)
    assert own_folders() == [odd.resolve()]
    assert "dots" in own_styles()


def test_a_folder_that_is_gone_has_no_styles(folder: Path) -> None:
    add_folder(folder)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert own_styles() == {}


def test_names_of_paintings_and_drawings_do_not_meet() -> None:
    assert not DRAWINGS.keys() & catalogue.PAINTINGS.keys()
    for painting in catalogue.PAINTINGS.values():
        assert painting.url.startswith("https://")
        assert " " not in painting.url


class _Museum(http.server.BaseHTTPRequestHandler):
    """Answers with what the test has put there."""

    body = b""
    status = 200
    agents: list[str | None] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.agents.append(self.headers["User-Agent"])
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def museum(monkeypatch: pytest.MonkeyPatch, painting: Array) -> Iterator[type[_Museum]]:
    """A museum's server with one painting."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Museum)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    buffer = io.BytesIO()
    Image.fromarray(painting).save(buffer, "jpeg")
    _Museum.body, _Museum.status = buffer.getvalue(), 200
    monkeypatch.setattr(catalogue, "_COMMONS", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("IMPASTO_OFFLINE", "0")
    yield _Museum
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_painting_is_downloaded_once(museum: type[_Museum]) -> None:
    museum.agents.clear()
    path = find_style("starry_night")
    assert isinstance(path, Path)
    assert path.read_bytes() == museum.body
    assert find_style("gallery:starry_night") == path
    assert len(museum.agents) == 1
    assert str(museum.agents[0]).startswith("impasto/")


def test_a_painting_is_verified(museum: type[_Museum], monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalogue.PAINTINGS["senecio"]._replace(sha256=hashlib.sha256(b"other").hexdigest())
    monkeypatch.setitem(catalogue.PAINTINGS, "senecio", known)
    with pytest.raises(ImageError, match="what was downloaded for senecio is not that painting"):
        find_style("senecio")
    assert not list(catalogue.painting_path("senecio").parent.iterdir())
    good = known._replace(sha256=hashlib.sha256(museum.body).hexdigest())
    monkeypatch.setitem(catalogue.PAINTINGS, "senecio", good)
    assert find_style("senecio") == catalogue.painting_path("senecio")


@pytest.mark.parametrize(("status", "body"), [(404, b"no"), (200, b"<html>sorry</html>")])
def test_a_painting_that_does_not_come(museum: type[_Museum], status: int, body: bytes) -> None:
    museum.status, museum.body = status, body
    with pytest.raises(ImageError, match=r"the_kiss .*give its path") as caught:
        find_style("the_kiss")
    assert "\n" not in str(caught.value)
    assert not catalogue.painting_path("the_kiss").exists()


@pytest.mark.slow
def test_a_painting_of_a_recipe_is_downloaded_again(
    files: tuple[Path, Path], museum: type[_Museum]
) -> None:
    made = impasto.stylize(files[0], "tower_of_babel", method="fast", size=64)
    path = made.save(files[0].parent / "made.png")
    catalogue.painting_path("tower_of_babel").unlink()
    np.testing.assert_array_equal(reproduce(path).pixels, made.pixels)
    catalogue.painting_path("tower_of_babel").unlink()
    museum.status = 404
    with pytest.raises(RecipeError, match=r"tower_of_babel\.jpg is not here"):
        reproduce(path)


def test_why_a_painting_does_not_come_is_told_in_a_few_words(
    museum: type[_Museum], monkeypatch: pytest.MonkeyPatch
) -> None:
    museum.status = 429
    with pytest.raises(
        ImageError, match=r"downloaded .the server answered 429 Too Many Requests.:"
    ):
        find_style("senecio")
    for error, said in ((TimeoutError(), "TimeoutError"), (OSError(28, "No space"), "No space")):

        def fails(*_: object, error: OSError = error) -> None:
            raise error

        monkeypatch.setattr(catalogue, "get_file", fails)
        with pytest.raises(ImageError, match=rf"senecio could not be downloaded .{said}.:"):
            find_style("senecio")


def test_offline_says_what_to_do() -> None:
    with pytest.raises(ImageError, match="IMPASTO_OFFLINE is set: download https"):
        find_style("starry_night")


@pytest.mark.parametrize("name", ["tiles.png", "tiles.avif"])
def test_a_drawing_of_another_version_is_told(files: tuple[Path, Path], name: str) -> None:
    """Earlier versions drew their styles, and saved the hash of the drawing."""
    content, style = files[0], files[1].rename(files[1].with_name(name))
    path = impasto.stylize(content, style, method="fast", size=64).save(content.parent / "made.png")
    style.unlink()
    with pytest.raises(RecipeError, match=r"another version .*: impasto stylize CONTENT tiles"):
        reproduce(path)
