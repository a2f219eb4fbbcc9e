"""Animations: how a picture came to be, as GIF, WebP, APNG or MP4."""

from __future__ import annotations

import importlib.util
import io
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImageError, MissingExtraError
from impasto.files import check_writable, refuse_inputs, write_atomically
from impasto.images.opening import open_picture
from impasto.images.picture import Picture
from impasto.images.reading import suppress_warnings
from impasto.images.recipe import animation_metadata, recipe_json

if TYPE_CHECKING:
    from av import VideoFrame

_HOLD = 1500
"""Milliseconds that the last frame stays: it is the result."""
_GIF = 10, 20
"""Milliseconds in which a GIF counts, and its shortest frame: browsers show shorter ones longer."""
_OTHERS = 1, 11
"""The same of WebP and APNG."""
_SEEN = 128
"""The least alpha, of 255, of what a GIF shows."""
_GIF_COLORS = 255
"""Colors of a transparent GIF, and the number of the one that is not seen."""
_BT709 = 1
Recipe: TypeAlias = "Mapping[str, object] | None"


def save_animation(
    frames: Iterable[Picture | NDArray[np.uint8]],
    path: str | Path,
    *,
    fps: float = 12,
    recipe: Recipe = None,
    overwrite: bool = False,
    protect: Sequence[str | Path] = (),
) -> Path:
    """Write frames as an animation that holds its last frame for about 1.5 seconds.

    GIF, WebP and APNG repeat forever and keep transparency (GIF: all or nothing). Frames of other
    sizes are scaled to that of the last one; for an MP4 transparent ones are laid on white, and
    one of odd width or height repeats its last column or row.

    Args:
        frames: Pictures, or uint8 arrays (H, W, 3) or (H, W, 4).
        path: Where to: .gif, .webp, .apng or .mp4 (which needs the extra "video").
        fps: Frames per second, above 0 and up to 100; GIF shows at most 50, WebP and APNG 90:
            above that frames are left out.
        recipe: How the last frame was made, to be kept in the file.
        overwrite: Whether an existing file is replaced, instead of writing to a numbered one.
        protect: Files that are never replaced: the inputs.

    Returns:
        The path that was written.

    Raises:
        ImageError: There are no frames, the suffix or `fps` is wrong or the file cannot be written.
        MissingExtraError: An .mp4 is wanted and PyAV is not installed.
    """
    path = Path(path)
    check_animation(path)
    if not 0 < fps <= 100:
        raise ImageError(f"fps is {fps}: choose more than 0 and at most 100")
    refuse_inputs(path, protect)
    opaque = path.suffix.lower() == ".mp4"
    pictures = (open_picture(frame) for frame in frames)
    images = [(each.on_white() if opaque else each).to_pil() for each in pictures]
    if not images:
        raise ImageError(f"cannot write {path}: an animation needs at least one frame")
    size = images[-1].size
    images = [
        image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
        for image in images
    ]
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


def schedule(ends: Sequence[float | Fraction], kind: str) -> list[tuple[int, int]]:
    """Return which frames an animation shows, and for how many milliseconds each.

    No frame is shorter than what browsers show as it is said; where frames come faster some are
    left out, so that the length stays.

    Args:
        ends: When each frame ends, in milliseconds from the beginning.
        kind: `gif`, or another kind, in any case.
    """
    tick, shortest = _GIF if kind.lower() == "gif" else _OTHERS
    rounded = [round(end / tick) * tick for end in ends]
    shown: list[tuple[int, int]] = []
    for number, start in enumerate([0, *rounded[:-1]]):
        start = max(start, shown[-1][1] + shortest) if shown else 0
        if not shown or (start < ends[number] and start + shortest <= rounded[-1]):
            shown.append((number, start))
    stops = [*(start for _, start in shown[1:]), max(rounded[-1], shown[-1][1] + shortest)]
    return [(number, stop - start) for (number, start), stop in zip(shown, stops, strict=True)]


