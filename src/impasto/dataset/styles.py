"""The styles of a data set: found, checked, and read as files that travel with the work."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from impasto.batch.painting import reason_of
from impasto.batch.pairs import find_pictures
from impasto.dataset.stores import open_store
from impasto.errors import ImageError
from impasto.fast.tuned import find_styles, is_network, network_settings
from impasto.images import NamedBytes, is_picture_name, open_picture
from impasto.settings import Settings
from impasto.stylizers import stylizer


def read_style_files(
    named: Sequence[str], settings: Settings
) -> tuple[list[NamedBytes], dict[str, str]]:
    """Read style pictures, or networks that are tuned to them; some are tuned for that.

    They are named by files, folders, names, and addresses that fsspec reaches. Returns the styles,
    and which cannot be used, and why; if all cannot, that is an `ImageError`.
    """
    styles, bad = list[NamedBytes](), dict[str, str]()
    for each in named:
        try:
            found = _found(each, settings)
        except ImageError as error:
            bad[each] = reason_of(error)
            continue
        for name, style in found:
            try:
                styles.append(_style_file(style(), settings))
            except ImageError as error:
                bad[name] = reason_of(error)
    if bad and not styles:
        raise ImageError(next(iter(bad.values())))
    return styles, bad


def _found(named: str, settings: Settings) -> list[tuple[str, Callable[[], Path | NamedBytes]]]:
    """Return the name of each style that something stands for, and what reads or returns it."""
    if "://" not in named:
        looks = find_pictures(map(str, find_styles(named, settings)))
        return [(str(path), partial(Path, path)) for path in looks]
    store = open_store(named)
    names = filter(is_picture_name, store.files())
    return [(f"{named}/{n}", lambda n=n: _named(n, store.read(n))) for n in names]  # type: ignore[misc]


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
