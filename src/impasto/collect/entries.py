"""What is known of an address: before it is asked for, when its turn comes, and when it is kept."""

from __future__ import annotations

from typing import NamedTuple


class Lead(NamedTuple):
    """An address to be asked for, and what is said of it where it was found.

    Attributes:
        url: Normalized.
        kind: "picture"; "page"; "link", which may turn out to be either; "api".
        depth: Links from the start.
        page: Where it was found.
        title: Of the picture.
        author: Of the picture.
        license: Of the picture, as `license_name` has it.
        license_url: Where that license is.
        source: "web" or the collection's name.
        width: In pixels, where the collection says so.
        height: Likewise.
    """

    url: str
    kind: str
    depth: int = 0
    page: str | None = None
    title: str | None = None
    author: str | None = None
    license: str | None = None
    license_url: str | None = None
    source: str = "web"
    width: int | None = None
    height: int | None = None


class Item(NamedTuple):
    """A lead in the database, whose turn it is.

    Attributes:
        id: Its number.
        place: What it is ordered by: pictures have that of their page.
        lead: What it is.
        outcome: Of the run before: "kept", "visited" or a reason; None: it is new.
        etag: Of the run before.
        modified: Of the run before.
    """

    id: int
    place: int
    lead: Lead
    outcome: str | None
    etag: str | None
    modified: str | None


class Kept(NamedTuple):
    """A picture in the folder.

    Attributes:
        item: The number of its lead.
        file: Its name in the folder.
        sha256: Of the file.
        phash: 16 hexadecimal digits.
        width: In pixels.
        height: In pixels.
        bytes: Of the file.
        type: As its name ends.
        time: When it was kept, in UTC.
    """

    item: int
    file: str
    sha256: str
    phash: str
    width: int
    height: int
    bytes: int
    type: str
    time: str
