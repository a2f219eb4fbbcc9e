"""Clips of every kind are read with their times, upright, in the right colors."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from tests.video.conftest import SIZE, moving, write_clip

from impasto.errors import ImageError
from impasto.video.colors import HLG, PQ, to_sdr
from impasto.video.options import VideoSettings
from impasto.video.pictures import open_reader


def test_frames_and_times(tmp_path: Path) -> None:
    times = [0, 25, 50, 110, 130, 160, 300]
    path = write_clip(tmp_path / "clip.mp4", moving(7), times=times)
    reader = open_reader(str(path))
    frames = list(reader.frames())
    assert reader.clip.size == SIZE
    assert [float(frame.time * reader.clip.time_base * 600) for frame in frames] == times
    for frame, wanted in zip(frames, moving(7), strict=True):
        difference = frame.pixels.astype(int) - wanted
        assert abs(difference.mean()) < 1
        assert np.abs(difference).mean() < 6  # chroma is kept at half the resolution


def test_a_turned_clip_is_upright(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "turned.mp4", moving(3), rotation=90)
    reader = open_reader(str(path))
    (first, *_) = reader.frames()
    assert reader.clip.size == SIZE[::-1]
    assert reader.clip.rotation == 90
    wanted = np.rot90(moving(1)[0])
    assert np.abs(first.pixels.astype(int) - wanted).mean() < 6


def test_a_part_of_a_clip(clip: Path) -> None:
    reader = open_reader(str(clip))
    whole = list(VideoSettings().frames(reader))
    part = list(VideoSettings(2 / 24, 9 / 24).frames(reader))
    assert len(part) == 7
    assert part[0].time == 0
    np.testing.assert_array_equal(part[0].pixels, whole[2].pixels)
    third = list(VideoSettings(every=3).frames(reader))
    assert [frame.time for frame in third] == [whole[i].time for i in (0, 3, 6, 9)]
    assert sum(frame.duration for frame in third) == sum(frame.duration for frame in whole)
    for video, count in (
        (VideoSettings(), 12),
        (VideoSettings(2 / 24, 9 / 24), 7),
        (VideoSettings(every=3), 4),
    ):
        assert video.count(reader.clip) == count


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_animations(tmp_path: Path, suffix: str) -> None:
    images = [Image.fromarray(frame) for frame in moving(5)]
    path = tmp_path / f"moving{suffix}"
    durations = [40, 80, 40, 200, 40]
    images[0].save(path, save_all=True, append_images=images[1:], duration=durations, loop=3)
    reader = open_reader(str(path))
    frames = list(reader.frames())
    assert [frame.duration for frame in frames] == durations
    assert [frame.time for frame in frames] == [0, 40, 120, 160, 360]
    assert frames[2].pixels.shape == (*SIZE[::-1], 3)
    assert reader.clip.loops == 3
    # What is on the screen then comes first, as long as it still is.
    part = list(VideoSettings(0.1).frames(reader))
    assert [(frame.time, frame.duration) for frame in part] == [
        *((0, 20), (20, 40), (60, 200), (260, 40)),
    ]


def test_pictures_by_number(tmp_path: Path) -> None:
    for number, frame in enumerate(moving(11)):
        Image.fromarray(frame).save(tmp_path / f"f{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    for source in (tmp_path, tmp_path / "f%d.png", tmp_path / "f*.png"):
        reader = open_reader(str(source), 12.5)
        frames = list(reader.frames())
        assert reader.clip.rate == Fraction(25, 2)
        assert len(frames) == 11
        np.testing.assert_array_equal(frames[10].pixels, moving(11)[10])
    Image.new("RGB", (10, 10)).save(tmp_path / "f11.png")
    with pytest.raises(ImageError, match="must be alike"):
        list(open_reader(str(tmp_path)).frames())


def test_what_is_no_clip(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "text.gif").write_text("no animation")
    (tmp_path / "empty").mkdir()
    for name, said in (
        ("none.mp4", "does not exist"),
        ("none.gif", "does not exist"),
        ("text.mp4", "cannot be read as video"),
        ("text.gif", "cannot be read as an animation"),
        ("empty", "there are no pictures in"),
        ("f%03d.png", "there are no pictures in"),
    ):
        with pytest.raises(ImageError, match=said):
            open_reader(str(tmp_path / name))


@pytest.mark.parametrize(("transfer", "white"), [(PQ, 0.5807), (HLG, 0.75)])
def test_tones_of_high_dynamic_range(transfer: int, white: float) -> None:
    grays = np.array([0, 0.25 * white, white, 1.0])
    pixels = np.repeat((grays * 65535).round().astype(np.uint16)[None, :, None], 3, 2)
    shown = to_sdr(pixels, transfer)[0]
    assert (shown[0] == 0).all()
    assert (np.ptp(shown, axis=1) <= 2).all()  # gray stays gray
    # White in a room is bright, and what shines is brighter still.
    assert 180 < shown[2, 0] < 235
    assert shown[2, 0] < shown[3, 0]
    assert shown[3, 0] >= 250


def test_a_stream_without_times(tmp_path: Path) -> None:
    path = tmp_path / "raw.h264"
    with av.open(str(path), "w", format="h264") as out:
        stream = out.add_stream("libx264", rate=24, options={"bf": "0"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for pixels in moving(8):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode(None))
    times = [frame.time for frame in open_reader(str(path)).frames()]
    assert len(times) == 8
    assert times == sorted(set(times))


def test_an_animation_cut_anywhere(tmp_path: Path) -> None:
    images = [Image.fromarray(frame[::4, ::4]) for frame in moving(3)]
    images[0].save(tmp_path / "whole.gif", save_all=True, append_images=images[1:])
    content, path = (tmp_path / "whole.gif").read_bytes(), tmp_path / "cut.gif"
    for end in range(7, len(content), 5):
        path.write_bytes(content[:end])
        with suppress(ImageError):  # nothing else may be raised
            assert 1 <= len(list(open_reader(str(path)).frames())) <= 3


def test_a_codec_that_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=24)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p"
        for pixels in moving(2):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"MJPG", b"MJ\xffG"))
    with pytest.raises(ImageError, match="of a kind that cannot be decoded: convert it"):
        open_reader(str(path))


def test_a_damaged_animation(tmp_path: Path) -> None:
    images = [Image.fromarray(frame) for frame in moving(5)]
    images[0].save(tmp_path / "whole.gif", save_all=True, append_images=images[1:])
    content = (tmp_path / "whole.gif").read_bytes()
    (tmp_path / "half.gif").write_bytes(content[: len(content) // 2])
    reader = open_reader(str(tmp_path / "half.gif"))
    assert len(list(reader.frames())) == reader.clip.count == 2
    assert reader.damage.messages() == [f"1 damaged frame was left out of {tmp_path / 'half.gif'}"]
    with pytest.raises(ImageError, match=r"half\.gif is damaged"):
        list(open_reader(str(tmp_path / "half.gif"), strict=True).frames())
    (tmp_path / "head.gif").write_bytes(content[:40])
    with pytest.raises(ImageError, match=r"head\.gif"):
        open_reader(str(tmp_path / "head.gif"))
