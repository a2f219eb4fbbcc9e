"""A data set stylized from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.batch.pairs import find_pictures
from impasto.dataset.local import local
from impasto.dataset.options import ENGINES, DatasetOptions
from impasto.dataset.painting import Row, StyleFile, source_of
from impasto.dataset.running import Dataset, Engine
from impasto.dataset.stores import open_store
from impasto.errors import SettingsError
from impasto.fast.tuned import find_styles, is_network
from impasto.images import is_picture_name, open_picture, source_list
from impasto.settings import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.settings.typed import Options


def dataset_settings(settings: Settings | None = None, **options: Unpack[Options]) -> Settings:
    """Return the settings of a data set's pictures: method fast where nothing else is asked for.

    Raises:
        SettingsError: An option that does not fit a data set.
    """
    if "size" in options:
        raise SettingsError("size is each picture's own in a data set: leave it out")
    found = (settings or Settings(method="fast")).updated(**options)
    if found.row.one_style:
        raise SettingsError("a data set needs a method that takes style pictures")
    return found


def find_style_files(named: Sequence[str], settings: Settings) -> list[Path | StyleFile]:
    """Find style pictures: files, folders, names, and addresses that fsspec reaches.

    Raises:
        ImageError: There are none, or one cannot be read.
    """
    far = [each for each in named if "://" in each]
    near = find_pictures(
        str(look) for each in named if each not in far for look in find_styles(each, settings)
    )
    styles: list[Path | StyleFile] = [*near]
    for address in far:
        store = open_store(address)
        paths = [path for path in store.files() if is_picture_name(path)]
        styles += [StyleFile(path.rpartition("/")[2], store.read(path)) for path in paths]
    for style in styles:
        if not is_network(source_of(style)):
            open_picture(source_of(style), max_size=64)
    return styles


def open_engine(name: str, address: str | None = None) -> Engine:
    """Return what runs the workers: `local`, or `ray` on a cluster.

    Args:
        name: One of `ENGINES`.
        address: Of the Ray cluster, `host:port`.

    Raises:
        SettingsError: There is no such engine.
        MissingExtraError: Ray is not installed.
    """
    if name not in ENGINES:
        raise SettingsError(f"engine is {' or '.join(ENGINES)}; not {name}")
    if name == "ray":
        from impasto.dataset.cluster import RayEngine

        return RayEngine(address)
    return local


def stylize_dataset(
    source: str | Path,
    styles: str | Path | Sequence[str | Path],
    target: str | Path,
    dataset: DatasetOptions | None = None,
    engine: str | Engine = "local",
    workers: int | None = None,
    **options: Unpack[Options],
) -> list[Row]:
    """Stylize a data set, as `impasto dataset` does; called again it resumes.

    Args:
        source: Its folder, a folder of WebDataset shards (.tar), or an address that fsspec reaches.
        styles: Style pictures: files, folders, names, addresses; one or several.
        target: Folder or address of the results.
        dataset: Copies, splits, the range of strengths and others; None for the defaults.
        engine: `local`, or `ray`.
        workers: Processes; None: one a core.
        **options: Single options, by the names of `Settings`: `strength` is that of all results.

    Returns:
        The rows of what failed.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImpastoError: As `Dataset`.
    """
    chosen = dataset or DatasetOptions()
    if (strength := options.pop("strength", None)) is not None:
        chosen = replace(chosen, strength=(strength, strength))
    settings = dataset_settings(chosen.settings, **options)
    chosen = replace(chosen, settings=settings, seed=options.get("seed", chosen.seed))
    looks = find_style_files([str(each) for each in source_list(styles)], settings)
    work = Dataset(str(source), looks, str(target), chosen)
    for _ in work.run(open_engine(engine) if isinstance(engine, str) else engine, workers):
        pass
    return work.finish()[1]
