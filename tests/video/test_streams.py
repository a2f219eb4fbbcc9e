"""Sound, subtitles and what else there is: kept, converted, or named before the work."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.video.conftest import moving, write_clip

from impasto import Settings
from impasto.video.options import VideoSettings
from impasto.video.pipeline import VideoJob
from impasto.video.setup import prepare_video

FAST = Settings(method="fast", runtime="onnxruntime", device="cpu", strength=0)
CUES = [(100, 400, b"Hello <i>you</i>"), (600, 300, "Grüße, 世界".encode())]


def with_extras(path: Path, tmp_path: Path) -> Path:
    """Write a clip with sound, two tracks of subtitles (text, pictures), a font and chapters."""
    plain = write_clip(tmp_path / "plain.mp4", moving(24), sound=True)
    unit = Fraction(1, 1000)
    with av.open(str(plain)) as given, av.open(str(path), "w") as out:
        streams: dict[int, Any] = {s.index: out.add_stream_from_template(s) for s in given.streams}
        text = out.add_mux_stream("subrip", time_base=unit)
        text.metadata["language"] = "ger"
        drawn = out.add_mux_stream("hdmv_pgs_subtitle", time_base=unit)
        out.add_attachment("a.ttf", "font/ttf", b"font")
        out.set_chapters(
            [
                {"id": n, "start": 400 * n, "end": 400 * (n + 1), "time_base": unit, "metadata": m}
                for n, m in enumerate(({"title": "one"}, {"title": "two"}))
            ]
        )
        for stream, cues in ((text, CUES), (drawn, [(0, 100, b"\x80\x00\x00")])):
            for time, duration, content in cues:
                packet = av.Packet(content)
                packet.stream, packet.time_base = stream, unit
                packet.pts = packet.dts = time
                packet.duration = duration
                out.mux(packet)
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return path


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    return with_extras(tmp_path / "rich.mkv", tmp_path)


def begun(source: Path, output: Path, style: NDArray[np.uint8], **options: Any) -> VideoJob:  # noqa: ANN401
    return prepare_video(str(source), [style], output, FAST, VideoSettings(stability=0, **options))


def finished(work: VideoJob) -> Path:
    list(work.run(work.begin(False)))
    return work.finish()


def cues(path: Path) -> Sequence[tuple[float, str]]:
    found = []
    with av.open(str(path)) as made:
        stream: Any = made.streams.subtitles[0]
        for packet in made.demux(stream):
            shown = stream.codec_context.decode2(packet) if packet.size else None
            for each in shown or ():
                text = each.ass.decode().split(",", 8)[-1]
                if text and packet.pts is not None and packet.time_base is not None:
                    found.append((round(float(packet.pts * packet.time_base), 1), text))
    return found


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mp4", "mov_text"), (".webm", "webvtt"), (".mkv", "subrip")]
)
def test_text_stays_readable(
    rich: Path, painting: NDArray[np.uint8], tmp_path: Path, suffix: str, codec: str
) -> None:
    work = begun(rich, tmp_path / f"out{suffix}", painting)
    lost = [note for note in work.notes if note.startswith("not kept")]
    if suffix == ".mkv":
        assert not lost
    else:
        assert lost == [f"not kept in {suffix}: subtitles (hdmv_pgs_subtitle), an attachment"]
    path = finished(work)
    with av.open(str(path)) as made:
        subtitles = made.streams.subtitles
        assert subtitles[0].codec_context.codec.canonical_name == codec
        assert len(subtitles) == (2 if suffix == ".mkv" else 1)
        assert subtitles[0].metadata["language"] in ("ger", "deu")
        assert [chapter["metadata"]["title"] for chapter in made.chapters()] == ["one", "two"]
        assert made.streams.audio
        if suffix == ".mkv":
            assert made.streams.attachments[0].data == b"font"
    (first, second) = cues(path)
    assert first[0] == pytest.approx(0.1, abs=0.05)
    assert "Hello" in first[1]
    assert "Grüße, 世界" in second[1]


def test_a_part_with_its_subtitles(rich: Path, painting: NDArray[np.uint8], tmp_path: Path) -> None:
    path = finished(begun(rich, tmp_path / "out.mp4", painting, start=0.25, end=0.75))
    assert [time for time, _ in cues(path)] == [0.0, 0.3]
    with av.open(str(path)) as made:
        chapters = made.chapters()
        units: list[Any] = [each["time_base"] for each in chapters]
        times = [
            (float(each["start"] * unit), float(each["end"] * unit))
            for each, unit in zip(chapters, units, strict=True)
        ]
        np.testing.assert_allclose(times, [(0, 0.15), (0.15, 0.5)], atol=0.01)


def test_sound_is_encoded_where_it_must(
    clip: Path, painting: NDArray[np.uint8], tmp_path: Path
) -> None:
    for part in ({}, {"start": 0.2, "end": 0.4}):
        work = begun(clip, tmp_path / f"{len(part)}.webm", painting, **part)
        assert "the sound (aac) is encoded as opus" in work.notes
        with av.open(str(finished(work))) as made:
            samples = [f.to_ndarray() for f in made.decode(audio=0)]
            length = sum(each.shape[-1] for each in samples) / 48000 / samples[0].shape[0]
            assert length == pytest.approx(0.2 if part else 0.5, abs=0.05)
            assert np.abs(np.concatenate(samples, -1)).max() > 0.1
    silent = begun(clip, tmp_path / "out.webm", painting, sound=False)
    assert not silent.notes


def test_pictures_hold_no_sound(clip: Path, painting: NDArray[np.uint8], tmp_path: Path) -> None:
    assert begun(clip, tmp_path / "out.gif", painting).notes == ["not kept in .gif: sound (aac)"]


def test_damaged_sound_ends_nothing(
    clip: Path, painting: NDArray[np.uint8], tmp_path: Path
) -> None:
    with av.open(str(clip)) as container:
        packets = [(p.pos or 0, p.size) for p in container.demux(audio=0) if p.size]
    content = bytearray(clip.read_bytes())
    for at, size in packets[4:10]:
        content[at : at + size] = b"\xff" * size
    clip.write_bytes(content)
    for suffix in (".mp4", ".webm"):
        with av.open(str(finished(begun(clip, tmp_path / f"out{suffix}", painting)))) as made:
            assert made.streams.audio
            assert len(list(made.decode(video=0))) == 12
