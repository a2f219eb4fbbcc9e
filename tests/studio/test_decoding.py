"""Nothing that is uploaded is trusted: it is decoded elsewhere, with limits."""

import random
import struct
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.studio.conftest import Client, opened

from impasto.errors import ImageError
from impasto.images import save_animation
from impasto.studio import processes
from impasto.studio.processes import decode


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


def refused(client: Client, name: str, content: bytes) -> str:
    """Upload something, and return what is said where it is refused, or nothing."""
    answer = client.post("/api/files", files={"file": (name, content)})
    if answer.status_code == 201:
        return ""
    assert answer.status_code == 400, answer.text
    said: str = answer.json()["error"]
    assert said.startswith("This file"), said
    return said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just text",
        b"<html><script>alert(1)</script></html>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n",
        b"#EXTM3U\n#EXTINF:5,\n/etc/passwd\n",
        bomb(50_000, 50_000),
        bomb(4, 4),
    ],
)
def test_what_cannot_be_used_is_told_and_gone(tmp_path: Path, content: bytes) -> None:
    with opened(tmp_path) as client:
        said = refused(client, "a.png", content)
        assert said
        assert str(tmp_path) not in said
        assert not [p for p in (tmp_path / "files").rglob("*") if p.is_file()]


def test_a_picture_is_kept_upright_and_no_larger_than_results(
    tmp_path: Path, picture: Path
) -> None:
    image, exif = Image.open(picture).resize((300, 150)), Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(tmp_path / "turned.jpg", exif=exif)
    with opened(tmp_path, max_size=200) as client:
        said = client.upload(tmp_path / "turned.jpg")
        assert (said["width"], said["height"]) == (100, 200)


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4"])
def test_a_playlist_shows_no_file_of_the_machine(tmp_path: Path, name: str) -> None:
    frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)]
    secret = save_animation(frames, tmp_path / "secret.mp4", fps=5)
    lists = {
        "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n",
        "list.mp4": "ffconcat version 1.0\nfile {}\n",
    }
    (tmp_path / name).write_text(lists[name].format(secret))
    with pytest.raises(ImageError) as caught:
        decode(tmp_path / name, tmp_path, 100, "clip")
    assert str(tmp_path) not in str(caught.value)


def does_instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    command = [sys.executable, "-c", program]
    monkeypatch.setattr(processes, "module_command", lambda *_: command)


def test_what_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SECONDS", 1)
    does_instead(monkeypatch, "import time; time.sleep(60)")
    begun = time.monotonic()
    with pytest.raises(ImageError, match="takes too long"):
        decode(tmp_path / "a", tmp_path, 100, "")
    assert time.monotonic() - begun < 20


def test_what_takes_too_much_memory_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    does_instead(monkeypatch, "import os; os.abort()")
    with pytest.raises(ImageError, match="too much memory"):
        decode(tmp_path / "a", tmp_path, 100, "")


def malformed(number: int, picture: bytes) -> tuple[str, bytes]:
    """Return the name and the bytes of something that is not a picture, or hardly."""
    dice = random.Random(number)
    name = dice.choice(["a.png", "a.jpg", "a.gif", "a.webp", "a.tiff", "a.svg", "a.heic", "a"])
    heads = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x10\0\0\0WEBP", b"II*\0"]
    kinds: list[Callable[[], bytes]] = [
        lambda: dice.randbytes(dice.randrange(1, 3000)),
        lambda: dice.choice(heads) + dice.randbytes(dice.randrange(2000)),
        lambda: picture[: dice.randrange(20, len(picture) // 3)],
        lambda: bomb(dice.randrange(20_000, 2**31 - 1), dice.randrange(20_000, 2**31 - 1)),
        lambda: b"GIF89a/*" + struct.pack("<HH", 9, 9) + b"*/=1;alert(1)" + picture,
    ]
    return name, kinds[number % len(kinds)]()


def test_malformed_uploads(tmp_path: Path, picture: Path) -> None:
    """None of them ends the studio or stays behind, and none is answered with a traceback."""
    with opened(tmp_path) as client:
        for number in range(15):
            said = refused(client, *malformed(number, picture.read_bytes()))
            assert "Traceback" not in said
        client.upload(picture)
        assert len(list((tmp_path / "files" / "kept").iterdir())) <= 6