def write_frames(
    images: Iterable[Image.Image],
    path: Path,
    kind: str,
    recipe: Recipe,
    *,
    transparent: bool = False,
    **options: object,
) -> None:
    """Write images, all RGB or all RGBA, as a GIF, WebP or APNG.

    Args:
        images: The frames, one at a time where the format allows it.
        path: Where to.
        kind: `gif`, `webp` or `apng`, in any case.
        recipe: How they were made.
        transparent: Whether they are RGBA.
        **options: Of Pillow: `duration`, `loop` …

    Raises:
        ImageError: The format cannot hold them.
    """
    options |= animation_metadata(kind, recipe)
    if kind.lower() == "gif":
        # Each frame takes the place of the one before, which would be seen through it.
        options["disposal"] = 2 if transparent else 1
        images = map(_cut_out, images) if transparent else images
    if kind.lower() == "webp" and transparent:
        options["kmax"] = 1  # whole frames: libwebp loses the alpha of some that only change one
    frames, file = iter(images), io.BytesIO()
    if kind.lower() == "apng":
        kind, options["blend"] = "PNG", 0
    try:
        first = next(frames)
        rest = [*frames] if kind == "PNG" else frames  # which Pillow goes through twice
        first.save(file, kind, save_all=True, append_images=rest, **options)
    except (OSError, ValueError, struct.error) as error:
        raise ImageError(f"{kind} cannot hold these frames ({error}): make them smaller") from error
    path.write_bytes(file.getvalue())


def _cut_out(image: Image.Image) -> Image.Image:
    """Return an RGBA image with 255 colors and one that is transparent, as a GIF has it."""
    colors = _paletted(image.convert("RGB"), _GIF_COLORS)
    colors.paste(_GIF_COLORS, mask=image.getchannel("A").point(lambda alpha: 255 * (alpha < _SEEN)))
    colors.info["transparency"] = _GIF_COLORS
    return colors


def _paletted(image: Image.Image, colors: int) -> Image.Image:
    # A palette of its own for every frame: the first ones are a photo, the last a painting.
    return image.quantize(palette=image.quantize(colors, Image.Quantize.MEDIANCUT))


def _write_frames(
    images: list[Image.Image], fps: float, recipe: Recipe, path: Path, kind: str = "", **how: object
) -> None:
    shown = schedule(_ends(len(images), fps), kind)
    transparent = any(image.mode == "RGBA" for image in images)
    frames = [images[number].convert("RGBA" if transparent else "RGB") for number, _ in shown]
    if kind == "GIF" and not transparent:
        frames = [_paletted(image, 256) for image in frames]
    durations = [duration for _, duration in shown]
    options = {"duration": durations, "loop": 0, **how}
    write_frames(frames, path, kind, recipe, transparent=transparent, **options)


def _ends(count: int, fps: float) -> list[float]:
    """Return when each frame ends, in milliseconds; the last one stays for a while."""
    ends = [index * 1000 / fps for index in range(1, count + 1)]
    ends[-1] = max(ends[-1], (count - 1) * 1000 / fps + _HOLD)
    return ends


def _write_mp4(images: list[Image.Image], fps: float, recipe: Recipe, path: Path) -> None:
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("Writing an .mp4 file", "video") from error
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
        for image in [*images, *images[-1:] * held]:
            container.mux(stream.encode(_video_frame(image)))
        container.mux(stream.encode(None))


def _video_frame(image: Image.Image) -> VideoFrame:
    import av

    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = av.VideoFrame.from_ndarray(even, format="rgb24")
    # Players take unmarked video for BT.709, while the default of the converter is BT.601.
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


_WRITERS: Mapping[str, Callable[..., object]] = {
    ".gif": partial(_write_frames, kind="GIF", optimize=False),
    ".webp": partial(_write_frames, kind="WEBP", quality=85, method=4),
    ".mp4": _write_mp4,
    ".apng": partial(_write_frames, kind="APNG"),
}
