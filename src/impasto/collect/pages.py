"""What a page shows and leads to, as a browser would see it."""

import codecs
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from impasto.collect.addresses import normalized
from impasto.collect.items import AGENT, CrawlItem, RejectedError, license_name
from impasto.images import is_picture_name

MOST_FOUND = 5000  # pictures and links that are taken from one page
#: The time for parsing HTML grows as the square of these; only traps have more.
MOST_TAGS, MOST_ATTRIBUTES = 20_000, 5000
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
#: Words of a robots tag that forbid taking pictures.
_NOT_TAKEN = frozenset({"noindex", "none", "noimageindex", "noai", "noimageai"})
#: A program at the beginning; "unavailable_after: …", "max-snippet: …" and times have a colon too.
_NAMED = re.compile(r"\s*(?!unavailable|max-|\d)([a-z0-9*._-]+)\s*:")


def read_page(data: bytes, url: str, type: str = "", tags: Sequence[str] = ()) -> list[CrawlItem]:
    """Return what a page leads to: pictures and links to some, in order, previews, then pages.

    The server announced the type, whose charset counts, and robots tags.
    """
    tree = LexborHTMLParser(_decoded(data, type))
    metas = _metas(tree)
    take, follow = robots_tags(*tags, metas.get("robots", ""), metas.get(AGENT, ""))
    base = _absolute(_attribute(tree.css_first("base[href]"), "href"), url) or url
    deed = tree.css_first('a[rel~="license"][href], link[rel~="license"][href]')
    deed_url = _absolute(_attribute(deed, "href"), base)
    license, author = license_name(None, deed_url) or deed_url, _text(metas.get("author"))
    node = tree.css_first("title")
    title = _text(metas.get("og:title") or (node.text() if node else None))
    about = CrawlItem("", "", 0, url, title, author, license, deed_url)
    found: dict[str, CrawlItem] = {}
    for kind, href, name in _items(tree, metas):
        place = _absolute(href, base)
        if place and (follow if kind == "page" else take):
            found.setdefault(place, about._replace(url=place, kind=kind, title=name or title))
    return sorted(found.values(), key=lambda item: item.kind == "page")[:MOST_FOUND]


def robots_tags(*values: str) -> tuple[bool, bool]:
    """Tell whether tags ("noindex, other: nofollow") let pictures be taken, links be followed."""
    words = set()
    for value in values:
        ours = True
        for part in value.lower().split(","):
            named = _NAMED.match(part)
            ours = named[1] in (AGENT, "*") if named else ours
            if ours:
                words.add(part[named.end() if named else 0 :].strip())
    return not words & _NOT_TAKEN, not words & {"nofollow", "none"}


def _decoded(data: bytes, type: str) -> str:
    if data.count(b"<") > MOST_TAGS:
        raise RejectedError("content", f"a page of more than {MOST_TAGS} tags")
    for tag in _LONG_TAG.finditer(data):
        if len(tag[0].split()) > MOST_ATTRIBUTES or tag[0].count(b"/") > MOST_ATTRIBUTES * 10:
            raise RejectedError("content", f"a tag of more than {MOST_ATTRIBUTES} attributes")
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
        name = (_attribute(node, "name") or _attribute(node, "property")).lower()
        content = _attribute(node, "content").strip()
        if name in ("robots", AGENT):
            found[name] = f"{found.get(name, '')}, {content}"
        elif name and content:
            found.setdefault(name, content)
    return found


def _attribute(node: LexborNode | None, name: str) -> str:
    return (node and node.attributes.get(name)) or ""


def _absolute(href: str, base: str) -> str | None:
    if not href or href.startswith(("#", "data:")):
        return None
    try:
        return normalized(href, base)
    except RejectedError:
        return None  # mailto:, javascript: and worse are on every page


def _items(tree: LexborHTMLParser, metas: dict[str, str]) -> Iterator[tuple[str, str, str | None]]:
    """Yield kinds, addresses as they are written, and titles."""
    sources: dict[int, tuple[str, float]] = {}
    for node in tree.css("img, a[href], area[href], link[rel~='next'][href]"):
        title = _text(_attribute(node, "title"))
        if node.tag == "img":
            title = title or _text(_attribute(node, "alt"))
            yield "picture", _source(node, sources), title
        elif "nofollow" not in _attribute(node, "rel").lower().split():
            href = _attribute(node, "href")
            named = is_picture_name(unquote(re.split("[?#]", href)[0]))
            yield "link" if named else "page", href, title
    for name in _META_PICTURES:
        if name in metas:
            yield "picture", metas[name], _text(metas.get(f"{name}:alt"))


def _source(node: LexborNode, known: dict[int, tuple[str, float]]) -> str:
    """Return the largest that an `<img>` shows, with the sources of its `<picture>`."""
    best, parent = largest(_srcset(node)), node.parent
    if parent is not None and parent.tag == "picture":
        if parent.mem_id not in known:
            known[parent.mem_id] = largest(", ".join(map(_srcset, parent.css("source"))))
        best = max(known[parent.mem_id], best, key=lambda each: each[1])
    sources = (_attribute(node, name) for name in _SOURCES)
    return best[0] or next((text for text in sources if text and text[:5] != "data:"), "")


def _srcset(node: LexborNode) -> str:
    return ", ".join(_attribute(node, name) for name in _SRCSETS)


def largest(srcset: str) -> tuple[str, float]:
    """Return the largest of a srcset ("a.jpg 480w, b.jpg 1200w") and its size; "" of none."""
    best = "", -1.0
    for found in _CANDIDATE.finditer(srcset):
        described = _SIZE.search(found[2] or "")
        size = float(described[1][:-1]) if described else 1.0
        if size > best[1]:
            best = found[1].rstrip(","), size
    return best


def _text(text: str | None) -> str | None:
    return " ".join((text or "").split())[:300] or None
