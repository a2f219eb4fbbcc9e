"""Opening the network that a method of one pass names in its row."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from impasto.fast.network import Files, Network, Stage, TransferNetwork
from impasto.fast.sessions import Session, choose_runtime, open_session, thread_limit
from impasto.settings import Settings
from impasto.settings.methods import Method, load, method_of
from impasto.settings.runtimes import runtime_for_many_sizes
from impasto.weights import fetch, find

#: An ONNX file, or what is in one.
Model = Path | bytes
_OPEN = 16
"""Networks that are kept open."""


def network_for(settings: Settings) -> Network:
    """Open the network of a method of one pass; stylizers of many styles share one.

    Raises:
        SettingsError: The device is not there.
        MissingExtraError: What runs it is not installed.
        WeightsError: A file is missing or damaged.
    """
    row = method_of(settings.method)
    if row.one_style:
        files = {"painter": Path(settings.method)}
    elif settings.weights is not None:
        painter = Path(settings.weights)
        files = {"any-style": painter, "style-reader": painter.with_name("style_reader.onnx")}
    else:
        files = {name: fetch(name) for name in row.needed(lambda name: find(name) is not None)}
    # Of the settings, those that a network depends on.
    names = ("method", "runtime", "device", "level_strengths")
    relevant = Settings(**{name: getattr(settings, name) for name in names})
    versions = tuple(map(_version, files.values()))
    return _opened(row, relevant, tuple(files.items()), versions, thread_limit())


def _version(path: Path) -> tuple[int, int]:
    """Return what tells a file from the one that was there before."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0  # opening it will say so
    return found.st_mtime_ns, found.st_size


@lru_cache(_OPEN)
def _opened(
    row: Method,
    settings: Settings,
    files: tuple[tuple[str, Path], ...],
    _versions: tuple[tuple[int, int], ...],
    _threads: int,
) -> Network:
    network: Network = load(row.network)(row, settings, dict(files))
    return network


def open_painter(model: Model, settings: Settings, *, precise: bool = False) -> Session:
    """Open what paints, in the runtime and on the device that are asked for."""
    return open_session(model, settings.runtime, settings.device, precise=precise)


def open_style_reader(model: Model, settings: Settings) -> Session:
    """Open what reads a style once, so that no compiling for its size pays."""
    return open_session(model, runtime_for_many_sizes(), settings.device)


def transfer_network(
    row: Method,
    settings: Settings,
    files: Files,
    graphs: Sequence[tuple[Model, Model]],
    cell: int,
    *,
    diagonal: bool = False,
    precise: bool = False,
) -> Network:
    """Open readers and painters in stages.

    Args:
        row: The method.
        settings: Runtime, device and strengths.
        files: What the graphs were made of.
        graphs: Reader and painter of each stage.
        cell: Sides of what the readers see are multiples of this.
        diagonal: Whether channels are taken one by one, without their covariances.
        precise: Whether bfloat16 is ruled out.
    """
    shares = choose_runtime(settings.runtime, settings.device).many_sizes
    stages = []
    for graph in graphs:
        reader, painter = (open_painter(each, settings, precise=precise) for each in graph)
        style_reader = reader if shares else open_style_reader(graph[0], settings)
        stages.append(Stage(style_reader, reader, painter))
    strengths = settings.level_strengths
    return TransferNetwork(row, files, stages[0].painter, stages, cell, diagonal, strengths)
