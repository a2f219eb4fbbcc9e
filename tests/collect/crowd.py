"""A site of 260 pictures, of which 200 are right: others are alike, broken, closed or traps."""

from __future__ import annotations

import gzip
from typing import NamedTuple

from tests.collect.drawing import FORMS, broken, draw, encoded, good, near
from tests.collect.server import Site
from tests.collect.traps import add_traps, first_busy

GOOD, NEAR, BROKEN, CLOSED, TRAPS = 200, 20, 10, 10, 20
ON_PAGE = 30
DEPTH = 3
ROBOTS = b"User-agent: *\nDisallow: /closed/\n\nUser-agent: other\nDisallow: /\n"
ENDINGS = {"jpeg": "jpg"}
#: Ways in which a page shows a picture.
WAYS = (
    '<img src="{0}" alt="Picture {1}">',
    '<img src="/none.gif" srcset="/small{0} 100w, {0} 800w">',
    '<img src="data:image/gif;base64,R0lG" data-src="{0}">',
    '<a href="{0}">Picture {1}</a>',
    '<picture><source srcset="{0} 2x, /small{0}"><img src="/small{0}"></picture>',
)


class Wanted(NamedTuple):
    """What must come of it.

    Attributes:
        right: The paths of the pictures to be kept.
        reasons: For every other path why it must be left out.
    """

    right: set[str]
    reasons: dict[str, str]


def build(site: Site, private: str) -> Wanted:
    """Fill a site that is being served.

    Args:
        site: Which.
        private: A server that nobody named.
    """
    paths: list[str] = []
    reasons: dict[str, str] = {}
    for number in range(GOOD):
        form = FORMS[number % len(FORMS)]
        path = f"/pictures/{number:03}.{ENDINGS.get(form, form)}"
        site.picture(path, good(number), f"image/{form}", etag=f'"{number}"')
        paths.append(path)
    _trouble_that_ends_well(site, paths)
    right = set(paths)
    for number in range(BROKEN):
        path = f"/broken/{number}.jpg"
        site.picture(path, broken(number))
        reasons[path] = "content" if number % 4 == 1 else "broken"
    for number in range(CLOSED):
        path = f"/closed/{number}.jpg"
        site.picture(path, good(2000 + number))
        reasons[path] = "robots"
    traps = add_traps(site, private)
    reasons |= traps
    # Bad among good, near-duplicates after what they are like.
    bad = [path for path in reasons if not path.startswith("/calendar")]
    mixed = [*paths[:70], *bad, *paths[70:]]
    for number in range(NEAR):
        path = f"/alike/{number}.jpg"
        site.picture(path, near(number))
        reasons[path] = "near-duplicate"
        mixed.append(path)
    _pages(site, mixed)
    site.answers["/robots.txt"] = (200, {"content-type": "text/plain"}, ROBOTS)
    assert len(right) == GOOD
    assert (len(traps), len(reasons)) == (TRAPS, NEAR + BROKEN + CLOSED + TRAPS)
    return Wanted(right, reasons)


def _trouble_that_ends_well(site: Site, paths: list[str]) -> None:
    """Let some pictures come only after a while, or not as they should."""
    for number, status in ((10, 429), (20, 503)):
        site.answers[paths[number]] = first_busy(status, site.answers[paths[number]])
    site.answers["/moved.jpg"] = site.answers[paths[30]]
    site.redirect(paths[30], "/moved.jpg")
    site.picture(paths[40], good(40), "application/octet-stream")
    site.picture(paths[50], encoded(draw(50), "png"), "text/html")
    site.picture(paths[60], gzip.compress(good(60)), content_encoding="gzip")


def _pages(site: Site, paths: list[str]) -> None:
    """Show the pictures on pages that lead to each other, in loops and under changing addresses."""
    pages = [paths[start : start + ON_PAGE] for start in range(0, len(paths), ON_PAGE)]
    links = [f'<a href="/gallery/{number}.html">{number}</a>' for number in range(len(pages))]
    start = "".join(links)
    site.page(
        "/", f'<title>Start</title>{start}<a href="/calendar?day=1">days</a><a href="/">.</a>'
    )
    for number, shown in enumerate(pages):
        body = "".join(
            WAYS[place % len(WAYS)].format(path, place) for place, path in enumerate(shown)
        )
        session = f'<a href="/gallery/{number}.html?PHPSESSID={number}abc#top">again</a>'
        far = '<a href="https://elsewhere.example/">elsewhere</a><a href="mailto:a@b">write</a>'
        site.page(
            f"/gallery/{number}.html",
            f"<title>Gallery {number}</title>{body}{session}{far}<a href='../'>start</a>",
        )
