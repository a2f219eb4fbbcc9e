"""Animations: how a picture came to be, as GIF, WebP, APNG or MP4."""

import importlib.util
import io
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImageError, MissingExtraError
from impasto.files import check_writable, refuse_inputs, write_atomically
from impasto.images.opening import open_picture
from impasto.images.picture import Picture
from impasto.images.reading import suppress_warnings
from impasto.images.recipe import Recipe, animation_metadata, recipe_json

_HOLD = 1500  # milliseconds that the last frame stays: it is the result
_GIF = 10, 20
"""Milliseconds in which a GIF counts, and its shortest frame: browsers show shorter ones longer."""
_OTHERS = 1, 11  # the same of WebP and APNG
_SEEN = 128  # the least alpha, of 255, of what a GIF shows
_GIF_COLORS = 255  # colors of a transparent GIF, and the number of the one that is not seen
_BT709 = 1
_SUFFIXES = (".gif", ".webp", ".mp4", ".apng")
_OPTIONS: Mapping[str, Mapping[str, object]] = {
    "gif": {"optimize": False},
    "webp": {"quality": 85, "method": 4},
}


def save_animation(
    frames: Iterable[Picture | NDArray[np.uint8]],
    path: str | Path,
    *,
    fps: float = 12,
    recipe: Recipe = None,
    overwrite: bool = False,
    protect: Sequence[str | Path] = (),
) -> Path:
    """Write an animation that holds its last frame for about 1.5 seconds, and return its path.

    The suffix is .gif, .webp, .apng or .mp4, which needs the extra "video". GIF, WebP and APNG
    repeat forever and keep transparency (GIF: all or nothing). Frames, pictures or uint8 arrays
    (H, W, 3) or (H, W, 4), of other sizes are scaled to that of the last one; for an MP4
    transparent ones are laid on white, and one of odd width or height repeats its last column or
    row. `fps` is above 0 and up to 100; GIF shows at most 50 frames a second, WebP and APNG 90:
    above that frames are left out. The recipe of the last one is kept. An existing file is replaced
    to `overwrite`, else a numbered one is written; those to `protect`, the inputs, never are. What
    cannot be written is an `ImageError`.
    """
    path = Path(path)
    check_animation(path)
    if not 0 < fps <= 100:
        raise ImageError(f"fps is {fps}: choose more than 0 and at most 100")
    refuse_inputs(path, protect)
    kind = path.suffix.lower().removeprefix(".")
    pictures = (open_picture(frame) for frame in frames)
    images = [(each.on_white() if kind == "mp4" else each).to_pil() for each in pictures]
    if not images:
        raise ImageError(f"cannot write {path}: an animation needs at least one frame")
    size = images[-1].size
    images = [image.resize(size, Image.Resampling.LANCZOS) for image in images]
    write = _write_mp4 if kind == "mp4" else partial(_write, kind=kind)
    with suppress_warnings():
        return write_atomically(path, partial(write, images, fps, recipe), overwrite)


def check_animation(path: str | Path) -> None:
    """Raise at once what `save_animation` would raise after all the work."""
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise ImageError(f"cannot write {path}: end the name with one of {', '.join(_SUFFIXES)}")
    if suffix == ".mp4" and importlib.util.find_spec("av") is None:
        raise MissingExtraError("An .mp4 animation", "video")
    check_writable(path)


def schedule(ends: Sequence[float | Fraction], kind: str) -> list[tuple[int, int]]:
    """Return which frames an animation shows, and for how many milliseconds each.

    No frame is shorter than what browsers show as it is said; where frames come faster some are
    left out, so that the length stays. `ends` are milliseconds from the beginning.
    """
    tick, shortest = _GIF if kind == "gif" else _OTHERS
    rounded = [round(end / tick) * tick for end in ends]
    shown: list[tuple[int, int]] = []
    for number, start in enumerate([0, *rounded[:-1]]):
        start = max(start, shown[-1][1] + shortest) if shown else 0
        if not shown or (start < ends[number] and start + shortest <= rounded[-1]):
            shown.append((number, start))
    stops = [*(start for _, start in shown[1:]), max(rounded[-1], shown[-1][1] + shortest)]
    return [(number, stop - start) for (number, start), stop in zip(shown, stops, strict=True)]


def write_frames(
    path: Path,
    kind: str,
    frame: Callable[[int], Image.Image],
    ends: Sequence[float | Fraction],
    recipe: Recipe,
    *,
    transparent: bool = False,
    **options: object,
) -> None:
    """Write images as a GIF, WebP or APNG (`kind`), with their recipe and `options` of Pillow.

    `frame` gives one by its number, RGB, or RGBA if they are transparent; one at a time where the
    format allows it. `ends` says when each ends, in milliseconds from the beginning. What the
    format cannot hold is an `ImageError`.
    """
    plan = schedule(ends, kind)
    images = (frame(number) for number, _ in plan)
    options |= animation_metadata(kind, recipe)
    options["duration"] = [duration for _, duration in plan]
    if kind == "gif":
        # Each frame takes the place of the one before, which would be seen through it.
        options["disposal"] = 2 if transparent else 1
        images = (_cut_out(image) for image in images) if transparent else images
    if kind == "webp" and transparent:
        options["kmax"] = 1  # whole frames: libwebp loses the alpha of some that only change one
    if kind == "apng":
        options["blend"] = 0
    file = io.BytesIO()
    try:
        first = next(images)
        rest = [*images] if kind == "apng" else images  # which Pillow goes through twice
        pillows = "PNG" if kind == "apng" else kind
        first.save(file, pillows, save_all=True, append_images=rest, **options)
    except (OSError, ValueError, struct.error) as error:
        raise ImageError(f"{kind.upper()} cannot hold this ({error}): make it smaller") from error
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


def _write(images: list[Image.Image], fps: float, recipe: Recipe, path: Path, kind: str) -> None:
    """Write images that are shown again and again, the last one longer than others."""
    ends = [index * 1000 / fps for index in range(1, len(images) + 1)]
    ends[-1] = max(ends[-1], (len(images) - 1) * 1000 / fps + _HOLD)
    transparent = any(image.mode == "RGBA" for image in images)

    def frame(number: int) -> Image.Image:
        image = images[number].convert("RGBA" if transparent else "RGB")
        return _paletted(image, 256) if kind == "gif" and not transparent else image

    options = {"loop": 0, **_OPTIONS.get(kind, {})}
    write_frames(path, kind, frame, ends, recipe, transparent=transparent, **options)


def _write_mp4(images: list[Image.Image], fps: float, recipe: Recipe, path: Path) -> None:
    import av

    held = max(0, round(fps * _HOLD / 1000) - 1)
    width, height = images[0].size
    odd = (0, height % 2), (0, width % 2), (0, 0)
    options = {"movflags": "faststart", "fflags": "bitexact"}
    with av.open(str(path), "w", "mp4", options) as container:
        if recipe is not None:
            container.metadata["comment"] = recipe_json(recipe)
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18"}
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = 1
        for image in [*images, *images[-1:] * held]:
            even = np.pad(np.asarray(image), odd, mode="edge")
            made = av.VideoFrame.from_ndarray(even, format="rgb24")
            # Players take unmarked video for BT.709; the converter's default is BT.601.
            made = made.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))
