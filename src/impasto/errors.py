"""What can go wrong, as one small tree; every message says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


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
        super().__init__(f'{feature} needs more packages: pip install "impasto[{extra}]"')


@contextmanager
def importing(feature: str, extra: str) -> Iterator[None]:
    """Turn an import in the block that fails into a `MissingExtraError` of the feature."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(feature, extra) from error
