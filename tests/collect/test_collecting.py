"""A folder and what comes into it: filters, order, resuming, asking again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.collect.drawing import bomb, encoded, good, near
from tests.collect.hosts import answering
from tests.collect.runs import image, lines, run, show
from tests.collect.server import Reply, Site, serving

from impasto.collect import CollectOptions, Guard, collect
from impasto.errors import MissingExtraError, SettingsError


@pytest.mark.slow
def test_filters(site: Site, tmp_path: Path) -> None:
    pictures = {
        "/ok.jpg": encoded(image(300, 200, 1), "jpeg"),
        "/small.jpg": encoded(image(60, 300, 2), "jpeg"),
        "/large.png": encoded(image(1200, 300, 3), "png"),
        "/wide.jpg": encoded(image(500, 100, 4), "jpeg"),
        "/high.jpg": encoded(image(100, 260, 5), "jpeg"),
        "/type.jpg": encoded(image(200, 200, 6), "gif"),
        "/bomb.png": bomb(12000, 12000),
        "/drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "/same.jpg": encoded(image(300, 200, 1), "jpeg"),
        "/alike.jpg": encoded(image(240, 160, 1), "jpeg", 60),
    }
    for path, data in pictures.items():
        site.picture(path, data)
    url = show(site, *pictures, "/none.jpg")
    kept, refused = run(url, tmp_path, min_size=64, max_size=1000, aspect="0.5,3", types="jpg,PNG")
    assert kept == ["/ok.jpg"]
    assert refused == {
        "/small.jpg": "size",
        "/large.png": "size",
        "/wide.jpg": "aspect",
        "/high.jpg": "aspect",
        "/type.jpg": "type",
        "/bomb.png": "pixels",
        "/drawing.svg": "content",
        "/same.jpg": "duplicate",
        "/alike.jpg": "near-duplicate",
        "/none.jpg": "status",
    }


def test_the_manifest_says_all(site: Site, tmp_path: Path) -> None:
    turned = image(120, 80, 1)
    exif = Image.Exif()
    exif[274] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    site.picture("/p/Blumen%20im%20Feld.php", (tmp_path / "turned.jpg").read_bytes())
    site.page(
        "/",
        '<meta name="author" content="Ada"><img src="/p/Blumen im Feld.php" alt="Flowers">'
        '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC</a>',
    )
    run(f"{site.url}/", tmp_path / "out", license="by")
    (line,) = lines(tmp_path / "out")
    assert line["file"] == f"Blumen_im_Feld.php-{line['sha256'][:8]}.jpg"
    assert (line["width"], line["height"]) == (80, 120)
    assert line["url"] == f"{site.url}/p/Blumen%20im%20Feld.php"
    assert [line[name] for name in ("page", "title", "author", "license", "source", "type")] == [
        *(f"{site.url}/", "Flowers", "Ada", "by", "web", "jpg")
    ]
    assert line["bytes"] == (tmp_path / "turned.jpg").stat().st_size
    assert len(line["phash"]) == 16
    assert line["time"].endswith("+00:00")
    assert " ".join(line) == (
        "file url page title author license license_url sha256 phash width height bytes type "
        "time source"
    )
    assert run(f"{site.url}/", tmp_path / "other", license="cc0")[1] == {
        "/p/Blumen%20im%20Feld.php": "license"
    }


def test_pages_of_the_same_site_only_and_pictures_of_any(
    site: Site, private: Site, tmp_path: Path
) -> None:
    site.picture("/a.jpg", good(0))
    site.picture("/b.jpg", good(2))
    private.picture("/c.jpg", good(4))
    private.page("/", '<img src="/c.jpg">')
    site.page("/", f'<a href="/deep"><a href="{private.url}/">p</a><a href="/away">w</a>')
    site.page("/deep", f'<img src="/a.jpg"><img src="{private.url}/c.jpg"><a href="/deeper">d</a>')
    site.page("/deeper", '<img src="/b.jpg"><a href="/">home</a>')
    site.redirect("/away", f"{private.url}/")
    start = f"{site.url}/"
    assert run(start, tmp_path / "0") == ([], {})
    kept, refused = run(start, tmp_path / "1", depth=1)
    assert kept == ["/a.jpg"]
    assert refused == {"/away": "site", "/c.jpg": "address"}
    assert run(start, tmp_path / "2", depth=9)[0] == ["/a.jpg", "/b.jpg"]
    assert not private.asked
    # The other host is private, so it must be named: then its pictures and pages may be had.
    both = [start, f"{private.url}/"]
    assert set(run(both, tmp_path / "3", depth=9)[0]) == {"/a.jpg", "/b.jpg", "/c.jpg"}


def test_a_given_picture_may_be_elsewhere_and_a_given_page_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = {"/picture": "https://files.example/1", "/page": "https://elsewhere.example/"}

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.url.host == "files.example" and path == "/1":
            return httpx.Response(200, content=good(0))
        if request.url.host == "elsewhere.example" and path == "/":
            return httpx.Response(200, html="<img src='https://files.example/2'>")
        location = {"location": targets[path]} if path in targets else {}
        return httpx.Response(302 if location else 404, headers=location)

    guard = partial(Guard, resolve=lambda host, port: ["8.8.8.8"])
    monkeypatch.setattr("impasto.collect.Guard", guard)
    monkeypatch.setattr(
        "impasto.collect.http_client.checked_transport", lambda _: answering(handle)
    )
    starts = [f"https://a.example{path}" for path in targets]
    for folder in ("first", "second"):
        picture, page = collect(starts, tmp_path / folder, CollectOptions(min_size=64))
        assert picture.outcome == "kept"
        assert (page.url, page.outcome) == (starts[1], "site")


def test_a_picture_and_a_page_about_one(site: Site, tmp_path: Path) -> None:
    """Addresses of wikis end like a picture's and are pages."""
    site.picture("/real.jpg", good(0))
    site.page("/File:a.jpg", '<img src="/real.jpg">')
    site.page("/", '<a href="/File:a.jpg">a</a><img src="/File:b.jpg">')
    site.page("/File:b.jpg", "no picture")
    assert run(f"{site.url}/", tmp_path / "0")[1] == {
        "/File:a.jpg": "content",
        "/File:b.jpg": "content",
    }
    assert run(f"{site.url}/", tmp_path / "1", depth=1)[0] == ["/real.jpg"]
    assert run(f"{site.url}/real.jpg", tmp_path / "2")[0] == ["/real.jpg"]


