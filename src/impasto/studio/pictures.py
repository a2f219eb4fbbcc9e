"""Pictures as the page shows and gives them."""

from __future__ import annotations

import base64
import hashlib
import secrets
import shutil
import threading
import time
import zipfile
from collections import deque
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import ImageData
from numpy.typing import NDArray
from PIL import Image

from impasto.images import Picture, open_picture
from impasto.images.decoding import open_image
from impasto.images.formats import sniff
from impasto.images.reading import suppress_warnings

#: Longest side of what is shown while it is painted.
PREVIEW = 768
#: Longest side of what is shown in a gallery.
THUMBNAIL = 224
#: Previews that lie about at once.
_MOST_PREVIEWS = 64
#: Pixels of a camera's frame.
_MOST_FRAME = 16_000_000
_EXAMPLES = ("coffee", "astronaut", "chelsea", "rocket")


def zipped(paths: Sequence[Path], target: Path) -> Path:
    """Put files into one .zip file, and return that."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as file:
        for path in paths:
            file.write(path, path.name)
    return target


def picture_input(**options: Any) -> gr.Image:  # noqa: ANN401
    """Lay out a control for a picture that is handed on as the file that it is, whatever it is.

    Gradio would open it first, and answer what cannot be opened with a message of its own.
    """
    image = gr.Image(type="filepath", image_mode=None, **options)
    image.preprocess = _path_of  # type: ignore[method-assign]
    return image


def _path_of(payload: Any) -> str | None:  # noqa: ANN401
    return None if payload is None else payload.path


def file_input(**options: Any) -> gr.File:  # noqa: ANN401
    """Lay out a control for files, whose paths are handed on.

    Gradio would make an empty file beside each one, which nobody deletes.
    """
    files = gr.File(type="filepath", **options)
    files.preprocess = _paths_of if files.file_count == "multiple" else _path_of  # type: ignore[method-assign]
    return files


def _paths_of(payload: Any) -> list[str] | None:  # noqa: ANN401
    return None if payload is None else [each.path for each in payload]


def camera_input(**options: Any) -> gr.Image:  # noqa: ANN401
    """Lay out a control for a camera's frames, none of which is larger than cameras make them."""
    image = gr.Image(sources=["webcam"], streaming=True, type="numpy", **options)
    image.preprocess = _frame_of  # type: ignore[method-assign]
    return image


def _frame_of(payload: Any) -> NDArray[np.uint8] | None:  # noqa: ANN401
    if payload is None:
        return None
    _, inline, data = (payload.url or "").partition(";base64,")
    try:
        content = base64.b64decode(data) if inline else Path(payload.path).read_bytes()
        with suppress_warnings(), open_image(content, str(sniff(content))) as image:
            if image.width * image.height <= _MOST_FRAME:
                return np.asarray(image.convert("RGB"))
    except Exception as error:  # whatever a decoder says of what is not a picture
        raise gr.Error("This frame cannot be read", print_exception=False) from error
    raise gr.Error("This frame is too large", print_exception=False)


def camera_output(**options: Any) -> gr.Image:  # noqa: ANN401
    """Lay out a control that shows painted frames, which are in no file: Gradio would keep each."""
    image = gr.Image(type="numpy", interactive=False, **options)
    image.postprocess = _inline  # type: ignore[assignment]
    return image


def _inline(frame: NDArray[np.uint8] | None) -> ImageData | None:
    if frame is None:
        return None
    return ImageData(url=inline_jpeg(frame))


def inline_jpeg(pixels: NDArray[np.uint8]) -> str:
    """Return a picture as an address that holds it."""
    data = BytesIO()
    Image.fromarray(pixels).save(data, "jpeg", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"


class Shelf:
    """A folder for pictures that the page shows; results lie there for `lasting` seconds."""

    def __init__(self, folder: Path, lasting: float) -> None:
        self.folder, self._lasting = folder, lasting
        self._previews: deque[Path] = deque()
        self._results: deque[tuple[float, Path]] = deque()
        self._lock = threading.Lock()
        self._opening = threading.Lock()

    def preview(self, picture: Picture) -> str:
        """Save a small copy for a look, and return its path."""
        small = picture.resized(min(PREVIEW, max(picture.size))).on_white()
        made = self._made()
        with self._lock:
            self._previews.append(made)
            gone = self._previews.popleft() if len(self._previews) > _MOST_PREVIEWS else None
        if gone:
            shutil.rmtree(gone, ignore_errors=True)
        return str(small.save(made / "preview.jpg"))

    def saved(self, picture: Picture, name: str) -> str:
        """Save a picture under a name, and return its path."""
        return str(picture.save(self.place() / name))

    def copied(self, source: Path) -> str:
        """Copy a file, and return the copy's path."""
        return str(shutil.copy(source, self.place()))

    def small(self, source: Path) -> str:
        """Return the path of a small copy of a picture."""
        picture = self.opened(source, PREVIEW)
        return self.saved(picture.resized(min(PREVIEW, max(picture.size))), "small.jpg")

    def thumbnail(self, source: Path) -> str:
        """Return the path of a thumbnail, which is made once."""
        told = f"{source}{source.stat().st_mtime_ns}"
        path = self.folder / "thumbnails" / f"{hashlib.sha256(told.encode()).hexdigest()}.jpg"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            picture = self.opened(source, 2 * THUMBNAIL)
            picture.resized(min(THUMBNAIL, max(picture.size))).save(path, overwrite=True)
        return str(path)

    def opened(self, source: Path, size: int) -> Picture:
        """Open a picture, not much larger than a size, without transparency."""
        with self._opening:  # large ones take memory
            return open_picture(source, max_size=size).on_white()

    def examples(self) -> list[str]:
        """Return photographs to begin with."""
        import skimage.data

        paths = []
        for name in _EXAMPLES:
            path = self.folder / f"{name}.jpg"
            if not path.is_file():
                open_picture(getattr(skimage.data, name)()).save(path)
            paths.append(str(path))
        return paths

    def place(self) -> Path:
        """Return a new folder for something to show; those of long ago go."""
        made, now = self._made(), time.monotonic()
        with self._lock:
            self._results.append((now, made))
            while now - self._results[0][0] > self._lasting:
                shutil.rmtree(self._results.popleft()[1], ignore_errors=True)
        return made

    def _made(self) -> Path:
        made = self.folder / secrets.token_hex(8)
        made.mkdir()
        return made
