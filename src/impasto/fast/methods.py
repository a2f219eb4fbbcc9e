"""The table of fast methods: whose they are, the files they need, and how they are opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from impasto.fast.any_style import BYTES_PER_PIXEL, AnyStyleNetwork
from impasto.fast.network import CodeNetwork, Network, Stage, TransferNetwork
from impasto.fast.sessions import Session, open_session, thread_limit
from impasto.fast.statistics import Kind
from impasto.settings import Settings
from impasto.weights import fetch, find, sha256_of

Files = Mapping[str, Path]
#: An ONNX file, or what is in one.
Model = Path | bytes
_OPEN = 16
"""Networks that are kept open."""


@dataclass(frozen=True)
class Row:
    """A method.

    Attributes:
        title: What it is.
        paper: Where it was published.
        files: Names of its files in the catalogue of weights.
        bytes_per_pixel: Of memory, at its peak.
        parts: Names of what is fetched where these are nowhere.
        open: Settings and the paths of its files -> network.
    """

    title: str
    paper: str
    files: tuple[str, ...]
    open: Callable[[Row, Settings, Files], Network]
    bytes_per_pixel: int
    parts: tuple[str, ...] = ()

    def needed(self) -> tuple[str, ...]:
        """Return the names of the files that it runs with on this machine."""
        there = not self.parts or all(find(name) for name in self.files)
        return self.files if there else self.parts


def open_network(settings: Settings) -> Network:
    """Open the network of a fast method; stylizers of many styles share one.

    Raises:
        SettingsError: The device is not there.
        MissingExtraError: What runs it is not installed.
        WeightsError: A file is missing or damaged.
    """
    if settings.knows_style:
        files = {"painter": Path(settings.method)}
    elif settings.weights is not None:
        painter = Path(settings.weights)
        files = {"any-style": painter, "style-reader": painter.with_name("style_reader.onnx")}
    else:
        files = {name: fetch(name) for name in ROWS[settings.method].needed()}
    # Of the settings, those that a network depends on.
    names = ("method", "runtime", "device", "level_strengths")
    relevant = Settings(**{name: getattr(settings, name) for name in names})
    versions = tuple(map(_version, files.values()))
    return _opened(relevant, tuple(files.items()), versions, thread_limit())


def needed_files(settings: Settings) -> tuple[str, ...]:
    """Return the names in the catalogue of what a method of one pass needs."""
    return () if settings.knows_style else ROWS[settings.method].needed()


def _version(path: Path) -> tuple[int, int]:
    """Return what tells a file from the one that was there before."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0  # opening it will say so
    return found.st_mtime_ns, found.st_size


@lru_cache(_OPEN)
def _opened(
    settings: Settings,
    files: tuple[tuple[str, Path], ...],
    _versions: tuple[tuple[int, int], ...],
    _threads: int,
) -> Network:
    if settings.knows_style:
        from impasto.fast import single

        return single.open_file(files[0][1], settings)
    row = ROWS[settings.method]
    return row.open(row, settings, dict(files))


def named(files: Files) -> list[dict[str, str]]:
    """Return names and SHA-256 of files, for a recipe."""
    return [{"name": path.name, "sha256": sha256_of(path)} for path in files.values()]


def _stage(reader: Model, painter: Model, settings: Settings, *, precise: bool) -> Stage:
    """Open both; a style is read once, so that no compiling for its size pays."""
    opened = [
        open_session(each, settings.runtime, settings.device, precise=precise)
        for each in (reader, painter)
    ]
    compiles = opened[0].name.startswith("openvino")
    style_reader = open_session(reader, "onnxruntime", settings.device) if compiles else opened[0]
    return Stage(style_reader, *opened)


def _runtime(session: Session) -> str:
    return session.name.partition(" ")[0]