def test_robots_tags_and_closed_hosts(site: Site, tmp_path: Path) -> None:
    site.picture("/a.jpg", good(0), x_robots_tag="noimageindex")
    site.picture("/b.jpg", good(2), x_robots_tag="otherbot: noindex")
    assert run(show(site, "/a.jpg", "/b.jpg"), tmp_path) == (["/b.jpg"], {"/a.jpg": "index"})


def test_a_calendar_without_end(site: Site, tmp_path: Path) -> None:
    def day(handler: BaseHTTPRequestHandler) -> Reply:
        number = int(handler.path.strip("/") or 0)
        text = f'<a href="/{number + 1}">next</a><a href="/{number * 2 + 9}">more</a>'
        return 200, {"content-type": "text/html"}, text.encode()

    site.answers = {f"/{number or ''}": day for number in range(100000)}
    _, refused = run(f"{site.url}/", tmp_path, depth=1000, pages=20)
    assert sum(path != "/robots.txt" for path in site.asked) <= 20
    assert set(refused.values()) == {"pages"}


def test_a_page_without_end(site: Site, tmp_path: Path) -> None:
    site.page("/", "<p>" * 100_000)
    assert run(f"{site.url}/", tmp_path, max_page_bytes=100_000)[1] == {"/": "bytes"}


