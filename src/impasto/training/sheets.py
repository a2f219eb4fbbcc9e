"""Pictures side by side."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from impasto.files import replacing

_SIDE = 320


def sheet(rows: Sequence[Sequence[Tensor]]) -> Image.Image:
    """Return rows of pictures (1, 3, H, W) as one.

    Args:
        rows: As many in each.
    """
    images = [[_image(each) for each in row] for row in rows]
    height = max(image.height for row in images for image in row)
    whole = Image.new("RGB", (_SIDE * len(rows[0]), height * len(rows)), "white")
    for down, row in enumerate(images):
        for across, image in enumerate(row):
            whole.paste(image, (_SIDE * across, height * down))
    return whole


def save_sheet(rows: Sequence[Sequence[Tensor]], path: Path) -> None:
    """Write rows of pictures (1, 3, H, W) as one JPEG file.

    Raises:
        OSError: It cannot be written.
    """
    with replacing(path) as part:
        sheet(rows).save(part, "JPEG", quality=90)


def _image(picture: Tensor) -> Image.Image:
    pixels = picture[0].permute(1, 2, 0).cpu().numpy()
    image = Image.fromarray((pixels * 255).round().astype(np.uint8))
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return image
