"""A picture: what goes into a stylizer and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from impasto.errors import ImageError
from impasto.files import check_writable, refuse_inputs, write_atomically
from impasto.images.encoding import OPAQUE, encode
from impasto.images.formats import MOST_SIDE, WITH_16_BITS, format_of
from impasto.images.pixels import fitted_size, inpaint_alpha, quantize, resize, unit_floats

if TYPE_CHECKING:
    from torch import Tensor

_BLOCK = 1 << 17  # pixels that are converted at a time
_PREVIEW = 1024  # longest side in a notebook, which would otherwise keep megabytes in every cell


class Identity(NamedTuple):
    """What a recipe remembers of a picture: enough to recognize it, nothing about its folder."""

    name: str  # of the file, with its suffix; "stdin", "bytes" or "pixels" where there is none
    sha256: str  # hexadecimal, of the file's bytes, or of shape, type and pixels


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """Pixels in sRGB and what belongs to them.

    Attributes:
        pixels: float32 (H, W, 3), sRGB in [0, 1].
        alpha: float32 (H, W) in [0, 1], 0 transparent, or None; colors are not premultiplied.
        bits: 8 or 16, the depth of the source and of files saved from it.
        exif: An EXIF block to write into files, or None; never kept without being asked for.
        recipe: What made the picture, JSON-able; written into files.
        name: The stem of the source file, "" if there is none.
        identity: Of the file that it was opened from; None for anything else, also for what was
            made of an opened picture.

    Raises:
        ImageError: Shapes do not fit, or values are outside [0, 1] or NaN.

    Examples:
        >>> Picture(np.zeros((2, 3, 3), np.float32)).resized((6, 4)).to_array().shape
        (4, 6, 3)
    """

    pixels: NDArray[np.float32]
    alpha: NDArray[np.float32] | None = None
    bits: int = 8
    exif: bytes | None = None
    recipe: Mapping[str, object] | None = None
    name: str = ""
    identity: Identity | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise ImageError(f"a picture's pixels are (H, W, 3), not {shape}")
        if self.alpha is not None and self.alpha.shape != shape[:2]:
            raise ImageError(f"alpha is {self.alpha.shape} but the picture is {shape[:2]}")
        _check_bits(self.bits)
        object.__setattr__(self, "pixels", unit_floats(self.pixels, "the picture"))
        if self.alpha is not None:
            object.__setattr__(self, "alpha", unit_floats(self.alpha, "alpha"))

    def __repr__(self) -> str:
        alpha = "" if self.alpha is None else ", alpha"
        name = f" {self.name!r}" if self.name else ""
        return f"<Picture{name} {self.width}x{self.height}, {self.bits} bit{alpha}>"

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    def to_array(self, dtype: DTypeLike = np.uint8) -> NDArray[Any]:
        """Return the picture as one array (H, W, 3), or (H, W, 4) with alpha.

        Args:
            dtype: uint8 or uint16 over their full range, or float32 in [0, 1].

        Raises:
            ImageError: Any other type.
        """
        kind = np.dtype(dtype)
        if kind not in (np.uint8, np.uint16, np.float32):
            raise ImageError(f"a picture becomes uint8, uint16 or float32, not {kind}")
        result = np.empty((self.height, self.width, 3 if self.alpha is None else 4), kind)
        # In blocks of rows: as floats a large picture is held once and not twice more.
        step = max(1, _BLOCK // self.width)
        for rows in (slice(top, top + step) for top in range(0, self.height, step)):
            whole = self.pixels[rows]
            if self.alpha is not None:
                whole = np.dstack([whole, self.alpha[rows]])
            result[rows] = whole if kind.kind == "f" else quantize(whole, kind.itemsize * 8)
        return result

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self.to_array(np.uint8 if dtype is None else dtype)

    def to_tensor(self) -> Tensor:
        """Return the picture as a torch tensor (C, H, W), float32 in [0, 1]; C is 4 with alpha."""
        import torch

        return torch.from_numpy(self.to_array(np.float32)).permute(2, 0, 1).contiguous()

    def to_pil(self) -> Image.Image:
        """Return the picture as a Pillow image of mode RGB or RGBA, 8 bits."""
        return Image.fromarray(self.to_array(np.uint8))

    def on_white(self) -> Picture:
        """Return the picture without alpha, laid on white."""
        if self.alpha is None:
            return self
        cover = self.alpha[..., None]
        pixels = self.pixels * cover
        pixels += 1 - cover
        return replace(self, pixels=pixels, alpha=None)

    def filled(self) -> Picture:
        """Return the picture without alpha, its visible colors continued where it was transparent.

        The result depends on the visible colors alone; if there are none it is mid gray.
        """
        if self.alpha is None:
            return replace(self)
        return replace(self, pixels=inpaint_alpha(self.pixels, self.alpha), alpha=None)

    def resized(self, longest: int | tuple[int, int]) -> Picture:
        """Return the picture in another size, with the same name, depth, EXIF and recipe.

        Lanczos with antialiasing, in floats.

        Args:
            longest: The longer side in pixels, or width and height.

        Raises:
            ImageError: A side would be shorter than one pixel.
        """
        size = fitted_size(self.size, longest) if isinstance(longest, int) else longest
        if min(size) < 1:
            raise ImageError(f"a picture cannot be {size[0]} x {size[1]} pixels: ask for 1 or more")
        if size == self.size:
            return replace(self)
        pixels, alpha = resize(self.pixels, self.alpha, size)
        return replace(self, pixels=pixels, alpha=alpha)

    def encode(self, format: str | Path, bits: int | None = None) -> bytes:
        """Return the picture as the bytes of a file, for pipes and web pages.

        JPEG and BMP have no alpha; the picture is laid on white for them.

        Args:
            format: A format, a suffix or a path: "png", ".jpg", "out.tiff" ...
            bits: 8 or 16; the default is the picture's own depth where the format has it.

        Returns:
            The file; the same picture always gives the same bytes.

        Raises:
            ImageError: The format is unknown or does not hold that depth or size.
        """
        kind = format_of(format)
        if bits is None:
            bits = self.bits if kind in WITH_16_BITS else 8
        _check_depth(kind, bits)
        shown = self.on_white() if kind in OPAQUE else self
        samples = shown.to_array(np.uint8 if bits == 8 else np.uint16)
        return encode(samples, kind, self.exif, self.recipe)

    def save(
        self,
        path: str | Path,
        *,
        bits: int | None = None,
        overwrite: bool = False,
        protect: Sequence[str | Path] = (),
    ) -> Path:
        """Write the picture to a file, whole or not at all; the suffix decides the format.

        Args:
            path: Where to. Unless `overwrite`, an existing file is kept and the picture goes to
                the next free number: photo.png, photo-2.png, photo-3.png ...
            bits: 8 or 16; the default is the picture's own depth where the format has it.
            overwrite: Whether an existing file is replaced.
            protect: Files that are never replaced, by whatever name they go: the inputs.

        Returns:
            The path that was written.

        Raises:
            ImageError: The format is unknown or does not hold that depth or size, the file
                cannot be written, or is one of `protect`.
        """
        path = Path(path)
        refuse_inputs(path, protect)
        return write_atomically(path, self.encode(path, bits), overwrite)

    @staticmethod
    def check_saving(path: str | Path, bits: int = 8, longest: int = 0) -> None:
        """Raise at once the `ImageError` that `save` would end with, of this longest side."""
        kind = format_of(Path(path))
        _check_depth(kind, bits)
        most = MOST_SIDE.get(kind, longest)
        if longest > most:
            raise ImageError(
                f"{kind} holds {most} pixels a side, not {longest}: save as PNG, or make it smaller"
            )
        check_writable(path)

    def show(self) -> None:
        """Show the picture in a window of the system's viewer."""
        self.to_pil().show()

    def _repr_png_(self) -> bytes:
        preview = self.resized(_PREVIEW) if max(self.size) > _PREVIEW else self
        return replace(preview, exif=None, recipe=None).encode("png", bits=8)


def _check_bits(bits: int) -> None:
    if bits not in (8, 16):
        raise ImageError(f"a picture has 8 or 16 bits, not {bits}")


def _check_depth(kind: str, bits: int) -> None:
    _check_bits(bits)
    if bits == 16 and kind not in WITH_16_BITS:
        able = " or ".join(WITH_16_BITS)
        raise ImageError(f"{kind} has no 16 bits: save as {able}, or with bits=8")
