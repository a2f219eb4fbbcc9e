"""Label maps: masks, classes, instances and depth, which are copied and not painted.

Their names say what they may be, and their content whether they are: a folder `mask` may hold
photographs of people with masks, and a drawing may have as few colors as a map of classes.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.images.decoding import open_image
from impasto.images.formats import is_16bit_png
from impasto.images.reading import check_pixels, suppress_warnings

#: Suffixes of formats that keep numbers as they are.
LOSSLESS = (".png", ".tif", ".tiff", ".bmp", ".gif")
#: Those of JPEG, which holds photographs and no numbers.
JPEG = (".jpg", ".jpeg")
#: Within names of files and folders: `trainannot`, `SegmentationClass`, `stuffthingmaps`.
_WITHIN = re.compile(
    "mask|label|annot|segment|semantic|instance|panoptic|trimap|thingmap|pixelmap|groundtruth"
    "|depth|disparit"
)
#: Words of names: `gtFine`, `x_seg.png`, `disp_occ_0`, `Ground Truth`.
_WORDS = re.compile(
    "gts?|segs?|segm|semseg|annos?|truth|disp|mattes?|alpha|parsing|lbl|msk|manual|parts"
)
#: Those of maps whose values change little from pixel to pixel.
_SMOOTH = re.compile("depth|disparit|(^|[^a-z])disp([^a-z]|$)")
_CAMEL = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: Values that few enough pictures of nature have, and so many of a volume.
_FEW, _FEW_IN_VOLUMES = 64, 512
#: Part of neighbors that differ a little, from which on many values are a photograph.
_SHADED = 0.12
#: Correlation with the photograph beside, from which on a picture is the same without colors.
_COPY = 0.9
#: Largest number of a class in a map that no name tells; what is white there is unknown.
_CLASSES, _UNKNOWN = 31, 255


def may_be_map(path: str) -> bool:
    """Tell by its names whether a file may be a label map."""
    words = [*re.split(r"[\W\d_]+", path), *_CAMEL.findall(path)]
    return bool(_WITHIN.search(path.lower()) or any(_WORDS.fullmatch(w.lower()) for w in words))


def is_map(content: bytes, path: str, named: bool, beside: bytes | None = None) -> bool:
    """Tell by its content whether a picture is a label map; what cannot be read is none.

    `named` is whether its name says that it may be one. Without that, it is one if it is gray and
    has the numbers of a few classes only: nearly black, with nothing shaded. `beside` is a
    photograph of the same name, of which this may be the map without being called so.
    """
    try:
        with suppress_warnings(), open_image(content) as image:
            check_pixels(image.width * image.height, path)
            if beside is not None and not _may_belong(image, beside):
                return False
            if not named and beside is None and (image.mode != "L" or image.format == "JPEG"):
                return False
            deep = image.format == "PNG" and is_16bit_png(content)
            if deep or image.mode == "1" or image.mode[0] in "IF":  # other samples than 8 bits
                return True
            values = np.asarray(image) if image.mode == "P" else None
            shown = np.asarray(image.convert("RGB")).astype(np.int32)
            lossless = image.format in ("PNG", "TIFF", "BMP", "GIF")
    except Exception:  # that is told when it is painted
        return False
    gray = shown @ (3, 6, 1) // 10
    has_colors = bool(np.ptp(shown, axis=2).any())
    if not named and beside is None:
        found = np.unique(gray[gray != _UNKNOWN])
        return len(found) > 1 and int(found[-1]) <= _CLASSES and _shaded(gray) < _SHADED
    if not has_colors and (beside is not None or _SMOOTH.search(path.lower())):
        return True
    count = len(np.unique(shown @ (1, 256, 65536) if values is None else values))
    return _is_flat(gray, count) if lossless else _has_levels(gray)


def _may_belong(image: Image.Image, beside: bytes) -> bool:
    """Tell whether an image without colors, or with a palette, is no copy of a photograph."""
    if image.mode not in ("1", "L", "P") and image.mode[0] != "I":
        return False
    with open_image(beside) as photo:
        if photo.size != image.size or photo.mode == "L":
            return False
        photo.draft("L", (64, 64))
        small = [np.asarray(each.convert("F").resize((64, 64))) for each in (image, photo)]
    with np.errstate(all="ignore"):  # of one value
        return not abs(np.corrcoef(small[0].reshape(-1), small[1].reshape(-1))[0, 1]) > _COPY


def is_map_volume(values: NDArray[Any], named: bool) -> bool:
    """Tell whether an array is one of labels: whole numbers, and few of them."""
    most = _FEW_IN_VOLUMES if named else _FEW
    flat = values.reshape(-1)
    few = flat[:: max(1, flat.size >> 18)]  # to be quick about what is none
    if len(np.unique(few)) > most or not np.isfinite(few).all():
        return False
    found = np.unique(flat)
    return len(found) <= most and bool((found == np.round(found)).all())


def _steps(gray: NDArray[Any]) -> NDArray[Any]:
    """Return how much each pixel differs from the one beside it, and from the one below."""
    return np.concatenate([abs(np.diff(gray, axis=axis)).reshape(-1) for axis in (0, 1)])


def _shaded(gray: NDArray[Any]) -> float:
    steps = _steps(gray)
    return float(((steps > 0) & (steps <= 10)).mean()) if steps.size else 0.0


def _is_flat(gray: NDArray[Any], count: int) -> bool:
    """Tell whether a picture of so many values is neither shaded nor dithered."""
    if count > _FEW and _shaded(gray) >= _SHADED:
        return False
    high, wide = (side // 4 * 4 for side in gray.shape)
    if (_steps(gray) > 0).mean() <= 0.3 or not high or not wide:
        return True
    # Where many neighbors differ: the means of blocks show a photograph, and not of chance.
    blocks = gray[:high, :wide].reshape(high // 4, 4, wide // 4, 4).mean((1, 3))
    return bool(blocks.std() <= 0.5 * gray.std())


def _has_levels(gray: NDArray[Any]) -> bool:
    """Tell whether a picture has but a few levels, around which a JPEG has put noise."""
    counts = np.bincount(gray.reshape(-1), minlength=256)
    covered = 0
    for _ in range(4):
        level = int(counts.argmax())
        near = slice(max(0, level - 3), level + 4)
        covered += int(counts[near].sum())
        counts[near] = 0
    return covered >= 0.9 * gray.size and float((_steps(gray) <= 2).mean()) >= 0.8
