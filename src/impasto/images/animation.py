"""Animations: how a picture came to be, as GIF, WebP or MP4."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImageError, MissingExtraError
from impasto.files import check_writable, refuse_inputs, write_atomically
from impasto.images.reading import suppress_warnings
from impasto.images.recipe import animation_metadata, recipe_json

_HOLD = 1500
"""Milliseconds that the last frame stays: it is the result."""
_GIF_TICK = 10
_BT709 = 1
Recipe: TypeAlias = "Mapping[str, object] | None"


def save_animation(
    frames: Sequence[NDArray[np.uint8]],
    path: str | Path,
    *,
    fps: float = 12,
    recipe: Recipe = None,
    overwrite: bool = False,
    protect: Sequence[str | Path] = (),
) -> Path:
    """Write frames as an animation that holds its last frame for about 1.5 seconds.

    GIF and WebP repeat forever; an MP4 of odd width or height repeats its last column or row.

    Args:
        frames: At least one array (H, W, 3), uint8, all of one size.
        path: Where to: .gif, .webp or .mp4 (which needs the extra "video").
        fps: Frames per second, up to 100; GIF shows at most 50.
        recipe: How the last frame was made, to be kept in the file.
        overwrite: Whether an existing file is replaced, instead of writing to a numbered one.
        protect: Files that are never replaced: the inputs.

    Returns:
        The path that was written.

    Raises:
        ImageError: The suffix is wrong or the file cannot be written.
        MissingExtraError: An .mp4 is wanted and PyAV is not installed.
    """
    path = Path(path)
    check_animation(path)
    refuse_inputs(path, protect)
    images = [Image.fromarray(frame) for frame in frames]
    write = partial(_WRITERS[path.suffix.lower()], images, fps, recipe)
    with suppress_warnings():
        return write_atomically(path, write, overwrite)


def check_animation(path: str | Path) -> None:
    """Raise at once what `save_animation` would raise after all the work.

    Raises:
        ImageError: The suffix is not that of an animation, or the file cannot be written.
        MissingExtraError: An .mp4 is wanted and PyAV is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise ImageError(f"cannot write {path}: end the name with one of {', '.join(_WRITERS)}")
    if suffix == ".mp4" and importlib.util.find_spec("av") is None:
        raise MissingExtraError("An .mp4 animation", "video")
    check_writable(path)


def _durations(count: int, fps: float, tick: int, shortest: int) -> list[int]:
    """Return milliseconds of each frame in whole ticks; their sum does not drift from `fps`."""
    ends = [round(index * 1000 / fps / tick) * tick for index in range(count + 1)]
    durations = [max(shortest, end - start) for start, end in pairwise(ends)]
    durations[-1] = max(_HOLD, durations[-1])
    return durations


def _write_gif(images: list[Image.Image], fps: float, recipe: Recipe, path: Path) -> None:
    # A palette of its own for every frame: the first ones are a photo, the last a painting.
    frames = [
        image.quantize(palette=image.quantize(256, Image.Quantize.MEDIANCUT)) for image in images
    ]
    # Browsers slow down anything faster than 20 ms.
    durations = _durations(len(frames), fps, _GIF_TICK, 2 * _GIF_TICK)
    _write_frames(frames, path, "GIF", recipe, duration=durations, optimize=False, disposal=1)


def _write_webp(images: list[Image.Image], fps: float, recipe: Recipe, path: Path) -> None:
    durations = _durations(len(images), fps, 1, 1)
    _write_frames(images, path, "WEBP", recipe, duration=durations, quality=85, method=4)


def _write_frames(
    images: list[Image.Image], path: Path, kind: str, recipe: Recipe, **options: object
) -> None:
    options |= animation_metadata(kind, recipe)
    file = io.BytesIO()
    try:
        images[0].save(file, kind, save_all=True, append_images=images[1:], loop=0, **options)
    except (OSError, ValueError) as error:
        raise ImageError(f"{kind} cannot hold these frames ({error}): make them smaller") from error
    path.write_bytes(file.getvalue())


def _write_mp4(images: list[Image.Image], fps: float, recipe: Recipe, path: Path) -> None:
    import av

    held = max(0, round(fps * _HOLD / 1000) - 1)
    options = {"movflags": "faststart", "fflags": "bitexact"}
    with av.open(str(path), "w", "mp4", options) as container:
        if recipe is not None:
            container.metadata["comment"] = recipe_json(recipe)
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height = (side + side % 2 for side in images[0].size)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18"}
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = 1
        margins = ((0, images[0].height % 2), (0, images[0].width % 2), (0, 0))
        for image in [*images, *images[-1:] * held]:
            even = np.pad(np.asarray(image), margins, mode="edge")
            frame = av.VideoFrame.from_ndarray(even, format="rgb24")
            # Players take unmarked video for BT.709, while the converter's default is BT.601.
            frame = frame.reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


_WRITERS = {".gif": _write_gif, ".webp": _write_webp, ".mp4": _write_mp4}
