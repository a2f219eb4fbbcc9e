"""impasto: paint any picture in the style of any artwork.

All but the errors are imported on first use (PEP 562), so that `import impasto` is instant.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, cast

from impasto.errors import (
    ImageError,
    ImpastoError,
    MissingExtraError,
    RecipeError,
    SettingsError,
    WeightsError,
)
from impasto.version import __version__

if TYPE_CHECKING:
    from impasto.batch import stylize_batch
    from impasto.dataset import stylize_dataset
    from impasto.dataset.augment import StyleAugment
    from impasto.evaluation.evaluating import evaluate
    from impasto.images import Picture, open_picture, read_recipe
    from impasto.runs import Run, State, Stylizer
    from impasto.settings import Settings
    from impasto.stylizers import reproduce, stylize, stylizer
    from impasto.video.setup import stylize_video

#: What packages below read when they are imported, so that none sends usage data, nor writes an
#: identifier into the home folder. Processes that are started from here inherit it.
NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime 1.32 and later
    "OTEL_SDK_DISABLED": "true",  # FastAPI and Ray
    "RAY_USAGE_STATS_ENABLED": "0",
}
os.environ.update(NO_TELEMETRY)
# OpenVINO reads no variable; it sends nothing where this package cannot be imported.
cast("dict[str, Any]", sys.modules)["openvino_telemetry"] = None

#: Where the public names live that are imported on first use.
_HOMES = {
    "impasto.batch": ["stylize_batch"],
    "impasto.dataset": ["stylize_dataset"],
    "impasto.dataset.augment": ["StyleAugment"],
    "impasto.evaluation.evaluating": ["evaluate"],
    "impasto.images": ["Picture", "open_picture", "read_recipe"],
    "impasto.runs": ["Run", "State", "Stylizer"],
    "impasto.settings": ["Settings"],
    "impasto.stylizers": ["reproduce", "stylize", "stylizer"],
    "impasto.video.setup": ["stylize_video"],
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
    for home, names in _HOMES.items():
        if name in names:
            globals()[name] = getattr(importlib.import_module(home), name)
            return globals()[name]
    raise AttributeError(f"module 'impasto' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
