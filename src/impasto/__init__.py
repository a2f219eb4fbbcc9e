"""impasto: paint any picture in the style of any artwork.

The public names are imported on first use (PEP 562), so that `import impasto` is instant.
"""

import importlib
from typing import TYPE_CHECKING

from impasto.telemetry import disable_telemetry
from impasto.version import __version__

if TYPE_CHECKING:
    from impasto.batch import stylize_batch
    from impasto.dataset import stylize_dataset
    from impasto.dataset.augment import StyleAugment
    from impasto.errors import (
        ImageError,
        ImpastoError,
        MissingExtraError,
        RecipeError,
        SettingsError,
        WeightsError,
    )
    from impasto.evaluation.evaluating import evaluate
    from impasto.images import Picture, open_picture, read_recipe
    from impasto.runs import Run, State, Stylizer
    from impasto.settings import Settings
    from impasto.stylizers import reproduce, stylize, stylizer
    from impasto.video.setup import stylize_video

disable_telemetry()

#: Where each public name lives.
_HOME = {
    "ImageError": "impasto.errors",
    "ImpastoError": "impasto.errors",
    "MissingExtraError": "impasto.errors",
    "Picture": "impasto.images",
    "RecipeError": "impasto.errors",
    "Run": "impasto.runs",
    "Settings": "impasto.settings",
    "SettingsError": "impasto.errors",
    "State": "impasto.runs",
    "StyleAugment": "impasto.dataset.augment",
    "Stylizer": "impasto.runs",
    "WeightsError": "impasto.errors",
    "evaluate": "impasto.evaluation.evaluating",
    "open_picture": "impasto.images",
    "read_recipe": "impasto.images",
    "reproduce": "impasto.stylizers",
    "stylize": "impasto.stylizers",
    "stylize_batch": "impasto.batch",
    "stylize_dataset": "impasto.dataset",
    "stylize_video": "impasto.video.setup",
    "stylizer": "impasto.stylizers",
}

__all__ = [
    "ImageError",
    "ImpastoError",
    "MissingExtraError",
    "Picture",
    "RecipeError",
    "Run",
    "Settings",
    "SettingsError",
    "State",
    "StyleAugment",
    "Stylizer",
    "WeightsError",
    "__version__",
    "evaluate",
    "open_picture",
    "read_recipe",
    "reproduce",
    "stylize",
    "stylize_batch",
    "stylize_dataset",
    "stylize_video",
    "stylizer",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
