"""Damaged, trimmed and odd files: what can be read is, and what was left out is said."""

import os
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from tests.video.conftest import SIZE, moving, write_clip

from impasto.errors import ImageError
from impasto.video.options import VideoSettings
from impasto.video.pictures import open_reader


def sizes_of(path: Path) -> list[tuple[int, int]]:
    """Return where the packets of a clip's pictures are, and their bytes."""
    with av.open(str(path)) as container:
        return [(p.pos or 0, p.size) for p in container.demux(video=0) if p.size]


def overwritten(path: Path, number: int) -> Path:
    """Damage a packet beyond reading."""
    at, size = sizes_of(path)[number]
    content = bytearray(path.read_bytes())
    content[at : at + size] = b"\xff" * size
    path.write_bytes(content)
    return path


def test_a_damaged_packet_is_left_out(tmp_path: Path) -> None:
    path = overwritten(write_clip(tmp_path / "clip.mp4", moving(24), sound=True), 8)
    reader = open_reader(str(path))
    frames = list(reader.frames())
    assert 20 <= len(frames) < 24
    lost = 24 - len(frames)
    (line,) = reader.damage.messages()
    assert line.startswith(f"{lost} damaged packet")
    assert str(path) in line
    # The length stays: the frame before is shown longer.
    assert sum(frame.duration for frame in frames) * reader.clip.time_base == 1
    assert len(list(reader.frames())) == len(frames)
    assert len(reader.damage.messages()) == 1
    with pytest.raises(ImageError, match=r"clip\.mp4 is damaged \(without --strict"):
        list(open_reader(str(path), strict=True).frames())


def test_a_damaged_beginning(tmp_path: Path) -> None:
    path = overwritten(write_clip(tmp_path / "clip.mp4", moving(24), gop=6), 0)
    reader = open_reader(str(path))
    frames = list(reader.frames())
    assert 12 <= len(frames) < 24
    assert reader.damage.messages()[0].startswith(f"{24 - len(frames)} damaged packet")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_file_that_is_cut_off(tmp_path: Path, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", moving(48), sound=True)
    if suffix == ".mp4":  # what describes an MP4 comes first where it can be played as it loads
        with av.open(str(path)) as given:
            moved = tmp_path / "moved.mp4"
            with av.open(str(moved), "w", options={"movflags": "faststart"}) as out:
                streams = {s.index: out.add_stream_from_template(s) for s in given.streams}
                for packet in given.demux():
                    if packet.dts is not None:
                        packet.stream = streams[packet.stream_index]
                        out.mux(packet)
        path = moved
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * 0.6)])
    reader = open_reader(str(path))
    assert 10 < len(list(reader.frames())) < 48
    assert any("it is cut off or damaged" in line for line in reader.damage.messages())
    with pytest.raises(ImageError, match="cut off"):
        list(open_reader(str(path), strict=True).frames())


def test_a_trimmed_clip_is_whole(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mp4", moving(24))
    path = tmp_path / "trimmed.mp4"
    with av.open(str(whole)) as given, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None and packet.pts is not None:
                # Times before 0 are kept in the file, and an edit list hides them.
                packet.pts, packet.dts = packet.pts - 250, packet.dts - 250
                packet.stream = stream
                out.mux(packet)
    reader = open_reader(str(path))
    frames = list(reader.frames())
    assert len(frames) < 24
    assert not reader.damage.messages()
    assert reader.clip.count is not None
    assert abs(reader.clip.count - len(frames)) <= 1
    (count,) = {VideoSettings().count(reader.clip)}
    assert count == reader.clip.count


def test_a_size_that_changes(tmp_path: Path) -> None:
    path = tmp_path / "clip.ts"
    with path.open("wb") as both:
        for name, size in (("one.ts", SIZE), ("two.ts", (48, 32))):
            part = tmp_path / name
            with av.open(str(part), "w", format="mpegts") as out:
                stream: Any = out.add_stream("libx264", rate=24)
                stream.width, stream.height = size
                stream.pix_fmt = "yuv420p"
                for pixels in moving(8, size):
                    out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
                out.mux(stream.encode(None))
            both.write(part.read_bytes())
    frames = list(open_reader(str(path)).frames())
    assert len(frames) >= 14
    assert {frame.pixels.shape for frame in frames} == {(*SIZE[::-1], 3)}


def test_damaged_pictures_are_left_out(tmp_path: Path) -> None:
    for number, frame in enumerate(moving(5)):
        Image.fromarray(frame).save(tmp_path / f"{number}.png")
    for number in (0, 2):
        content = (tmp_path / f"{number}.png").read_bytes()
        (tmp_path / f"{number}.png").write_bytes(content[: len(content) // 2])
    reader = open_reader(str(tmp_path))
    frames = list(reader.frames())
    assert [(frame.time, frame.duration) for frame in frames] == [(1, 2), (3, 1), (4, 1)]
    assert reader.damage.messages() == [f"2 damaged pictures were left out of {tmp_path}"]
    with pytest.raises(ImageError, match=r"0\.png"):
        open_reader(str(tmp_path), strict=True)


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile {}\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4">'
    '<Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>"
)


@pytest.mark.parametrize("text", [PLAYLIST, CONCAT, DASH])
@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.mpd", "list.ffconcat", "list.ts"])
def test_no_other_file_is_opened(clip: Path, tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / name).write_text(text.format(clip.name))
    with pytest.raises(ImageError, match="cannot be read as video"):
        open_reader(str(tmp_path / name))


def test_what_is_no_file(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "zero.mp4").touch()
    names = {
        "/dev/zero": "is a pipe or a device",
        "zero.mp4": "it is empty",
        "https://example.org/a.mp4": "is an address, and addresses are not opened",
    }
    if hasattr(os, "mkfifo"):
        for name in ("pipe.mp4", "pipe.gif"):
            os.mkfifo(tmp_path / name)
            names[name] = "is a pipe or a device"
    for name, said in names.items():
        with pytest.raises(ImageError, match=said):
            open_reader(name if "/" in name else str(tmp_path / name))


@pytest.mark.parametrize("name", ["clip %d.mp4", "clip *.mp4", "http:clip.mp4", "a:b.mp4"])
def test_a_file_is_a_file_whatever_its_name(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    clip.rename(tmp_path / name)
    assert len(list(open_reader(name).frames())) == 12


def test_a_gif_is_read_as_players_show_it(tmp_path: Path) -> None:
    images = [Image.fromarray(frame) for frame in moving(3)]
    path = tmp_path / "fast.gif"
    images[0].save(path, save_all=True, append_images=images[1:], duration=[10, 20, 0])
    assert [frame.duration for frame in open_reader(str(path)).frames()] == [100, 20, 100]
    renamed = path.rename(tmp_path / "named.mp4")
    reader = open_reader(str(renamed))
    assert reader.clip.time_base == Fraction(1, 1000)
    np.testing.assert_array_equal(next(reader.frames()).pixels.shape, (*SIZE[::-1], 3))


def test_an_animation_whose_head_is_damaged(tmp_path: Path) -> None:
    """Pillow ends with errors of other kinds than for pictures."""
    path = tmp_path / "clip.png"
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    content = path.read_bytes()
    at = content.index(b"fcTL")
    cut = (10).to_bytes(4, "big") + content[at : at + 14]
    path.write_bytes(content[: at - 4] + cut + zlib.crc32(cut[4:]).to_bytes(4, "big"))
    with pytest.raises(ImageError, match="cannot be read as an animation: it is damaged or none"):
        open_reader(str(path))
