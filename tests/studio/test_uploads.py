"""Nothing that is uploaded is trusted."""

import shutil
import struct
import threading
import time
import zlib
from base64 import b64encode
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio.data_classes import FileData, ImageData, ListFiles
from PIL import Image

from impasto.errors import ImageError
from impasto.images import Picture, open_picture, save_animation
from impasto.studio import uploads as module
from impasto.studio.pictures import camera_input, camera_output, file_input
from impasto.studio.uploads import Uploads, extent_of


def bomb(width: int, height: int, *, deep: bool = False) -> bytes:
    """A small PNG that says it has many pixels, of 16 bits and with alpha if it is deep."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, *((16, 6) if deep else (8, 2)), 0, 0, 0)
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
        (bomb(8_000, 7_000, deep=True), "448 MB of samples are too many"),
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


@pytest.mark.parametrize(
    ("dtype", "channels", "size"),
    [(np.uint8, 3, 3), (np.uint16, 4, 8), (np.float64, 1, 8)],
)
def test_how_much_a_picture_is(tmp_path: Path, dtype: type, channels: int, size: int) -> None:
    import tifffile

    path = tmp_path / "picture.tif"
    tifffile.imwrite(path, np.zeros((20, 30, channels), dtype), compression="deflate")
    assert extent_of(path) == (30, 20, 600 * size)


def test_an_upload_is_checked_once(
    uploads: Uploads, tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = counted(monkeypatch)
    path = Path(shutil.copy(picture, tmp_path / "picture.jpg"))
    for _ in range(3):
        uploads.picture(path)
    assert len(opened) == 1
    path.write_bytes(bomb(4, 4))
    with pytest.raises(ImageError, match="too few"):
        uploads.picture(path)


def test_uploads_are_checked_one_at_a_time(
    uploads: Uploads, tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = counted(monkeypatch)
    paths = [Path(shutil.copy(picture, tmp_path / f"{n}.jpg")) for n in range(4)]
    threads = [threading.Thread(target=uploads.picture, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert opened == [1] * 4


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with each picture that is opened, by how many are at that time."""
    inside: list[Path] = []
    seen: list[int] = []

    def opening(path: Path, max_size: int) -> Picture:
        inside.append(path)
        time.sleep(0.02)
        seen.append(len(inside))
        inside.remove(path)
        return open_picture(path, max_size=max_size)

    monkeypatch.setattr(module, "open_picture", opening)
    return seen


def test_a_playlist_shows_no_file_of_the_machine(tmp_path: Path) -> None:
    frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)]
    secret = save_animation(frames, tmp_path / "secret.mp4", fps=5)
    folder = tmp_path / "uploads"
    folder.mkdir()
    lists = {
        "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n",
        "list.mp4": "ffconcat version 1.0\nfile {}\n",
    }
    uploads = Uploads(1, folder)
    for name, content in lists.items():
        path = folder / name
        path.write_text(content.format(secret))
        with pytest.raises(ImageError, match="a kind that is not taken: give MP4") as caught:
            uploads.clip(path)
        assert str(tmp_path) not in str(caught.value)
        assert not path.exists()
    for name in ("clip.mp4", "clip.gif"):
        path = save_animation(frames, folder / name, fps=5)
        assert uploads.clip(path) == path


def test_files_that_are_given_leave_nothing_beside_them(tmp_path: Path, picture: Path) -> None:
    one = FileData(path=str(picture))
    for several in (False, True):
        files = file_input(file_count="multiple" if several else "single")
        files.GRADIO_CACHE = str(tmp_path)
        given = files.preprocess(ListFiles(root=[one, one]) if several else one)
        assert given == ([str(picture)] * 2 if several else str(picture))
        assert files.preprocess(None) is None
    assert list(tmp_path.iterdir()) == []


def test_painted_frames_of_a_camera_are_in_no_file(tmp_path: Path) -> None:
    shown = camera_output()
    shown.GRADIO_CACHE = str(tmp_path)
    data = shown.postprocess(np.full((32, 48, 3), 90, np.uint8))
    assert isinstance(data, ImageData)
    frame = camera_frame(url=str(data.url))
    assert isinstance(frame, np.ndarray)
    assert np.abs(frame.astype(int) - 90).max() < 3
    assert shown.postprocess(None) is None
    assert list(tmp_path.iterdir()) == []
