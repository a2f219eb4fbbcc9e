"""Opening the network that a method of one pass names in its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from impasto.fast.network import Network, Stage, TransferNetwork
from impasto.fast.sessions import Session, open_session, thread_limit
from impasto.fast.statistics import Kind
from impasto.files import sha256_of
from impasto.settings import Settings
from impasto.settings.methods import Method, load, method_of
from impasto.weights import fetch, find

Files = Mapping[str, Path]
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


def facts(row: Method, painter: Session, files: Files, title: str = "") -> dict[str, Any]:
    """Return what every network says of itself: the first fields of its class.

    Args:
        row: Its method.
        painter: What paints.
        files: Its files.
        title: For people; "": the method's sentence.
    """
    return {
        "title": title or row.sentence,
        "runtime": painter.name.partition(" ")[0],
        "machine": painter.name,
        "named": [{"name": path.name, "sha256": sha256_of(path)} for path in files.values()],
        "bytes_per_pixel": row.bytes_per_pixel,
    }


def transfer_network(
    row: Method,
    settings: Settings,
    files: Files,
    graphs: Sequence[tuple[Model, Model]],
    kind: Kind,
    cell: int,
    *,
    precise: bool = False,
) -> Network:
    """Open readers and painters in stages.

    Args:
        row: The method.
        settings: Runtime, device and strengths.
        files: What the graphs were made of.
        graphs: Reader and painter of each stage.
        kind: What of the features is transferred.
        cell: Sides of what the readers see are multiples of this.
        precise: Whether bfloat16 is ruled out.
    """
    stages = [_stage(reader, painter, settings, precise=precise) for reader, painter in graphs]
    return TransferNetwork(
        **facts(row, stages[0].painter, files),
        stages=stages,
        kind=kind,
        cell=cell,
        strengths=settings.level_strengths or (1.0,) * len(stages),
    )


def _stage(reader: Model, painter: Model, settings: Settings, *, precise: bool) -> Stage:
    """Open both; a style is read once, so that no compiling for its size pays."""
    opened = [
        open_session(each, settings.runtime, settings.device, precise=precise)
        for each in (reader, painter)
    ]
    compiles = opened[0].name.startswith("openvino")
    style_reader = open_session(reader, "onnxruntime", settings.device) if compiles else opened[0]
    return Stage(style_reader, *opened)
