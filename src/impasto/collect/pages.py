"""What a page shows and leads to, as a browser would see it."""

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from impasto.collect.items import CrawlItem, RejectedError
from impasto.collect.licenses import license_name
from impasto.collect.robots import AGENT, robots_tags
from impasto.collect.urls import normalized
from impasto.images import is_picture_name

MOST_FOUND = 5000
"""Pictures and links that are taken from one page."""
MOST_TAGS = 20_000
MOST_ATTRIBUTES = 5000
"""The time for parsing HTML grows as the square of these; only traps have more."""
_LONGEST_TEXT = 300
_LONG_TAG = re.compile(rb"<[^<>]{5000,}")
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
#: How Python's names of the web's encodings begin; others (punycode) take the square of a page.
_ORDINARY = re.compile(r"ascii|utf-8|utf-16|iso|cp|koi8|mac|tis-620|gb|hz$|big5|euc|shift|johab")
#: An address, which does not end in a comma, and descriptors up to a comma outside parentheses.
_CANDIDATE = re.compile(r"([^\s,]\S*)(?:(?<=,)|((?:[^,(]|\([^)]*\)?)*))")
_SIZE = re.compile(r"(?<!\S)(\d+w|\d+(?:\.\d+)?x)(?!\S)")
_SRCSETS = ("srcset", "data-srcset", "data-lazy-srcset")
#: Lazy pictures have a placeholder in `src`.
_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-lazy", "src")
_META_PICTURES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image")


def read_page(data: bytes, url: str, type: str = "", tags: Sequence[str] = ()) -> list[CrawlItem]:
    """Return what a page leads to, as its robots tags and `rel="nofollow"` allow.

    Pictures and links to some are where they stand, previews after them, then pages. `type` is what
    the server announced, whose charset counts; `tags` are its robots tags.

    Raises:
        RejectedError: It has more tags than a page can have.
    """
    _check_honest(data)
    tree = LexborHTMLParser(_decoded(data, type))
    metas = _metas(tree)
    take, follow = robots_tags(*tags, metas.get("robots", ""), metas.get(AGENT, ""))
    base = _absolute(_href(tree.css_first("base[href]")), url) or url
    license = tree.css_first('a[rel~="license"][href], link[rel~="license"][href]')
    license_url = _absolute(_href(license), base)
    node = tree.css_first("title")
    title = _text(metas.get("og:title") or (node.text() if node else None))
    found: dict[str, CrawlItem] = {}
    for item in _items(tree, metas):
        place = _absolute(item.url, base)
        if place and (follow if item.kind == "page" else take):
            named = item._replace(
                url=place,
                page=url,
                title=item.title or title,
                author=_text(metas.get("author")),
                license=license_name(None, license_url) or license_url,
                license_url=license_url,
            )
            found.setdefault(place, named)
    return sorted(found.values(), key=lambda item: item.kind == "page")[:MOST_FOUND]


def _check_honest(data: bytes) -> None:
    if data.count(b"<") > MOST_TAGS:
        raise RejectedError("content", f"a page of more than {MOST_TAGS} tags")
    for tag in _LONG_TAG.finditer(data):
        if len(tag[0].split()) > MOST_ATTRIBUTES or tag[0].count(b"/") > MOST_ATTRIBUTES * 10:
            raise RejectedError("content", f"a tag of more than {MOST_ATTRIBUTES} attributes")


def _decoded(data: bytes, type: str) -> str:
    named = _CHARSET.search(type.encode()) or _CHARSET.search(data[:2048])
    try:
        charset = codecs.lookup(named[1].decode() if named else "utf-8").name
    except LookupError:
        charset = ""
    return data.decode(charset if _ORDINARY.match(charset) else "utf-8", errors="replace")


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    """Return the contents of all `<meta>`, the first of each name; robots tags all together."""
    found: dict[str, str] = {}
    for node in tree.css("meta"):
        name = (node.attributes.get("name") or node.attributes.get("property") or "").lower()
        content = (node.attributes.get("content") or "").strip()
        if name in ("robots", AGENT):
            found[name] = f"{found.get(name, '')}, {content}"
        elif name and content:
            found.setdefault(name, content)
    return found


def _href(node: LexborNode | None) -> str:
    return (node and node.attributes.get("href")) or ""


def _absolute(href: str, base: str) -> str | None:
    if not href or href.startswith(("#", "data:")):
        return None
    try:
        return normalized(href, base)
    except RejectedError:
        return None  # mailto:, javascript: and worse are on every page


def _items(tree: LexborHTMLParser, metas: dict[str, str]) -> Iterator[CrawlItem]:
    sources: dict[int, tuple[str, float]] = {}
    for node in tree.css("img, a[href], area[href], link[rel~='next'][href]"):
        title = _text(node.attributes.get("title"))
        if node.tag == "img":
            title = title or _text(node.attributes.get("alt"))
            yield CrawlItem(_source(node, sources), "picture", title=title)
        elif "nofollow" not in (node.attributes.get("rel") or "").lower().split():
            kind = "link" if _looks_like_picture(_href(node)) else "page"
            yield CrawlItem(_href(node), kind, title=title)
    for name in _META_PICTURES:
        if name in metas:
            yield CrawlItem(metas[name], "picture", title=_text(metas.get(f"{name}:alt")))


def _source(node: LexborNode, known: dict[int, tuple[str, float]]) -> str:
    """Return the largest that an `<img>` shows, with the sources of its `<picture>`."""
    best, parent = [largest(_srcset(node))], node.parent
    if parent is not None and parent.tag == "picture":
        if parent.mem_id not in known:
            known[parent.mem_id] = largest(", ".join(map(_srcset, parent.css("source"))))
        best.insert(0, known[parent.mem_id])
    url, _ = max(best, key=lambda each: each[1])
    sources = (node.attributes.get(name) or "data:" for name in _SOURCES)
    return url or next((text for text in sources if not text.startswith("data:")), "")


def _srcset(node: LexborNode) -> str:
    return ", ".join(node.attributes.get(name) or "" for name in _SRCSETS)


def candidates(srcset: str) -> Iterator[tuple[str, float]]:
    """Yield addresses and sizes of a srcset: "a.jpg 480w, b.jpg 1200w" or "a.png, b.png 2x"."""
    for found in _CANDIDATE.finditer(srcset):
        size = _SIZE.search(found[2] or "")
        yield found[1].rstrip(","), float(size[1][:-1]) if size else 1.0


def largest(srcset: str) -> tuple[str, float]:
    """Return the largest candidate of a srcset, the first of equals; "" of none."""
    return max(candidates(srcset), key=lambda each: each[1], default=("", 0.0))


def _looks_like_picture(href: str) -> bool:
    try:
        return is_picture_name(PurePosixPath(unquote(urlsplit(href).path)).name)
    except ValueError:
        return False


def _text(text: str | None) -> str | None:
    return " ".join((text or "").split())[:_LONGEST_TEXT] or None
