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
from impasto.fast.any_style import ONE_STYLE, AnyStyleNetwork
from impasto.fast.network import Network, StyleCode, padded
from impasto.fast.opening import Files, facts
from impasto.fast.sessions import Array, Session, open_session
from impasto.fast.shot import Shot
from impasto.images import Picture
from impasto.settings import Settings
from impasto.settings.methods import METHODS, Method

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
    bytes_per_pixel: int
    painter: Session
    convention: Convention
    entry: str = "picture"
    planar: bool = False
    fixed: tuple[int, int] | None = None
    kind: Any = np.float32

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Refuse a style: it has its own.

        Raises:
            SettingsError: Always.
        """
        raise SettingsError(f"{self.title} knows one style: leave the style pictures out")

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return nothing: there is one style."""

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
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


def open_file(row: Method, settings: Settings, files: Files) -> Network:
    """Open a network of one style.

    Raises:
        WeightsError: The file is missing, damaged or something else.
    """
    (path,) = files.values()
    if not path.is_file():
        raise WeightsError(f"there is no {path}: name a .safetensors or .onnx file of one style")
    entries = _entries(path) if path.suffix.lower() == ".onnx" else {}
    shapes = [_shape(entry) for entry in entries.values()]
    ours = entries.keys() == ONE_STYLE
    if entries and not ours and not _is_picture(shapes):
        raise WeightsError(f"{path} does not take one picture: name a network of one style")
    model = path if entries else johnson.graph(path)
    painter = open_session(model, settings.runtime, settings.device)
    known = facts(METHODS["fast"] if ours else row, painter, files, path.name)
    if ours:
        return AnyStyleNetwork(**known, painter=painter, length=_shape(entries["held"])[0])
    if not entries:
        convention = Convention((255.0,) * 3, _NONE, 255.0, 0.0)
        return SingleNetwork(**known, painter=painter, convention=convention)
    ((name, entry),) = entries.items()
    planar = shapes[0][1] == 3
    height, width = shapes[0][2:] if planar else shapes[0][1:3]
    plain = SingleNetwork(
        **known,
        painter=painter,
        convention=PLAIN,
        entry=name,
        planar=planar,
        fixed=(width, height) if width and height else None,
        kind=onnx.helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type),
    )
    return replace(plain, convention=convention_of(plain))


def _entries(path: Path) -> dict[str, onnx.ValueInfoProto]:
    """Return what an .onnx network takes, by name."""
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's own, of many kinds
        raise WeightsError(f"{path} cannot be read as a network") from error
    constants = {each.name for each in model.graph.initializer}
    return {each.name: each for each in model.graph.input if each.name not in constants}


def _is_picture(shapes: Sequence[Sequence[int]]) -> bool:
    """Tell whether the sizes of inputs are those of one picture."""
    return len(shapes) == 1 and len(shapes[0]) == 4 and 3 in (shapes[0][1], shapes[0][3])


def _shape(entry: onnx.ValueInfoProto) -> list[int]:
    """Return the sizes of an input, 0 where any will do."""
    return [each.dim_value for each in entry.type.tensor_type.shape.dim]


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
