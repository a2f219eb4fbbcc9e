"""Styles that have names: bundled drawings, well-known paintings, and the user's own pictures."""

from impasto.gallery.catalogue import DRAWINGS
from impasto.gallery.names import open_style

__all__ = ["DRAWINGS", "open_style"]
