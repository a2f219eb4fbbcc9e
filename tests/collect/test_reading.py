"""Addresses, srcset, pages, licenses: what is read from the web."""

from __future__ import annotations

import time

import pytest

from impasto.collect.addresses import normalized, site
from impasto.collect.items import RejectedError, license_name
from impasto.collect.pages import largest, read_page

PAGE = "https://a.example/art/index.html"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://A.Example:443/x#part", "https://a.example/x"),
        ("http://a.example:80", "http://a.example/"),
        ("http://a.example:8080/", "http://a.example:8080/"),
        ("x.png", "https://a.example/art/x.png"),
        ("../x/./y/../z.png", "https://a.example/x/z.png"),
        ("/../../x", "https://a.example/x"),
        ("//b.example/x", "https://b.example/x"),
        ("?b=2&a=1", "https://a.example/art/index.html?b=2&a=1"),
        ("/x?PHPSESSID=12&a=1&utm_source=b", "https://a.example/x?a=1"),
        ("/x;jsessionid=0AF?a", "https://a.example/x?a"),
        ("/a b/ü%2fé.png", "https://a.example/a%20b/%C3%BC%2F%C3%A9.png"),
        ("/100%/x", "https://a.example/100%25/x"),
        ("http://bücher.example./", "http://xn--bcher-kva.example/"),
        ("http://[2606:4700::1111]:80/", "http://[2606:4700::1111]/"),
        ("  /x\n ", "https://a.example/x"),
        ("/\ud800.png", "https://a.example/%3F.png"),
    ],
)  # fmt: skip
def test_one_spelling_for_each_address(url: str, expected: str) -> None:
    assert normalized(url, PAGE) == expected
    assert normalized(expected) == expected


@pytest.mark.parametrize(
    "url",
    ["mailto:a@b", "data:image/png;base64,AA", "javascript:x", "ftp://a/b", "http://", "http://[::1",
     "http://a:b@c/", "http://a.example:99999/", "/" + "x" * 3000, "http://a\\@b/"],
)  # fmt: skip
def test_what_is_not_asked_for(url: str) -> None:
    with pytest.raises(RejectedError):
        normalized(url, PAGE)


def test_sites() -> None:
    assert site("https://www.a.example/x") == site("http://a.example/y")
    assert site("http://a.example:81/") != site("http://a.example/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.jpg 480w, b.jpg 1200w, c.jpg 800w", "b.jpg"),
        ("a.jpg, b.jpg 1.5x, c.jpg 2x", "c.jpg"),
        ("a.jpg", "a.jpg"),
        ("a,b.jpg 2x,c.jpg 3x", "c.jpg"),
        ("a.jpg, b.jpg", "a.jpg"),
        ("  a.jpg\n 100w 50h ,\n\tb.jpg 200w", "b.jpg"),
        ("a.jpg?w=1,2 100w", "a.jpg?w=1,2"),
        ("a.jpg (x, y) 3x, b.jpg 2x", "a.jpg"),
        (",, ,", None),
        ("", None),
        ("a.jpg banana", "a.jpg"),
    ],
)
def test_srcset(text: str, expected: str | None) -> None:
    found = largest(text)
    assert (found[0] or None) == expected


def test_srcset_with_data() -> None:
    assert largest("data:image/png;base64,AA== 3x, b.png 2x")[0] == "data:image/png;base64,AA=="
    assert largest("data:image/png;base64,AA== 1x, b.png 2x")[0] == "b.png"
    assert largest("a.jpg 1x, " * 20000 + "b.jpg 2x") == ("b.jpg", 2.0)


def urls(html: str, kind: str, tags: tuple[str, ...] = ()) -> list[str]:
    return [each.url for each in read_page(html.encode(), PAGE, tags=tags) if each.kind == kind]


def test_pictures_of_a_page_once_and_in_their_order() -> None:
    html = """<head><meta property="og:image" content="/og.jpg">
    <meta name="twitter:image" content="/og.jpg"><meta property="og:image:width" content="9"></head>
    <img src=1.png><img src=1.png#again><img><img src=""><img src="data:image/gif;base64,AA">
    <picture><source srcset="2.avif 900w"><source srcset="2.webp 400w"><img src=2.png></picture>
    <img src="data:image/gif;base64,AA" data-src=3.png><img data-srcset="4s.png 1x, 4.png 2x" src=p>
    <a href="5.JPG"><img src=5s.jpg></a><noscript><img src=6.png></noscript>
    <img src="http://cdn.example/7.png"><p><p><div><img src=8.png>"""
    pictures = urls(html, "picture")
    assert [url.rpartition("/")[2] for url in pictures] == [
        *("1.png", "2.avif", "3.png", "4.png", "5s.jpg", "6.png", "7.png", "8.png", "og.jpg")
    ]
    assert urls(html, "link") == ["https://a.example/art/5.JPG"]


def test_long_addresses_and_tags_stay_whole_and_long_titles_do_not() -> None:
    url = f"https://a.example/{'x' * 400}.jpg"
    html = f"""<meta property="og:image" content=" {url} "><meta name="author" content="{url}">
    <meta property="og:title" content="{"word " * 99}"><meta name="twitter:image" content="{url}?a">
    <meta name="twitter:image:alt" content="{"word " * 99}">"""
    one, two = read_page(html.encode(), PAGE)
    assert [one.url, two.url] == [url, f"{url}?a"]
    for text in (one.title, one.author, two.title):
        assert text is not None
        assert len(text) == 300
    robots = f'<meta name="robots" content="{"max-snippet:5, " * 30}noindex"><img src=a.png>'
    assert read_page(robots.encode(), PAGE) == []


