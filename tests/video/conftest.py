"""Small clips with everything that a clip can have."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from impasto.video.colors import exact

SIZE = (96, 64)


def moving(count: int, size: tuple[int, int] = SIZE) -> list[NDArray[np.uint8]]:
    """A photograph that moves by two pixels a frame."""
    photo = skimage.data.astronaut()[80:, 80:]
    width, height = size
    return [photo[i : i + height, 2 * i : 2 * i + width].copy() for i in range(count)]


def write_clip(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    *,
    times: Sequence[int] | None = None,
    unit: Fraction = Fraction(1, 600),
    rotation: int = 0,
    aspect: Fraction = Fraction(1),
    sound: bool = False,
    subtitles: bool = False,
    gop: int = 250,
) -> Path:
    """Encode frames, each shown for 1/24 of a second or at given times."""
    times = times or [25 * number for number in range(len(frames))]
    with av.open(str(path), "w", options={"video_track_timescale": "600"}) as out:
        out.metadata.update({"title": "a clip", "location": "+52.5200+013.4050/", "make": "Camera"})
        stream: Any = out.add_stream("libx264", rate=24, options={"crf": "1"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.time_base = unit
        stream.codec_context.sample_aspect_ratio = aspect
        stream.codec_context.colorspace = stream.codec_context.color_primaries = 1
        stream.codec_context.color_trc = stream.codec_context.color_range = 1
        if rotation:
            stream.set_display_rotation(rotation)
        tone = out.add_stream("aac", rate=44100, layout="mono") if sound else None
        if subtitles:
            out.set_chapters(
                [{"id": 1, "start": 0, "end": 200, "time_base": unit, "metadata": {"title": "one"}}]
            )
        for pixels, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(
                format="yuv420p",
                src_colorspace=1,
                dst_colorspace=1,
                dst_color_range=1,
                interpolation=exact(),
            )
            frame.pts, frame.time_base = time, unit
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if tone is not None:
            seconds = float((times[-1] + 25) * unit)
            wave = np.sin(np.arange(int(44100 * seconds)) / 20).astype(np.float32)[None]
            played = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            played.rate = 44100
            out.mux(tone.encode(played))
            out.mux(tone.encode(None))
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twelve frames with sound."""
    return write_clip(tmp_path / "clip.mp4", moving(12), sound=True)
