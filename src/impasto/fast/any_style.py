"""Our own network: any style in one pass.

One ONNX graph encodes a style once, into a code; another one paints with it. All that happens to a
picture is in that second graph: see `impasto.training.any_style_graph`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from impasto.errors import WeightsError
from impasto.fast.network import Files, Network, StyleCode, scaled
from impasto.fast.reading import MOST_BYTES, Entry, read_entries
from impasto.fast.sessions import Array, Session, choose_runtime, open_session, open_style_reader
from impasto.fast.shot import PACE, Shot, still_grain
from impasto.fast.trial import begin_step, limit_memory, tried
from impasto.images import Picture
from impasto.settings import Settings
from impasto.settings.methods import METHODS, Method
from impasto.weights.any_style import CELL
from impasto.weights.folders import bundled_folder, tuned_folder

#: Inputs of a network with its one style built in.
ONE_STYLE = {"picture", "strength", "grain", "held", "pace"}
#: Inputs of the network for any style.
_ANY_STYLE = ONE_STYLE | {"code"}
#: Longer side in pixels of the picture that a file from elsewhere is tried with; longest code;
#: steps of a trial that opening, compiling and painting together may take.
_TRIED, _MOST_LENGTH, _STEPS = 64, 1 << 16, 6
_FLOAT32_BYTES = 600  # of memory that a pixel takes at the peak, where nothing is in half precision


def open_network(row: Method, settings: Settings, files: Files) -> Network:
    """Open the network, or say what is wrong with its files."""
    path, reader = files.values()
    if not path.is_relative_to(bundled_folder()):
        if read_entries(path).keys() != _ANY_STYLE:
            raise WeightsError(f"{path} is not an any_style.onnx: name what `impasto export` wrote")
        if read_entries(reader).keys() != {"picture"}:
            raise WeightsError(f"{reader} is not a style_reader.onnx: run `impasto export` again")
        _try(path, settings, reader=str(reader))
    session = open_session(path, settings.runtime, settings.device)
    return AnyStyleNetwork(row, files, session, open_style_reader(reader, settings.device))


def open_one_style(
    row: Method, settings: Settings, path: Path, entries: Mapping[str, Entry]
) -> Network:
    """Open our network with its one style built in; `entries` is what its file takes."""
    sizes = entries["held"].sizes or ()
    if len(sizes) != 1 or not 0 < sizes[0] < _MOST_LENGTH:
        raise WeightsError(f"{path} is not what `impasto train style` writes: write it again")
    # What this program wrote itself need not be tried.
    if not any(map(path.is_relative_to, (bundled_folder(), tuned_folder()))):
        _try(path, settings, length=sizes[0])
    session = open_session(path, settings.runtime, settings.device)
    return AnyStyleNetwork(row, {"network": path}, session, length=sizes[0])


def _try(path: Path, settings: Settings, **arguments: str | int) -> None:
    """Paint with an untrusted file in a separate process."""
    runtime = choose_runtime(settings.runtime, settings.device).name
    tried(path, "impasto.fast.any_style:paint_once", path=str(path), runtime=runtime, **arguments)


def paint_once(path: str, runtime: str, reader: str | None = None, length: int = 0) -> None:
    """Paint a small picture of one color in the style that is in a file, or in another one."""
    limit_memory(MOST_BYTES)
    begin_step(_STEPS)
    session = open_session(Path(path), runtime, "cpu")
    style_reader = open_session(Path(reader), runtime, "cpu") if reader else None
    network = AnyStyleNetwork(METHODS["fast"], {}, session, style_reader, length)
    picture = Picture(np.full((_TRIED, _TRIED, 3), 0.5, np.float32))
    codes = [network.read(picture, _TRIED)] if reader else []
    painted = network.paint(picture, network.mixed(codes, [1.0]), 1.0, None)
    if painted.shape != picture.pixels.shape or not np.isfinite(painted).all():
        raise ValueError("it does not give a picture as large as it takes")


@dataclass
class AnyStyleNetwork(Network):
    """Paints in the style that a code stands for.

    Without a `style_reader` the network has its one style built in, and codes have this `length`.
    """

    style_reader: Session | None = None
    length: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.machine.endswith("bf16"):
            self.bytes_per_pixel = _FLOAT32_BYTES

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return the code of a style."""
        if self.style_reader is None:
            return super().read(style, longest)
        (code,) = self.style_reader(picture=scaled(style, longest, CELL))
        return code

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return the code of a mixture of styles."""
        return super().mixed(codes, shares) if codes else np.zeros(self.length, np.float32)

    def paint(self, content: Picture, code: StyleCode, strength: float, shot: Shot | None) -> Array:
        """Return stylized pixels."""
        size = content.height, content.width
        held = None if shot is None else shot.kept.get("statistics")
        given = {} if self.style_reader is None else {"code": code}
        stylized, used = self.session(
            picture=np.ascontiguousarray(content.filled().pixels)[None],
            strength=np.array(strength, np.float32),
            grain=still_grain(*size) if shot is None else shot.grain(*size),
            held=np.zeros_like(code) if held is None else held,
            pace=np.array(1 if held is None else PACE, np.float32),
            **given,
        )
        if shot is not None:
            shot.kept["statistics"] = used.copy()
        return cast("Array", stylized[0])
