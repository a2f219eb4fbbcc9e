"""Networks that know one style: pictures in, pictures out, from a file of one's own.

A .safetensors file is one of `johnson`. An .onnx file may be our own network with its style within,
or any network with one picture as its input and one as its output; how that wants pixels is found
out by trying.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from impasto.errors import SettingsError, WeightsError
from impasto.fast import johnson
from impasto.fast.any_style import BYTES_PER_PIXEL, ONE_STYLE, AnyStyleNetwork
from impasto.fast.network import Look, Network, padded
from impasto.fast.sessions import Array, Session, open_session
from impasto.fast.shot import Shot
from impasto.files import sha256_of
from impasto.images import Picture
from impasto.settings import Settings

#: Sides of pictures are multiples of this: most such networks halve them two or three times.
CELL = 8


@dataclass(frozen=True)
class Convention:
    """How a network wants its pixels, and how it gives them back.

    Attributes:
        scale: x -> scale · x + offset makes of [0, 1] what it takes.
        offset: For each color.
        result_scale: What its results are divided by.
        result_offset: And what is subtracted before.
    """

    scale: Sequence[float]
    offset: Sequence[float]
    result_scale: float
    result_offset: float

    def given(self, pixels: Array) -> Array:
        """Return (H, W, 3) in [0, 1] as the network takes it."""
        if self == PLAIN:
            return pixels
        scale, offset = (np.array(each, np.float32) for each in (self.scale, self.offset))
        return pixels * scale + offset

    def taken(self, pixels: Array) -> Array:
        """Return what the network gave as (H, W, 3) about in [0, 1]."""
        if self == PLAIN:
            return pixels
        return (pixels - np.float32(self.result_offset)) / np.float32(self.result_scale)


_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
_ONE, _NONE = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
PLAIN = Convention(_ONE, _NONE, 1.0, 0.0)
#: What networks may take, and may give back.
TAKEN = (
    ((255.0,) * 3, _NONE),
    (_ONE, _NONE),
    ((2.0,) * 3, (-1.0,) * 3),
    (tuple(1 / _DEVIATION), tuple(-_MEAN / _DEVIATION)),
)
GIVEN = ((255.0, 0.0), (1.0, 0.0), (2.0, -1.0))


@dataclass
class SingleNetwork:
    """Paints in the one style it knows.

    Attributes:
        painter: The network.
        entry: Name of its input.
        convention: Of pixels.
        planar: Whether pictures are (1, 3, H, W) instead of (1, H, W, 3).
        fixed: Width and height, where it takes no others.
        kind: Type of its input's numbers.
    """

    title: str
    runtime: str
    machine: str
    named: list[dict[str, str]]
    painter: Session
    entry: str
    convention: Convention
    planar: bool
    fixed: tuple[int, int] | None = None
    kind: Any = np.float32
    bytes_per_pixel: int = 650

    def read(self, style: Picture, longest: int) -> Look:
        """Refuse a style: it has its own.

        Raises:
            SettingsError: Always.
        """
        raise SettingsError(f"{self.title} knows one style: leave the style pictures out")

    def mixed(self, looks: Sequence[Look], shares: Sequence[float]) -> Look:
        """Return nothing: there is one style."""

    def paint(
        self, content: Picture, look: Look, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        whole = content.filled()
        shown = whole.resized(self.fixed) if self.fixed else whole
        painted = self.convention.taken(self.run(self.convention.given(shown.pixels)))
        painted = painted.clip(0, 1)
        if self.fixed:
            painted = Picture(np.ascontiguousarray(painted)).resized(whole.size).pixels
        part = np.float32(strength)
        return painted if part == 1 else whole.pixels + part * (painted - whole.pixels)

    def run(self, pixels: Array) -> Array:
        """Return what the network makes of (H, W, 3), as it gives it."""
        height, width = pixels.shape[:2]
        picture = padded(pixels, 1 if self.fixed else CELL)[None]
        if self.planar:
            picture = np.ascontiguousarray(picture.transpose(0, 3, 1, 2))
        if self.kind == np.uint8:
            picture = picture.round()
        made, *others = self.painter(**{self.entry: picture.astype(self.kind)})
        if others or made.shape != picture.shape:
            raise WeightsError(f"{self.title} does not give one picture as large as it takes")
        made = made.transpose(0, 2, 3, 1) if self.planar else made
        return np.asarray(made[0, :height, :width], np.float32)


def open_file(path: Path, settings: Settings) -> Network:
    """Open a network of one style.

    Raises:
        WeightsError: The file is missing, damaged or something else.
    """
    if not path.is_file():
        raise WeightsError(f"there is no {path}: name a .safetensors or .onnx file of one style")
    named = [{"name": path.name, "sha256": sha256_of(path)}]
    if path.suffix.lower() == ".onnx":
        return _opened(path, settings, named)
    painter = open_session(johnson.graph(path), settings.runtime, settings.device)
    return SingleNetwork(
        title=path.name,
        runtime=painter.name.partition(" ")[0],
        machine=painter.name,
        named=named,
        painter=painter,
        entry="picture",
        convention=Convention((255.0,) * 3, _NONE, 255.0, 0.0),
        planar=False,
    )


def _opened(path: Path, settings: Settings, named: list[dict[str, str]]) -> Network:
    """Open an .onnx file."""
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's own, of many kinds
        raise WeightsError(f"{path} cannot be read as a network") from error
    constants = {each.name for each in model.graph.initializer}
    entries = {each.name: each for each in model.graph.input if each.name not in constants}
    if entries.keys() == ONE_STYLE:
        return _ours(path, settings, named, *_shape(entries["held"]))
    shapes = [_shape(entry) for entry in entries.values()]
    if len(shapes) != 1 or len(shapes[0]) != 4 or 3 not in (shapes[0][1], shapes[0][3]):
        raise WeightsError(f"{path} does not take one picture: name a network of one style")
    return _probed(path, settings, named, *entries.values())


def _shape(entry: onnx.ValueInfoProto) -> list[int]:
    """Return the sizes of an input, 0 where any will do."""
    return [each.dim_value for each in entry.type.tensor_type.shape.dim]


def _ours(path: Path, settings: Settings, named: list[dict[str, str]], length: int) -> Network:
    """Open our own network with its style within."""
    painter = open_session(path, settings.runtime, settings.device)
    return AnyStyleNetwork(
        title=path.name,
        runtime=painter.name.partition(" ")[0],
        machine=painter.name,
        named=named,
        bytes_per_pixel=BYTES_PER_PIXEL,
        painter=painter,
        length=length,
    )


def _probed(
    path: Path, settings: Settings, named: list[dict[str, str]], entry: onnx.ValueInfoProto
) -> SingleNetwork:
    """Open a network of others, and find out how it wants pixels."""
    shape = _shape(entry)
    planar = shape[1] == 3
    height, width = shape[2:] if planar else shape[1:3]
    painter = open_session(path, settings.runtime, settings.device)
    plain = SingleNetwork(
        title=path.name,
        runtime=painter.name.partition(" ")[0],
        machine=painter.name,
        named=named,
        painter=painter,
        entry=entry.name,
        convention=PLAIN,
        planar=planar,
        fixed=(width, height) if width and height else None,
        kind=onnx.helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type),
    )
    return replace(plain, convention=convention_of(plain))


def convention_of(network: SingleNetwork) -> Convention:
    """Find the convention under which what comes out is most like a picture of what goes in.

    A picture of patches and ramps goes in under each; counted is how alike its brightness and
    that of the result are, and how much of the result must be cut off.
    """
    width, height = network.fixed or (128, 128)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    patches = ((rows // 32 + columns // 32) % 2) * 0.5
    picture = np.stack(
        [patches + 0.5 * rows / height, patches + 0.5 * columns / width, patches], -1
    )
    picture = (0.1 + 0.8 * picture).astype(np.float32)
    best, most = None, -np.inf
    for scale, offset in TAKEN:
        if network.kind == np.uint8 and scale[0] != 255:
            continue
        trial = Convention(scale, offset, 1.0, 0.0)
        made = network.run(trial.given(picture))
        for result_scale, result_offset in GIVEN:
            taken = Convention(scale, offset, result_scale, result_offset)
            result = taken.taken(made)
            with np.errstate(all="ignore"):
                alike = np.corrcoef(result.mean(-1).ravel(), picture.mean(-1).ravel())[0, 1]
            spread = min(1.0, float(result.clip(0, 1).std() / picture.std()))
            cut = float(np.abs(result - result.clip(0, 1)).mean())
            # NaN, where the result is the same everywhere, is never more.
            score = float(abs(alike)) + spread - 2 * cut
            if score > most:
                best, most = taken, score
    if best is None or not np.isfinite(most):
        raise WeightsError(f"{network.title} does not make pictures of pictures")
    return best
