"""Networks that know one style: pictures in, pictures out, from a file of one's own.

A .safetensors file is one of `johnson`. An .onnx file may be our own network with its style within,
or any network with one picture as its input and one as its output; how that wants pixels is found
out by trying.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx

from impasto.errors import WeightsError
from impasto.fast import johnson
from impasto.fast.any_style import ONE_STYLE, AnyStyleNetwork
from impasto.fast.network import Files, Network, StyleCode, padded
from impasto.fast.opening import open_painter
from impasto.fast.sessions import Array
from impasto.fast.shot import Shot
from impasto.images import Picture
from impasto.settings import Settings
from impasto.settings.methods import METHODS, Method

#: Sides of pictures are multiples of this: most such networks halve them two or three times.
CELL = 8
_ONE, _NONE, _BYTES = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)


class Convention(NamedTuple):
    """How a network wants its pixels, and how it gives them back.

    Attributes:
        scale: x -> scale · x + offset makes of [0, 1] what it takes.
        offset: For each color.
        result_scale: What its results are divided by.
        result_offset: And what is subtracted before.
    """

    scale: Sequence[float] = _ONE
    offset: Sequence[float] = _NONE
    result_scale: float = 1.0
    result_offset: float = 0.0

    def given(self, pixels: Array) -> Array:
        """Return (H, W, 3) in [0, 1] as the network takes it."""
        return pixels * np.array(self.scale, np.float32) + np.array(self.offset, np.float32)

    def taken(self, pixels: Array) -> Array:
        """Return what the network gave as (H, W, 3) about in [0, 1]."""
        return (pixels - np.float32(self.result_offset)) / np.float32(self.result_scale)


_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
#: What networks may take, and may give back.
TAKEN = (
    (_BYTES, _NONE),
    (_ONE, _NONE),
    ((2.0, 2.0, 2.0), (-1.0, -1.0, -1.0)),
    (tuple(1 / _DEVIATION), tuple(-_MEAN / _DEVIATION)),
)
GIVEN = ((255.0, 0.0), (1.0, 0.0), (2.0, -1.0))


@dataclass
class SingleNetwork(Network):
    """Paints in the one style it knows.

    Attributes:
        convention: Of pixels.
        entry: Name of its input.
        planar: Whether pictures are (1, 3, H, W) instead of (1, H, W, 3).
        fixed: Width and height, where it takes no others.
        kind: Type of its input's numbers.
    """

    convention: Convention
    entry: str = "picture"
    planar: bool = False
    fixed: tuple[int, int] | None = None
    kind: Any = np.float32

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
    row = replace(METHODS["fast"] if ours else row, sentence=path.name)
    painter = open_painter(path if entries else johnson.graph(path), settings)
    if ours:
        return AnyStyleNetwork(row, files, painter, length=_shape(entries["held"])[0])
    if not entries:
        return SingleNetwork(row, files, painter, Convention(_BYTES, result_scale=255.0))
    ((name, entry),) = entries.items()
    planar = shapes[0][1] == 3
    height, width = shapes[0][2:] if planar else shapes[0][1:3]
    fixed = (width, height) if width and height else None
    kind = onnx.helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type)
    plain = SingleNetwork(row, files, painter, Convention(), name, planar, fixed, kind)
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

    Raises:
        WeightsError: There is none.
    """
    picture = _patches(*(network.fixed or (128, 128)))
    scores = {}
    for scale, offset in TAKEN:
        if network.kind == np.uint8 and scale != _BYTES:
            continue
        made = network.run(Convention(scale, offset).given(picture))
        for result in GIVEN:
            convention = Convention(scale, offset, *result)
            scores[convention] = _likeness(convention.taken(made), picture)
    best = max(scores, key=scores.__getitem__)
    if scores[best] == -np.inf:
        raise WeightsError(f"{network.title} does not make pictures of pictures")
    return best


def _patches(width: int, height: int) -> Array:
    """Return a picture of patches and ramps."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    patches = ((rows // 32 + columns // 32) % 2) * 0.5
    picture = np.stack(
        [patches + 0.5 * rows / height, patches + 0.5 * columns / width, patches], -1
    )
    return (0.1 + 0.8 * picture).astype(np.float32)


def _likeness(result: Array, picture: Array) -> float:
    """Return how alike brightness is, less how much of the result must be cut off."""
    with np.errstate(all="ignore"):
        alike = np.corrcoef(result.mean(-1).ravel(), picture.mean(-1).ravel())[0, 1]
    spread = min(1.0, float(result.clip(0, 1).std() / picture.std()))
    cut = float(np.abs(result - result.clip(0, 1)).mean())
    score = float(abs(alike)) + spread - 2 * cut
    return score if np.isfinite(score) else -np.inf  # where the result is the same everywhere