def test_links_of_a_page() -> None:
    html = """<base href="/deep/"><link rel=next href="?page=2"><a href=x>x</a><a href="#top">t</a>
    <a rel="nofollow ugc" href=no>no</a><a href="mailto:a@b">m</a><map><area href=y></map>
    <a href="//[bad">b</a><a>nothing</a>"""
    assert urls(html, "page") == [f"https://a.example/deep/{x}" for x in ("?page=2", "x", "y")]


@pytest.mark.parametrize(
    ("tag", "pictures", "pages"),
    [("noindex", 0, 1), ("nofollow", 1, 0), ("none", 0, 0), ("noimageindex", 0, 1), ("all", 1, 1)],
)
def test_robots_tags_of_a_page(tag: str, pictures: int, pages: int) -> None:
    html = "<img src=a.png><a href=b>b</a>"
    for found in (
        {
            kind: urls(f'<meta name="robots" content="{tag}">{html}', kind)
            for kind in ("picture", "page")
        },
        {kind: urls(html, kind, tags=(tag,)) for kind in ("picture", "page")},
    ):
        assert (len(found["picture"]), len(found["page"])) == (pictures, pages)


def test_what_a_page_says_of_itself() -> None:
    html = """<title> A
    garden </title><meta name=author content="Ada"><img src=a.png alt=" A  rose "><img src=b.png>
    <a rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/">CC</a>"""
    found = read_page(html.encode(), PAGE)
    assert [each.title for each in found] == ["A rose", "A garden", "A garden"]
    assert {(each.author, each.license, each.page) for each in found} == {("Ada", "by-sa", PAGE)}
    for href, url in (("../license", "https://a.example/license"), ("mailto:a@b", None)):
        html = f'<link rel="license" href="{href}"><img src=a.png>'
        assert read_page(html.encode(), PAGE)[0].license_url == url


@pytest.mark.parametrize(
    ("data", "type"),
    [("<img src=a alt=Blüte>".encode("latin-1"), "text/html; charset=ISO-8859-1"),
     ('<meta charset="windows-1252"><img src=a alt=Blüte>'.encode("cp1252"), "text/html"),
     ("<img src=a alt=Blüte>".encode(), "text/html"),
     ("<img src=a alt=Blüte>".encode(), "text/html; charset=klingon")],
)  # fmt: skip
def test_encodings(data: bytes, type: str) -> None:
    assert read_page(data, PAGE, type)[0].title == "Blüte"


@pytest.mark.parametrize(
    "html",
    ["<div>" * 25_000, "<a " + " ".join(f"a{n}" for n in range(20_000)) + ">", "<" * 900_000],
    ids=["tags", "attributes", "brackets"],
)
def test_pages_that_would_take_hours_to_read(html: str) -> None:
    with pytest.raises(RejectedError, match="more than"):
        read_page(html.encode(), PAGE)


def test_a_picture_of_a_thousand_sources() -> None:
    html = f"<picture>{'<source srcset=a.png><img src=b.png>' * 2000}</picture>"
    began = time.monotonic()
    assert urls(html, "picture") == ["https://a.example/art/a.png"]
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("data", [b"", b"\x00" * 99, b"<" * 9999, b"<div>" * 9999, b"\xff\xfe<a"])
def test_pages_that_are_none(data: bytes) -> None:
    assert read_page(data, PAGE) == []


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [("CC BY-SA 4.0", None, "by-sa"), ("cc-by-2.5", None, "by"), ("CC0", None, "cc0"),
     ("CC BY-NC-ND 3.0", None, "by-nc-nd"), ("Public domain", None, "pdm"),
     ("PDM 1.0", None, "pdm"),
     ("Attribution-NonCommercial-ShareAlike 2.0", None, "by-nc-sa"), ("by-nc", None, "by-nc"),
     ("No restrictions", None, "pdm"), ("GFDL", None, "GFDL"), ("", None, None), (None, None, None),
     (None, "https://creativecommons.org/publicdomain/zero/1.0/", "cc0"),
     ("whatever", "http://creativecommons.org/licenses/by-sa/3.0/de/", "by-sa"),
     ("byzantine", None, "byzantine"), ("Copyrighted", "https://x.example/", "Copyrighted")],
)  # fmt: skip
def test_licenses(text: str | None, url: str | None, name: str | None) -> None:
    assert license_name(text, url) == name


@pytest.mark.parametrize(
    "charset",
    [
        "idna",
        "undefined",
        "utf-7",
        "unicode_escape",
        "raw_unicode_escape",
        "hex",
        "none",
        "punycode",
    ],
)
def test_odd_encodings(charset: str) -> None:
    page = f'<meta charset={charset}><title>a\\u0041-+AEE-bc</title><img src="/a.png">'.encode()
    (found,) = read_page(page, PAGE)
    assert found.url == "https://a.example/a.png"
    assert found.title == r"a\u0041-+AEE-bc"
    assert read_page(b"<img src=a.png>", PAGE, f"text/html; charset={charset}")