def _transferring(
    row: Row,
    settings: Settings,
    files: Files,
    graphs: Sequence[tuple[Model, Model]],
    kind: Kind,
    cell: int,
    *,
    precise: bool = False,
) -> Network:
    stages = [_stage(reader, painter, settings, precise=precise) for reader, painter in graphs]
    return TransferNetwork(
        title=row.title,
        runtime=_runtime(stages[0].painter),
        machine=stages[0].painter.name,
        named=named(files),
        bytes_per_pixel=row.bytes_per_pixel,
        stages=stages,
        kind=kind,
        cell=cell,
        strengths=settings.level_strengths or (1.0,) * len(stages),
    )


def _ours(row: Row, settings: Settings, files: Files) -> Network:
    session = open_session(files["any-style"], settings.runtime, settings.device)
    return AnyStyleNetwork(
        title=row.title,
        runtime=_runtime(session),
        machine=session.name,
        named=named(files),
        bytes_per_pixel=row.bytes_per_pixel,
        painter=session,
        style_reader=open_session(files["style-reader"], "onnxruntime", settings.device),
    )


def _adain(row: Row, settings: Settings, files: Files) -> Network:
    from impasto.fast import adain

    return _transferring(row, settings, files, adain.graphs(files), adain.KIND, adain.CELL)


def _wct(row: Row, settings: Settings, files: Files) -> Network:
    from impasto.fast import wct

    # In bfloat16 the faintest directions of the features, which it makes as strong as all others,
    # would be rounding errors.
    graphs = wct.graphs(files)
    return _transferring(row, settings, files, graphs, wct.KIND, wct.CELL, precise=True)


def _microast(row: Row, settings: Settings, files: Files) -> Network:
    from impasto.fast import microast

    reader, painter = microast.graphs(list(files.values()))
    session = open_session(painter, settings.runtime, settings.device)
    return CodeNetwork(
        title=row.title,
        runtime=_runtime(session),
        machine=session.name,
        named=named(files),
        bytes_per_pixel=row.bytes_per_pixel,
        reader=open_session(reader, "onnxruntime", settings.device),
        painter=session,
        cell=microast.CELL,
    )


def _magenta(row: Row, settings: Settings, files: Files) -> Network:
    from impasto.fast import magenta

    predict, transform = files.values()
    painter = magenta.LiteRtSession(transform, magenta.PAINTER)
    return CodeNetwork(
        title=row.title,
        runtime="litert",
        machine=painter.name,
        named=named(files),
        bytes_per_pixel=row.bytes_per_pixel,
        reader=magenta.LiteRtSession(predict, magenta.READER),
        painter=painter,
        cell=magenta.CELL,
        style_size=magenta.STYLE_SIZE,
    )


#: By the names that `Settings.method` knows. Bytes a pixel were measured at 640x640 and larger.
ROWS: Mapping[str, Row] = {
    "fast": Row(
        title="our own any-style network",
        paper="impasto; features transferred as Li et al. 2017",
        files=("any-style", "style-reader"),
        open=_ours,
        bytes_per_pixel=BYTES_PER_PIXEL,
    ),
    "magenta": Row(
        title="Magenta's arbitrary image stylization, int8",
        paper="Ghiasi et al. 2017, arXiv 1705.06830",
        files=("magenta-predict", "magenta-transform"),
        open=_magenta,
        bytes_per_pixel=1900,
    ),
    "adain": Row(
        title="AdaIN",
        paper="Huang & Belongie 2017, arXiv 1703.06868",
        files=("adain-encoder", "adain-decoder"),
        open=_adain,
        bytes_per_pixel=1500,
    ),
    "microast": Row(
        title="MicroAST",
        paper="Wang et al. 2023, arXiv 2211.15313",
        files=("microast",),
        open=_microast,
        bytes_per_pixel=550,
        parts=tuple(
            f"microast-{part}"
            for part in ("content_encoder", "style_encoder", "modulator", "decoder")
        ),
    ),
    "wct": Row(
        title="WCT in five levels, networks pruned 16 times",
        paper="Li et al. 2017, arXiv 1705.08086; Wang et al. 2020, arXiv 2003.08436",
        files=tuple(
            f"wct-{part}-{level}" for level in (5, 4, 3, 2, 1) for part in ("encoder", "decoder")
        ),
        open=_wct,
        bytes_per_pixel=1950,
    ),
}