def test_what_is_kept_does_not_depend_on_who_is_quick(site: Site, tmp_path: Path) -> None:
    """The first in the order of the page wins, though its host answers last."""

    def slowly(handler: BaseHTTPRequestHandler) -> Reply:
        time.sleep(0.1)
        return 200, {}, good(2)

    with serving(Site()) as quick:
        quick.picture("/near.jpg", near(2))
        quick.picture("/other.jpg", good(4))
        site.answers["/slow.jpg"] = slowly
        paths = ["/slow.jpg", f"{quick.url}/near.jpg", f"{quick.url}/other.jpg"]
        for turn in range(2):
            starts = [show(site, *(paths if turn == 0 else paths[::-1])), f"{quick.url}/none"]
            kept = run(starts, tmp_path / str(turn))[0]
            assert kept == (["/slow.jpg", "/other.jpg"], ["/other.jpg", "/near.jpg"])[turn]


def test_hosts_are_asked_at_the_same_time_and_each_in_turn(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=10)
    at_once: list[int] = [0, 0]

    def meeting(number: int) -> Callable[[BaseHTTPRequestHandler], Reply]:
        def answer(handler: BaseHTTPRequestHandler) -> Reply:
            at_once[0] += 1
            at_once[1] = max(at_once)
            together.wait()
            at_once[0] -= 1
            return 200, {}, good(number)

        return answer

    with serving(Site()) as one, serving(Site()) as two:
        named = two.url.replace("127.0.0.1", "localhost")
        one.answers |= {"/1.jpg": meeting(0), "/2.jpg": meeting(2)}
        two.answers |= {"/3.jpg": meeting(4), "/4.jpg": meeting(6)}
        paths = ["/1.jpg", "/2.jpg", f"{named}/3.jpg", f"{named}/4.jpg"]
        kept, _ = run([show(one, *paths), f"{named}/none"], tmp_path)
    assert len(kept) == 4
    assert at_once[1] == 2


@pytest.mark.parametrize(
    "options",
    [{"limit": 0}, {"depth": -1}, {"min_size": 0}, {"min_size": 9, "max_size": 8}, {"aspect": "1"},
     {"aspect": "2,1"}, {"aspect": (0, 1)}, {"types": "svg"}, {"license": "mit"}, {"near": 65},
     {"delay": -1}, {"delay": float("nan")}, {"timeout": 0}, {"max_bytes": 0}, {"types": ""}],
)  # fmt: skip
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        CollectOptions(**options)


def test_hashes_of_unlike_pictures_are_far_apart() -> None:
    """The threshold stands between what is alike and what is not, with room on both sides."""
    from impasto.collect.pipeline import perceptual_hash

    hashes = [int(perceptual_hash(good(n)), 16) for n in range(150)]
    alike = [(hashes[n] ^ int(perceptual_hash(near(n)), 16)).bit_count() for n in range(60)]
    unlike = [(a ^ b).bit_count() for i, a in enumerate(hashes) for b in hashes[:i]]
    assert max(alike) <= 4
    assert min(unlike) >= 10
    assert 30 < np.mean(unlike) < 34


@pytest.mark.parametrize("package", ["httpx", "selectolax", "protego", "imagehash"])
def test_without_its_packages(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingExtraError, match=r"needs more packages: .*pip install"):
        list(collect(["https://a.example/"], tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_the_limit_of_pixels_says_what_raises_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.picture("/large.png", encoded(image(200, 150), "png"), "image/png")
    url = show(site, "/large.png")
    monkeypatch.setenv("IMPASTO_MAX_PIXELS", "29999")
    assert run(url, tmp_path)[1] == {"/large.png": "pixels"}
    (line,) = lines(tmp_path, "log.jsonl")
    assert "IMPASTO_MAX_PIXELS raises the limit" in line["detail"]
    monkeypatch.setenv("IMPASTO_MAX_PIXELS", "30000")
    assert run(url, tmp_path)[0] == ["/large.png"]
