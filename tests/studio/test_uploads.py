"""Nothing that is uploaded is trusted."""

import struct
import zlib
from base64 import b64encode
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio.data_classes import ImageData
from PIL import Image

from impasto.errors import ImageError
from impasto.studio.pictures import camera_input
from impasto.studio.uploads import Uploads


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it has many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(1, tmp_path)


def test_a_picture_is_taken(uploads: Uploads, picture: Path) -> None:
    assert uploads.picture(picture) == picture


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be used"),
        (b"just text", "cannot be used"),
        (b"<html></html>", "cannot be used"),
        (bomb(50_000, 50_000), "too many"),
        (bomb(4, 4), "too few"),
        (bytes(2_000_000), "2 MB are too much"),
    ],
)
def test_what_will_not_do_is_told_and_gone(
    uploads: Uploads, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=message) as caught:
        uploads.picture(path)
    assert not path.exists()
    assert str(tmp_path) not in str(caught.value)


def test_files_that_are_no_uploads_are_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "own.png"
    path.write_bytes(bytes(2_000_000))
    with pytest.raises(ImageError, match="too much"):
        Uploads(1, tmp_path / "uploads").picture(path, "style")
    assert path.exists()


def camera_frame(**parts: str) -> object:
    camera = camera_input()
    return camera.preprocess(ImageData(**parts))  # type: ignore[arg-type]


def test_frames_of_a_camera(tmp_path: Path, picture: Path) -> None:
    inline = f"data:image/jpeg;base64,{b64encode(picture.read_bytes()).decode()}"
    for frame in (camera_frame(path=str(picture)), camera_frame(url=inline)):
        assert isinstance(frame, np.ndarray)
        assert frame.shape == (128, 128, 3)
    bad = tmp_path / "frame.png"
    for content, message in ((bomb(9000, 9000), "too large"), (b"none", "cannot be read")):
        bad.write_bytes(content)
        with pytest.raises(gr.Error, match=message):
            camera_frame(path=str(bad))
    with pytest.raises(gr.Error, match="cannot be read"):
        camera_frame(url="data:image/png;base64,!")


def test_what_is_not_there(uploads: Uploads, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="choose a content picture"):
        uploads.picture(None)
    with pytest.raises(ImageError, match="choose a style picture"):
        uploads.picture("", "style")
    with pytest.raises(ImageError, match="choose it again"):
        uploads.picture(tmp_path / "gone.png")
    with pytest.raises(ImageError, match="choose a video"):
        uploads.clip(None)


def test_a_video_that_is_none(uploads: Uploads, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a video at all" * 10)
    with pytest.raises(ImageError):
        uploads.clip(path)
    assert not path.exists()


def test_huge_pictures_are_told_before_they_are_decoded(uploads: Uploads, tmp_path: Path) -> None:
    path = tmp_path / "large.gif"
    Image.new("L", (20_000, 16)).save(path)
    assert uploads.picture(path) == path
