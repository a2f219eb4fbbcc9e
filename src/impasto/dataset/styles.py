"""The styles of a data set: found, checked, and read as files that travel with the work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from impasto.batch.pairs import find_pictures
from impasto.dataset.stores import open_store
from impasto.fast.tuned import find_styles, is_network, network_settings
from impasto.images import NamedBytes, is_picture_name, open_picture
from impasto.settings import Settings
from impasto.stylizers import stylizer


def read_style_files(named: Sequence[str], settings: Settings) -> list[NamedBytes]:
    """Read style pictures, or networks that are tuned to them; some are tuned for that.

    They are named by files, folders, names, and addresses that fsspec reaches.

    Raises:
        ImageError: There are none, or one cannot be read.
        SettingsError: A network cannot do what is asked for.
    """
    far = [each for each in named if "://" in each]
    near = (each for each in named if each not in far)
    looks = (str(look) for each in near for look in find_styles(each, settings))
    styles = [_style_file(path, settings) for path in find_pictures(looks)]
    for address in far:
        store = open_store(address)
        for path in filter(is_picture_name, store.files()):
            styles.append(_style_file(_named(path, store.read(path)), settings))
    return styles


def _style_file(style: Path | NamedBytes, settings: Settings) -> NamedBytes:
    """Return what is painted with: a style picture, or a network that was tuned to it."""
    if not is_network(style):
        open_picture(style, max_size=64)  # raises what is wrong with it
    found = network_settings([style], settings)
    if found != settings:
        stylizer([], found)  # raises what is wrong with it
        style = Path(found.method)
    return _named(style.name, style.read_bytes()) if isinstance(style, Path) else style


def _named(path: str, content: bytes) -> NamedBytes:
    file = NamedBytes(content)
    file.name = path.rpartition("/")[2]
    return file
