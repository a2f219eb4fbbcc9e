"""What can go wrong, as one small tree; every message says what to do."""

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ImpastoError(Exception):
    """The parent of all errors that impasto raises on purpose."""


class ImageError(ImpastoError):
    """A picture that cannot be read, or cannot be written."""


class SettingsError(ImpastoError, ValueError):
    """An option that does not exist, or a value outside its range."""


class WeightsError(ImpastoError):
    """A file of trained parameters that is missing, damaged or of another network."""


class RecipeError(ImpastoError):
    """A picture without a recipe, or a recipe that cannot be followed."""


class CollectError(ImpastoError):
    """A page, a picture or a collection that cannot be had from the web."""


class MissingExtraError(ImpastoError, ImportError):
    """A feature whose optional packages are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs more packages: {install_command(extra)}")


@contextmanager
def importing(feature: str, extra: str) -> Iterator[None]:
    """Turn an import in the block that fails into a `MissingExtraError` of the feature."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(feature, extra) from error


def packages_of(extra: str) -> list[str]:
    """Return what an extra of the installed impasto requires, as `name>=version`."""
    from importlib import metadata

    named = re.compile(rf"([^;]+?)\s*;.*extra\s*==\s*['\"]{extra}['\"]")
    return [match[1] for match in map(named.match, metadata.requires("impasto") or []) if match]


def install_command(extra: str) -> str:
    """Return the command that adds an extra's packages to the Python that runs.

    It names the packages, not `impasto[extra]`: impasto may be a checkout, or a file that is gone.
    """
    try:
        wanted = packages_of(extra)
    except ImportError:  # not installed: the folder `src` of a checkout is on the path
        wanted = [f"{Path(__file__).parents[2]}[{extra}]"]
    python = "python" if shutil.which("python") == sys.executable else f'"{sys.executable}"'
    return " ".join((python, "-m pip install", *(f'"{each}"' for each in wanted)))
