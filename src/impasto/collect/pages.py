"""What a page shows and leads to, as a browser would see it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from impasto.collect.refusals import RefusalError
from impasto.collect.robots import AGENT, may_follow, may_take, tag_words
from impasto.collect.srcset import Candidate, largest
from impasto.collect.urls import normalized
from impasto.images import is_picture_name

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MOST_FOUND = 5000
"""Pictures and links that are taken from one page."""
MOST_TAGS = 20_000
MOST_ATTRIBUTES = 5000
"""How HTML is to be read takes time that grows as the square of these; more is made by a trap."""
_LONGEST_TEXT = 300
_LONG_TAG = re.compile(rb"<[^<>]{5000,}")
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
#: How Python's names of the web's encodings begin; others (punycode) take the square of a page.
_ORDINARY = re.compile(r"ascii|utf-8|utf-16|iso|cp|koi8|mac|tis-620|gb|hz$|big5|euc|shift|johab")
_SRCSETS = ("srcset", "data-srcset", "data-lazy-srcset")
#: Lazy pictures have a placeholder in `src`.
_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-lazy", "src")
_META_PICTURES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image")


class Found(NamedTuple):
    """A picture or link on a page.

    Attributes:
        url: Normalized.
        kind: "picture", "page", or "link": an address that looks like a picture's, and may be the
            page about it.
        title: What the page says of it.
    """

    url: str
    kind: str
    title: str | None = None


class Page(NamedTuple):
    """What is taken from a page.

    Attributes:
        title: Its own.
        author: Of the page.
        license_url: Where its license is.
        found: Pictures first where they stand, those for previews last; then links.
    """

    title: str | None
    author: str | None
    license_url: str | None
    found: list[Found]


def read_page(data: bytes, url: str, type: str = "", tags: frozenset[str] = frozenset()) -> Page:
    """Read a page.

    Args:
        data: HTML, in any encoding.
        url: Where it is.
        type: The type that the server announced; its charset counts.
        tags: Words of the server's robots tags.

    Returns:
        What may be taken: robots tags in the page, and `rel="nofollow"`, are obeyed.

    Raises:
        RefusalError: It has more tags than a page can have.
    """
    from selectolax.lexbor import LexborHTMLParser

    _check_honest(data)
    tree = LexborHTMLParser(_decoded(data, type))
    metas = _metas(tree)
    words = tags.union(*(tag_words(metas.get(name, "")) for name in ("robots", AGENT)))
    base = _base(tree, url)
    found: dict[str, Found] = {}
    if may_take(words):
        for each in _pictures(tree, metas):
            _add(found, each, base)
    if may_follow(words):
        for each in _links(tree):
            if may_take(words) or each.kind != "link":
                _add(found, each, base)
    title = tree.css_first("title")
    license = tree.css_first('a[rel~="license"][href], link[rel~="license"][href]')
    return Page(
        _text(metas.get("og:title") or (title.text() if title else None)),
        _text(metas.get("author")),
        _absolute(license.attributes.get("href"), base) if license else None,
        list(found.values()),
    )


def _check_honest(data: bytes) -> None:
    if data.count(b"<") > MOST_TAGS:
        raise RefusalError("content", f"a page of more than {MOST_TAGS} tags")
    for tag in _LONG_TAG.finditer(data):
        if len(tag[0].split()) > MOST_ATTRIBUTES or tag[0].count(b"/") > MOST_ATTRIBUTES * 10:
            raise RefusalError("content", f"a tag of more than {MOST_ATTRIBUTES} attributes")


def _decoded(data: bytes, type: str) -> str:
    named = _CHARSET.search(type.encode()) or _CHARSET.search(data[:2048])
    try:
        charset = codecs.lookup(named[1].decode() if named else "utf-8").name
    except LookupError:
        charset = ""
    return data.decode(charset if _ORDINARY.match(charset) else "utf-8", errors="replace")


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    """Return the contents of all `<meta>`, the first of each name; robots tags all together."""
    found: dict[str, list[str]] = {}
    for node in tree.css("meta"):
        name = (node.attributes.get("name") or node.attributes.get("property") or "").lower()
        content = (node.attributes.get("content") or "").strip()
        if name and content:
            found.setdefault(name, []).append(content)
    return {
        name: ", ".join(contents) if name in ("robots", AGENT) else contents[0]
        for name, contents in found.items()
    }


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    return (node and _absolute(node.attributes.get("href"), url)) or url


def _absolute(href: str | None, base: str) -> str | None:
    try:
        return normalized(href or "", base)
    except RefusalError:
        return None  # mailto:, javascript:, data: and worse are on every page


def _add(found: dict[str, Found], each: Found, base: str) -> None:
    if not each.url or each.url.startswith("data:") or len(found) >= MOST_FOUND:
        return
    url = _absolute(each.url, base)
    if url is not None:
        found.setdefault(url, each._replace(url=url))


def _pictures(tree: LexborHTMLParser, metas: dict[str, str]) -> Iterator[Found]:
    sources: dict[int, Candidate | None] = {}
    for node in tree.css("img, a[href]"):
        if node.tag == "a":
            href = node.attributes.get("href") or ""
            if _looks_like_picture(href) and not _nofollow(node):
                yield Found(href, "link", _text(node.attributes.get("title")))
        elif node.tag == "img":
            yield Found(_source(node, sources), "picture", _caption(node))
    for name in _META_PICTURES:
        if name in metas:
            yield Found(metas[name], "picture", _text(metas.get(f"{name}:alt")))


def _source(node: LexborNode, known: dict[int, Candidate | None]) -> str:
    """Return the largest that an `<img>` shows, with the sources of its `<picture>`."""
    found = [largest(_srcsets(node))]
    parent = node.parent
    if parent is not None and parent.tag == "picture":
        if parent.mem_id not in known:
            inner = (text for source in parent.css("source") for text in _srcsets(source))
            known[parent.mem_id] = largest(inner)
        found.insert(0, known[parent.mem_id])
    candidates = [each for each in found if each is not None]
    if candidates:
        return max(candidates, key=lambda each: each.size).url
    sources = (node.attributes.get(name) for name in _SOURCES)
    return next((text for text in sources if text and not text.startswith("data:")), "")


def _srcsets(node: LexborNode) -> list[str]:
    return [text for name in _SRCSETS if (text := node.attributes.get(name))]


def _caption(node: LexborNode) -> str | None:
    for name in ("title", "alt"):
        text = _text(node.attributes.get(name))
        if text:
            return text
    return None


def _links(tree: LexborHTMLParser) -> Iterator[Found]:
    for node in tree.css("a[href], area[href], link[rel~='next'][href]"):
        href = node.attributes.get("href") or ""
        if not _nofollow(node) and not href.startswith("#"):
            yield Found(href, "link" if _looks_like_picture(href) else "page")


def _nofollow(node: LexborNode) -> bool:
    return "nofollow" in (node.attributes.get("rel") or "").lower().split()


def _looks_like_picture(href: str) -> bool:
    try:
        return is_picture_name(PurePosixPath(unquote(urlsplit(href).path)).name)
    except ValueError:
        return False


def _text(text: str | None) -> str | None:
    return " ".join((text or "").split())[:_LONGEST_TEXT] or None
