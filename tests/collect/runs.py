"""Runs with a clock that does not wait, and what they leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from PIL import Image
from tests.collect.drawing import draw
from tests.collect.server import Site

from impasto.cli.batch import REASONS
from impasto.collect import CollectOptions, collect
from impasto.collect.items import NAME


def run(
    starts: str | list[str], folder: Path, **options: object
) -> tuple[list[str], dict[str, str | None]]:
    """Collect; return the paths of what is in the manifest, and reasons by path."""
    starts = [starts] if isinstance(starts, str) else starts
    wanted = CollectOptions(**cast("dict[str, Any]", {"min_size": 64, **options}))
    items = list(collect(starts, folder, wanted))
    manifest = lines(folder)
    files = {path.name for path in folder.iterdir()} - {"manifest.jsonl", "log.jsonl", NAME}
    assert files == {line["file"] for line in manifest}
    refused: dict[str, str | None] = {
        path_of(item.url): item.outcome for item in items if item.outcome in REASONS
    }
    log = lines(folder, "log.jsonl")
    assert {path_of(line["url"]): line["reason"] for line in log}.items() >= refused.items()
    return [path_of(line["url"]) for line in manifest], refused


def lines(folder: Path, name: str = "manifest.jsonl") -> list[dict[str, Any]]:
    text = (folder / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def image(width: int, height: int, number: int = 0) -> Image.Image:
    return draw(number).resize((width, height))


def show(site: Site, *paths: str) -> str:
    """Serve a page with some pictures; return its address."""
    site.page("/", "".join(f'<img src="{path}">' for path in paths))
    return f"{site.url}/"
