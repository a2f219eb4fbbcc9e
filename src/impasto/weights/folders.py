"""The folders that weights are looked for in, in order, and what the environment says of them.

``IMPASTO_WEIGHTS`` are folders of your own, separated as in ``PATH``; ``IMPASTO_HOME`` is the home
of impasto's cache; with ``IMPASTO_OFFLINE`` 1 no network is asked. What Keras (``KERAS_HOME``) and
torch.hub (``TORCH_HOME``, ``XDG_CACHE_HOME``) have downloaded already is used as well.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from impasto.errors import ImpastoError

SUFFIX = ".onnx"  # of the networks that are tuned to one style


class Folder(NamedTuple):
    """A folder that is searched, which need not exist, and why, in a few words.

    Where it is `foreign`, another program fills it, so that a file may be half written.
    """

    path: Path
    reason: str
    foreign: bool = False


def expanded(path: str | os.PathLike[str]) -> Path:
    """A path with its leading ``~`` resolved, as far as there is such a user."""
    try:
        return Path(os.path.expanduser(path))  # noqa: PTH111 (pathlib's raises for no such user)
    except ValueError:  # a null byte, which no file's name has
        return Path(path)


def home_folder() -> Path:
    """The folder of all that can be had again: ``IMPASTO_HOME`` or the user's cache."""
    if home := os.environ.get("IMPASTO_HOME"):
        return expanded(home)
    from platformdirs import user_cache_path

    return user_cache_path("impasto", appauthor=False)


def cache_folder() -> Path:
    """The folder that downloaded weights are kept in."""
    return home_folder() / "weights"


def bundled_folder() -> Path:
    """The folder of the files that come with the package."""
    return Path(__file__).with_name("bundled")


def tuned_folder() -> Path:
    """Return the folder of the networks that were tuned here to styles when they were needed."""
    return home_folder() / "tuned"


def search_folders() -> Iterator[Folder]:
    """Yield all folders that are searched before anything is downloaded, in order."""
    # First, so that a recipe never depends on what lies about.
    yield Folder(bundled_folder(), "bundled with impasto")
    named = os.environ.get("IMPASTO_WEIGHTS", "").split(os.pathsep)
    yield from (Folder(expanded(path), "IMPASTO_WEIGHTS") for path in named if path)
    yield Folder(cache_folder(), "impasto's cache")
    keras = expanded(os.environ.get("KERAS_HOME") or "~/.keras")
    yield Folder(keras / "models", "Keras's cache", foreign=True)
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    torch = os.environ.get("TORCH_HOME") or os.path.join(cache, "torch")  # noqa: PTH118 (may be ~)
    yield Folder(expanded(torch) / "hub" / "checkpoints", "torch.hub's cache", foreign=True)


def is_offline() -> bool:
    """Whether ``IMPASTO_OFFLINE`` forbids to ask a network."""
    return os.environ.get("IMPASTO_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def refuse_offline(what: str) -> None:
    """Raise an `ImpastoError` about what needs a network, if ``IMPASTO_OFFLINE`` is set."""
    if is_offline():
        raise ImpastoError(f"{what} needs a network, and IMPASTO_OFFLINE is set: unset it first")
