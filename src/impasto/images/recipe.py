"""Recipes: what made a picture, written inside it and read back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias
from xml.sax.saxutils import escape, unescape

from PIL.PngImagePlugin import PngImageFile, PngInfo

from impasto.errors import ImageError, RecipeError
from impasto.images.decoding import open_image
from impasto.images.formats import HEAD_BYTES
from impasto.images.reading import check_head, one_clear_error, read_bytes

Recipe: TypeAlias = "Mapping[str, object] | None"
KEYWORD = "impasto"
_LONGEST = 10_000_000  # characters of a recipe; those with thousands of styles have a million
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:impasto="urn:impasto:1.0">'
    "<impasto:recipe>{}</impasto:recipe>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
)
_ELEMENT = re.compile(r"<impasto:recipe>(.*?)</impasto:recipe>", re.DOTALL)


def recipe_json(recipe: Mapping[str, object]) -> str:
    """Write a recipe as JSON: sorted, compact, ASCII, so that equal recipes are equal bytes."""
    try:
        return json.dumps(dict(recipe), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"the recipe cannot be written as JSON ({error})") from error


def xmp_packet(recipe: Mapping[str, object]) -> bytes:
    """Wrap a recipe in an XMP packet, for every format but PNG."""
    return _XMP.format(escape(recipe_json(recipe))).encode()


def animation_metadata(kind: str, recipe: Recipe) -> dict[str, Any]:
    """Return what Pillow writes a recipe with into an animation."""
    if recipe is None:
        return {}
    if kind == "gif":
        return {"comment": recipe_json(recipe).encode()}
    if kind == "apng":
        info = PngInfo()
        info.add_itxt(KEYWORD, recipe_json(recipe))
        return {"pnginfo": info}
    return {"xmp": xmp_packet(recipe)}


def read_recipe(source: str | Path | bytes) -> dict[str, Any]:
    """Return the recipe in a picture that impasto saved, or in a .json file.

    Args:
        source: A path, or the bytes of the file.

    Raises:
        RecipeError: The file is missing, no picture, without a recipe, or damaged.
    """
    label = "the given data" if isinstance(source, bytes) else str(source)
    try:
        data = source if isinstance(source, bytes) else read_bytes(Path(source), _check_head)
        _check_head(data, label)
        with one_clear_error(label):
            text = data.decode("utf-8-sig", "replace") if _is_json(data) else _embedded(data)
    except ImageError as error:
        raise RecipeError(str(error)) from error
    if text is None:
        raise RecipeError(f"{label} has no recipe: only pictures saved by impasto carry one")
    if len(text) > _LONGEST:
        raise RecipeError(f"the recipe in {label} has {len(text) / 1e6:.0f} MB: none is that long")
    try:
        recipe = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"the recipe in {label} is damaged ({error})") from error
    if not isinstance(recipe, dict):
        raise RecipeError(f"the recipe in {label} is damaged: it is not a JSON object")
    return recipe


def _check_head(head: bytes, label: str) -> None:
    if not _is_json(head):
        check_head(head, label)


def _is_json(head: bytes) -> bool:
    # An editor may have put a byte order mark in front of a .json file.
    return head[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _embedded(data: bytes) -> str | None:
    with open_image(data) as image:
        if isinstance(image, PngImageFile):
            # `text` also finds what comes after the pixels, and has to decode those first.
            return image.info.get(KEYWORD) or image.text.get(KEYWORD)
        comment = bytes(image.info.get("comment") or b"")
        packet = image.info.get("xmp") or b""
    if _is_json(comment):
        return comment.decode()
    found = _ELEMENT.search(bytes(packet).decode(errors="replace"))
    return unescape(found[1]) if found else None
