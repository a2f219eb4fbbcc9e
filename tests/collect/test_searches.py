"""Open collections, from recorded answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.collect.drawing import draw, encoded
from tests.collect.server import Reply, Site

from impasto.cli.batch import REASONS
from impasto.collect import CollectOptions, search
from impasto.errors import SettingsError

ANSWERS = Path(__file__).parent / "answers"


def recorded(name: str, site: Site) -> str:
    return (ANSWERS / f"{name}.json").read_text(encoding="utf-8").replace("{site}", site.url)


@pytest.fixture
def collection(site: Site) -> Site:
    """All three interfaces on one site, with their pictures."""

    def json_reply(text: str) -> Reply:
        return 200, {"content-type": "application/json"}, text.encode()

    def query(path: str) -> dict[str, list[str]]:
        return parse_qs(urlsplit(path).query)

    for number in range(1, 6):
        image = draw(number).resize((400, 300))
        site.picture(f"/files/{number}.jpg", encoded(image, "jpeg"))
    site.answers |= {
        "/w/api.php": lambda handler: json_reply(
            recorded(f"wikimedia-{1 + ('gsroffset' in query(handler.path))}", site)
        ),
        "/v1/images/": lambda handler: json_reply(
            recorded(f"openverse-{query(handler.path)['page'][0]}", site)
        ),
        "/v1/search": json_reply(recorded("met-search", site)),
        # Programs are welcome there, whatever is said to crawlers.
        "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /w/\nDisallow: /v1/"),
    }
    for entry in json.loads(recorded("met-objects", site)):
        site.answers[f"/v1/objects/{entry['objectID']}"] = json_reply(json.dumps(entry))
    return site


def run(
    site: Site, source: str, folder: Path, **options: object
) -> tuple[list[dict[str, Any]], dict[str, str | None]]:
    """Search for sunflowers; return the manifest, and reasons by file."""
    api = site.url + ("/w/api.php" if source == "wikimedia" else "/v1")
    wanted = CollectOptions(**cast("dict[str, Any]", options))
    items = list(search("sunflowers", source, folder, wanted, api=api))
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    manifest = [json.loads(line) for line in lines]
    taken = [item.file for item in items if item.outcome in ("kept", "again")]
    assert taken == [line["file"] for line in manifest][-len(taken) or len(manifest) :]
    rejected = [item for item in items if item.outcome in REASONS]
    return manifest, {item.url.rpartition("/")[2]: item.outcome for item in rejected}


def test_wikimedia(collection: Site, tmp_path: Path) -> None:
    manifest, refused = run(collection, "wikimedia", tmp_path)
    assert [line["title"] for line in manifest] == [
        *("Sunflowers & a vase", "Sunflower sky backdrop", "Helianthus annuus", "Tournesol")
    ]
    assert [line["license"] for line in manifest] == ["pdm", "by-sa", "GFDL", "by"]
    assert [line["author"] for line in manifest] == ["Vincent van Gogh", "Fir0002", None, "Ada L."]
    assert manifest[1]["license_url"] == "https://creativecommons.org/licenses/by-sa/3.0"
    assert manifest[1]["page"].startswith("https://commons.wikimedia.org/wiki/File:")
    assert {line["source"] for line in manifest} == {"wikimedia"}
    # What is said to be too small is not even asked for.
    assert refused == {"3.png": "size"}
    assert not collection.asked["/files/3.png"]
    first, second = (path for path in collection.asked if path.startswith("/w/"))
    asked = parse_qs(urlsplit(first).query)
    assert asked["gsrnamespace"] == ["6"]
    assert asked["gsrsearch"][0].startswith("sunflowers")
    assert parse_qs(urlsplit(second).query) == {
        **asked,
        "gsroffset": ["3"],
        "continue": ["gsroffset||"],
    }


def test_openverse_with_licenses(collection: Site, tmp_path: Path) -> None:
    manifest, refused = run(collection, "openverse", tmp_path, license="by,CC0,pdm")
    assert [line["license"] for line in manifest] == ["by", "cc0", "pdm"]
    assert [line["author"] for line in manifest] == ["Ada", None, "Unknown"]
    assert refused == {"3.jpg": "license"}
    assert not collection.asked["/files/3.jpg"]
    (first, _) = (path for path in collection.asked if path.startswith("/v1/"))
    assert parse_qs(urlsplit(first).query)["license"] == ["by,cc0,pdm"]


def test_the_met_and_no_more_than_asked_for(collection: Site, tmp_path: Path) -> None:
    manifest, refused = run(collection, "met", tmp_path / "all")
    assert [line["title"] for line in manifest] == [
        *("Sunflowers", "Bouquet of Sunflowers", "L'Arlésienne")
    ]
    assert {line["license"] for line in manifest} == {"cc0"}
    assert refused == {}
    collection.asked.clear()
    assert len(run(collection, "met", tmp_path / "one", limit=1)[0]) == 1
    # The works after it were not asked for: each picture's turn comes right after its work's.
    assert collection.asked["/v1/objects/436529"] == 0
    collection.asked.clear()
    assert len(run(collection, "met", tmp_path / "one", limit=2)[0]) == 2
    assert collection.asked["/v1/search"] == 0


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b'{"query": 3}', b"", b"\xff", b'{"results": [1]}', b"[" * 100_000,
     b'{"results": [{"url": 5}]}', b'{"results": [{"url": "/x", "foreign_landing_url": [1]}]}'],
)  # fmt: skip
def test_answers_that_are_none(body: bytes, site: Site, tmp_path: Path) -> None:
    for path in ("/w/api.php", "/v1/images/"):
        site.answers[path] = (200, {}, body)
    for source in ("wikimedia", "openverse"):
        manifest, refused = run(site, source, tmp_path / source)
        assert manifest == []
        assert set(refused.values()) <= {"content"}


def test_half_a_character_and_a_number_that_is_too_large(site: Site, tmp_path: Path) -> None:
    entry = {"url": f"{site.url}/x.jpg", "title": "a\ud800", "width": 10**30, "height": 300}
    body = json.dumps({"results": [entry]}).encode()
    site.answers["/v1/images/"] = (200, {"content-type": "application/json"}, body)
    site.picture("/x.jpg", encoded(draw(1).resize((400, 300)), "jpeg"))
    manifest, _ = run(site, "openverse", tmp_path)
    assert [line["title"] for line in manifest] == ["a?"]


def test_bad_searches(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="source must be one of wikimedia, openverse, met"):
        search("a", "google", tmp_path)
    with pytest.raises(SettingsError, match="search is empty"):
        search(" ", "met", tmp_path)
    assert not list(tmp_path.iterdir())
