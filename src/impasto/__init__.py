"""impasto: paint any picture in the style of any artwork.

The public names are imported on first use (PEP 562), so that `import impasto` is instant.
"""

import importlib
from typing import TYPE_CHECKING

from impasto.version import __version__

if TYPE_CHECKING:
    from impasto.api import Stylizer, make_stylizer, stylize
    from impasto.dataset.augment import StyleAugment
    from impasto.errors import (
        ImageError,
        ImpastoError,
        MissingExtraError,
        RecipeError,
        SettingsError,
        WeightsError,
    )
    from impasto.fast import FastStylizer
    from impasto.images import Picture, open_picture, read_recipe
    from impasto.optimize import IterativeStylizer
    from impasto.recipes import reproduce
    from impasto.settings import Settings
    from impasto.states import State

_HOME = {
    "FastStylizer": "impasto.fast",
    "ImageError": "impasto.errors",
    "ImpastoError": "impasto.errors",
    "IterativeStylizer": "impasto.optimize",
    "MissingExtraError": "impasto.errors",
    "Picture": "impasto.images",
    "RecipeError": "impasto.errors",
    "Settings": "impasto.settings",
    "SettingsError": "impasto.errors",
    "State": "impasto.states",
    "StyleAugment": "impasto.dataset.augment",
    "Stylizer": "impasto.api",
    "WeightsError": "impasto.errors",
    "make_stylizer": "impasto.api",
    "open_picture": "impasto.images",
    "read_recipe": "impasto.images",
    "reproduce": "impasto.recipes",
    "stylize": "impasto.api",
}

__all__ = [
    "FastStylizer",
    "ImageError",
    "ImpastoError",
    "IterativeStylizer",
    "MissingExtraError",
    "Picture",
    "RecipeError",
    "Settings",
    "SettingsError",
    "State",
    "StyleAugment",
    "Stylizer",
    "WeightsError",
    "__version__",
    "make_stylizer",
    "open_picture",
    "read_recipe",
    "reproduce",
    "stylize",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
