"""Valid pictures, clips and networks, small and of every format."""

import contextlib
import random
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def drawing(
    rng: random.Random, width: int = 40, height: int = 30, mode: str = "RGB"
) -> Image.Image:
    """Return a picture of random waves."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / rng.uniform(2, 9) + y / rng.uniform(2, 9)) for _ in range(3)]
    pixels = (np.stack(waves, -1) * 127 + 128).astype(np.uint8)
    return Image.fromarray(pixels).convert(mode)


PICTURES = {  # Pillow's name of the format, and modes that it keeps
    "png": ("PNG", ("RGB", "RGBA", "L", "P", "1", "I;16")),
    "jpg": ("JPEG", ("RGB", "L", "CMYK")),
    "webp": ("WEBP", ("RGB", "RGBA")),
    "gif": ("GIF", ("P", "L")),
    "bmp": ("BMP", ("RGB", "P")),
    "tif": ("TIFF", ("RGB", "L", "CMYK", "I;16")),
    "ppm": ("PPM", ("RGB", "L")),
    "heic": ("HEIF", ("RGB",)),
    "avif": ("AVIF", ("RGB",)),
    "ico": ("ICO", ("RGBA",)),
}


def picture_file(
    rng: random.Random, folder: Path, name: str, size: tuple[int, int] | None = None
) -> Path:
    """Write a picture of any format and mode; if no size is given, of any small one."""
    from impasto.images import formats  # noqa: F401 - HEIF becomes known to Pillow

    suffix = rng.choice(list(PICTURES))
    kind, modes = PICTURES[suffix]
    mode = rng.choice(modes)
    least = rng.choice((1, 24, 24, 24))
    width, height = size or (rng.randint(least, 60), rng.randint(least, 60))
    image = drawing(rng, width, height, "L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    path = folder / f"{name}.{suffix}"
    with contextlib.suppress(OSError, KeyError, ValueError):  # a Pillow without AVIF
        image.save(path, kind)
    if not path.is_file():
        path = path.with_suffix(".png")
        drawing(rng).save(path)
    return path


def clip_file(rng: random.Random, folder: Path) -> Path:
    """Write a clip of four frames, with a container and codec of many."""
    suffix, codec = rng.choice(
        (
            ("mp4", "mpeg4"),
            ("mkv", "ffv1"),
            ("avi", "mjpeg"),
            ("webm", "libvpx"),
            ("gif", ""),
            ("png", ""),
        )
    )
    path, frames = folder / f"clip.{suffix}", [drawing(rng, 48, 32) for _ in range(4)]
    if not codec:
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=40)
        return path
    import av

    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=25)
        stream.width, stream.height = 48, 32
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame), "rgb24")))
        container.mux(stream.encode())
    return path


@lru_cache
def network_bytes() -> bytes:
    """Return a network of two convolutions, as `--method` takes it."""
    import torch

    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.ReLU(), torch.nn.ConvTranspose2d(8, 3, 4, 2, 1)
    )
    picture = torch.zeros(1, 3, 32, 32)
    free = {"x": {2: "h", 3: "w"}}
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        warnings.simplefilter("ignore")
        torch.onnx.export(
            layers, (picture,), path, input_names=["x"], dynamic_axes=free, dynamo=False
        )
        return path.read_bytes()
