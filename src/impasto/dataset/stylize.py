"""A data set stylized from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.dataset.engines import Engine, open_engine
from impasto.dataset.options import DatasetOptions
from impasto.dataset.painting import Row
from impasto.dataset.running import Dataset
from impasto.errors import SettingsError
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
    work = Dataset(source, styles, target, chosen)
    for _ in work.run(open_engine(engine) if isinstance(engine, str) else engine, workers):
        pass
    return work.finish()[1]
