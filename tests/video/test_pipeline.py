"""From clip to clip: what is kept, what is steadied, and stopped runs that go on."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.video.conftest import SIZE, moving, write_clip

from impasto import Settings, stylizer
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.files import sha256_of
from impasto.flow import Motion
from impasto.images import open_picture
from impasto.video import pipeline as pipelines
from impasto.video.options import VideoSettings
from impasto.video.painting import FrameStylizer, Kept, Pixels
from impasto.video.setup import check_output, parts_folder, prepare_video, stylize_video
from impasto.video.writers import recipe_in

FAST = Settings(method="fast", runtime="onnxruntime", device="cpu")


@pytest.fixture(autouse=True)
def _short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines, "PART", 5)


class Stopping(FrameStylizer):
    """Paints so many frames, and is then interrupted."""

    def __init__(self, stylizer: FrameStylizer, left: int) -> None:
        self.inner, self.left, self.lags = stylizer, left, stylizer.lags

    def __call__(
        self, frame: NDArray[np.uint8], motions: Mapping[int, Motion], seconds: float
    ) -> Pixels:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return self.inner(frame, motions, seconds)

    def kept(self) -> Kept:
        return self.inner.kept()

    def restore(self, kept: Kept) -> None:
        self.inner.restore(kept)


def make(
    source: object,
    style: NDArray[np.uint8],
    output: Path,
    resume: bool = False,
    **options: Any,  # noqa: ANN401
) -> Path:
    work = prepare_video(str(source), [style], output, FAST, VideoSettings(**options))
    for _ in work.run(work.begin(resume)):
        pass
    return work.finish()


def packets(path: Path, kind: str) -> list[tuple[int | None, bytes]]:
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [(p.pts, bytes(p)) for p in container.demux(stream) if p.dts is not None]


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [
            np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in container.decode(video=0)
        ]


def test_times_sound_and_titles_stay(painting: NDArray[np.uint8], tmp_path: Path) -> None:
    times = [0, 25, 50, 110, 130, 160, 300, 310, 400]
    source = write_clip(
        tmp_path / "in.mp4",
        moving(9),
        times=times,
        sound=True,
        subtitles=True,
        aspect=Fraction(4, 3),
    )
    result = make(source, painting, tmp_path / "out.mp4")
    assert packets(result, "audio") == packets(source, "audio")
    with av.open(str(result)) as made, av.open(str(source)) as given:
        frames, wanted = (list(each.decode(video=0)) for each in (made, given))
        assert [f.time for f in frames] == [f.time for f in wanted]
        tags = [
            [(f.colorspace, f.color_primaries, f.color_trc, f.color_range) for f in each]
            for each in (frames, wanted)
        ]
        assert tags[0] == tags[1]
        assert made.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
        assert abs((made.duration or 0) - (given.duration or 0)) <= 1e6 / 24
        assert made.metadata["title"] == "a clip"
        assert "location" in given.metadata
        assert not {"location", "location-eng", "make"} & set(made.metadata)
        assert '"impasto"' in made.metadata["comment"]
        assert made.chapters()[0]["metadata"] == {"title": "one"}
    assert not parts_folder(result).exists()


def test_a_turned_clip_stays_turned(painting: NDArray[np.uint8], tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", moving(3), rotation=90)
    result = make(source, painting, tmp_path / "out.mp4")
    with av.open(str(result)) as made:
        (frame, *_) = made.decode(video=0)
        assert (frame.width, frame.height, frame.rotation) == (*SIZE, 90)


@pytest.mark.parametrize("name", ["frames/%03d.png", "out.mp4"])
@pytest.mark.slow
def test_stopped_and_resumed_it_is_the_same(
    clip: Path, painting: NDArray[np.uint8], tmp_path: Path, name: str
) -> None:
    whole = make(clip, painting, tmp_path / "whole" / name)
    output = tmp_path / "pieces" / name
    output.parent.mkdir(parents=True)
    for done, stop in ((0, 7), (1, 11)):
        work = prepare_video(str(clip), [painting], output, FAST, VideoSettings())
        assert work.begin(resume=done > 0) == done
        with pytest.raises(KeyboardInterrupt):
            list(replace(work, stylizer=Stopping(work.stylizer, stop - 5 * done)).run(done))
    with pytest.raises(SettingsError, match="resume it with --resume"):
        make(clip, painting, output)
    with pytest.raises(SettingsError, match="of a run with other options"):
        make(clip, painting, output, resume=True, stability=0.2)
    pieces = make(clip, painting, output, resume=True)
    if whole.is_dir():
        names = sorted(each.name for each in whole.iterdir())
        assert len(names) == 12
        for each in names:
            assert (pieces / each).read_bytes() == (whole / each).read_bytes()
    else:
        # The frames are the same; where its threads meet, x264 spends its bits now so, now so.
        assert packets(pieces, "audio") == packets(whole, "audio")
        assert [time for time, _ in packets(pieces, "video")] == [
            time for time, _ in packets(whole, "video")
        ]
        for one, other in zip(pictures(pieces), pictures(whole), strict=True):
            assert np.abs(one.astype(float) - other).mean() < 4


@pytest.mark.parametrize("resume", [False, True])
def test_a_second_run_leaves_the_first_alone(
    resume: bool, clip: Path, painting: NDArray[np.uint8], tmp_path: Path
) -> None:
    first, second = (
        prepare_video(str(clip), [painting], tmp_path / "out.mp4", FAST, VideoSettings())
        for _ in range(2)
    )
    frames = first.run(first.begin(False))
    next(frames)
    with pytest.raises(ImpastoError, match=r"another run is working in .*out\.mp4\.parts: wait"):
        second.begin(resume)
    assert len([*frames]) == 11
    assert len(pictures(first.finish())) == 12
    assert not first.folder.exists()


@pytest.mark.slow
def test_frames_are_painted_and_steadied(
    clip: Path, painting: NDArray[np.uint8], tmp_path: Path
) -> None:
    alone = pictures(make(clip, painting, tmp_path / "alone.mp4", stability=0.0, crf=4))
    steady = pictures(make(clip, painting, tmp_path / "steady.mp4", stability=0.9, crf=4))
    originals = moving(12)

    def flicker(frames: list[NDArray[np.uint8]]) -> float:
        """Of what moved by one row and two columns."""
        changes = [
            after[8:-9, 8:-10].astype(float) - before[9:-8, 10:-8]
            for before, after in pairwise(frames)
        ]
        return float(np.sqrt(np.square(changes[2:]).mean()))

    assert np.abs(alone[0].astype(float) - originals[0]).mean() > 10
    assert flicker(steady) < 0.6 * flicker(alone)
    # It still shows the present frame.
    last, first = (np.abs(steady[-1].astype(float) - alone[i]).mean() for i in (-1, 0))
    assert last < 0.6 * first


@pytest.mark.slow
def test_a_clip_with_a_mask_says_which(
    clip: Path, painting: NDArray[np.uint8], tmp_path: Path
) -> None:
    levels = np.zeros((64, 96), np.uint8)
    levels[:, :48] = 255
    Image.fromarray(levels).save(tmp_path / "left.png")
    mask = str(tmp_path / "left.png")
    result = stylize_video(clip, [painting], tmp_path / "out.mp4", keep=mask, end=0.2, crf=4)
    kept, original = pictures(result)[0].astype(float), moving(1)[0]
    assert np.abs(kept - original)[:, :44].mean() < 4 < np.abs(kept - original)[:, 52:].mean()
    recipe = recipe_in(result)
    assert recipe["settings"]["keep"] == recipe["keep"]["name"] == "left.png"
    assert recipe["keep"]["sha256"] == sha256_of(Path(mask))
    with pytest.raises(SettingsError, match="there is no such picture"):
        stylize_video(clip, [painting], tmp_path / "none.mp4", masks=("none.png",))
    assert not (tmp_path / "none.mp4.parts").exists()


@pytest.mark.slow
def test_a_cut_begins_anew(painting: NDArray[np.uint8], tmp_path: Path) -> None:
    other = [255 - frame[:, ::-1] for frame in moving(4)]
    source = write_clip(tmp_path / "in.mp4", [*moving(4), *other])
    steady = pictures(make(source, painting, tmp_path / "out.mp4", crf=4))
    apart = write_clip(tmp_path / "second.mp4", other)
    alone = pictures(make(apart, painting, tmp_path / "alone.mp4", crf=4))
    assert np.abs(steady[4].astype(float) - alone[0]).mean() < 5


@pytest.mark.parametrize("suffix", [".mkv", ".mov", ".webm", ".gif", ".webp"])
@pytest.mark.slow
def test_kinds_of_results(painting: NDArray[np.uint8], tmp_path: Path, suffix: str) -> None:
    source = write_clip(tmp_path / "in.mp4", moving(7))
    result = make(source, painting, tmp_path / f"out{suffix}")
    if suffix in (".gif", ".webp"):
        with Image.open(result) as image:
            assert image.n_frames == 7  # type: ignore[attr-defined]
    else:
        assert len(pictures(result)) == 7


@pytest.mark.parametrize("codec", ["hevc", "av1"])
@pytest.mark.slow
def test_codecs(clip: Path, painting: NDArray[np.uint8], tmp_path: Path, codec: str) -> None:
    result = make(clip, painting, tmp_path / "out.mp4", codec=codec)
    assert len(pictures(result)) == 12


def test_pictures_by_number(clip: Path, painting: NDArray[np.uint8], tmp_path: Path) -> None:
    result = make(clip, painting, tmp_path / "frames" / "%03d.png")
    assert result == tmp_path / "frames"
    assert len(list(result.iterdir())) == 12
    assert not (tmp_path / "frames.parts").exists()


@pytest.mark.slow
def test_sizes_and_comparisons(clip: Path, painting: NDArray[np.uint8], tmp_path: Path) -> None:
    small = make(clip, painting, tmp_path / "small.mp4", size=49)
    assert pictures(small)[0].shape == (32, 48, 3)
    both = pictures(make(clip, painting, tmp_path / "both.mp4", compare="side-by-side", crf=4))
    assert both[3].shape == (SIZE[1], 2 * SIZE[0], 3)
    assert np.abs(both[3][:, : SIZE[0]].astype(float) - moving(4)[3]).mean() < 7
    wiped = pictures(make(clip, painting, tmp_path / "wiped.mp4", compare="wipe", crf=4))
    assert np.abs(wiped[0][:, 8:].astype(float) - moving(1)[0][:, 8:]).mean() < 7


def test_a_part_with_its_sound(clip: Path, painting: NDArray[np.uint8], tmp_path: Path) -> None:
    result = make(clip, painting, tmp_path / "out.mp4", start=0.25, end=0.42)
    assert len(pictures(result)) == 5
    with av.open(str(result)) as made:
        assert 0.15 < (made.duration or 0) / 1e6 < 0.26
    silent = make(clip, painting, tmp_path / "silent.mp4", sound=False)
    with av.open(str(silent)) as made:
        assert not made.streams.audio


def test_bad_input(clip: Path, painting: NDArray[np.uint8], tmp_path: Path) -> None:
    def refused(
        kind: type[Exception],
        said: str,
        output: str = "out.mp4",
        **options: Any,  # noqa: ANN401
    ) -> None:
        with pytest.raises(kind, match=said):
            make(clip, painting, tmp_path / output, **options)

    refused(ImageError, "a video is written as", "out.png")
    refused(SettingsError, r"\.webm holds vp9", "out.webm", codec="h264")
    refused(SettingsError, "stability is from 0 to 1", stability=2.0)
    refused(SettingsError, "codec is h264", codec="mpeg1")
    refused(SettingsError, "end is after", start=3.0, end=2.0)
    refused(ImageError, "there are no frames", start=9.0)
    (tmp_path / "in-the-way.mp4.parts").write_text("a file")
    refused(ImageError, "cannot be written to", "in-the-way.mp4")


def test_a_clip_that_is_too_narrow_is_not_made_wider(
    painting: NDArray[np.uint8], tmp_path: Path
) -> None:
    Image.new("RGB", (2000, 40), "red").save(tmp_path / "wide.png")
    said = r"is 2000x40 pixels, and would be painted at 320x6: 16 a side are the least"
    with pytest.raises(ImageError, match=said):
        stylize_video(tmp_path / "wide.png", [painting], tmp_path / "out.mp4", size=320)
    Image.new("RGB", (1, 1), "red").save(tmp_path / "one.png")
    with pytest.raises(ImageError, match="16 a side are the least"):
        stylize_video(tmp_path / "one.png", [painting], tmp_path / "out.mp4", size=320)


def test_rounds_of_memory(painting: NDArray[np.uint8], tmp_path: Path) -> None:
    """Whatever is kept from part to part has one frame's size."""
    source = write_clip(tmp_path / "in.mp4", moving(12))
    work = prepare_video(str(source), [painting], tmp_path / "out.mp4", FAST, VideoSettings())
    sizes = []
    for progress in work.run(work.begin(False)):
        if progress.done % 5 == 0 and work._state(progress.done // 5 - 1).is_file():
            sizes.append(work._state(progress.done // 5 - 1).stat().st_size)
    assert len(set(sizes)) == 1
    with np.load(work._state(0)) as first:  # frames are kept for the last part alone
        assert first.files == ["times"]
    assert work.size == SIZE


@pytest.mark.parametrize("strength", [0.0, 0.3])
def test_strength_is_that_of_every_frame(
    strength: float, painting: NDArray[np.uint8], photo: NDArray[np.uint8]
) -> None:
    settings = Settings(size=64, min_size=32, steps=(3, 3), strength=strength)
    frames = FrameStylizer(stylizer([painting], settings), 0.5)
    still = Motion(np.zeros((43, 64, 2), np.float32), np.zeros((43, 64), np.float32))
    small = open_picture(photo).resized((64, 43)).to_array()
    first, second = (frames(small, motions, 0.0) for motions in ({}, {1: still}))
    change = [np.abs(pixels - small / 255).mean() for pixels in (first, second)]
    if not strength:
        assert max(change) < 1e-3
    else:
        assert 0.5 * change[0] < change[1] < 1.5 * change[0]


@pytest.mark.slow
def test_frames_can_be_optimized(painting: NDArray[np.uint8], tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", moving(6))
    settings = Settings(steps=(4,), device="cpu", precision="float32")

    def painted(name: str, stability: float, stop: int | None = None) -> list[NDArray[np.uint8]]:
        options = VideoSettings(stability=stability)
        output = tmp_path / name / "%d.png"
        work = prepare_video(str(source), [painting], output, settings, options)
        done = work.begin(resume=work.folder.exists())
        if stop is not None:
            with pytest.raises(KeyboardInterrupt):
                list(replace(work, stylizer=Stopping(work.stylizer, stop)).run(done))
            return painted(name, stability)
        list(work.run(done))
        paths = sorted(work.finish().iterdir(), key=lambda path: int(path.stem))
        return [np.asarray(Image.open(path)) for path in paths]

    steady, alone = painted("steady", 0.9), painted("alone", 0.0)
    assert len(steady) == 6
    for one, other in zip(steady, painted("stopped", 0.9, stop=5), strict=True):
        np.testing.assert_array_equal(one, other)

    def flicker(frames: list[NDArray[np.uint8]]) -> float:
        changes = [
            after[8:-9, 8:-10].astype(float) - before[9:-8, 10:-8]
            for before, after in pairwise(frames)
        ]
        return float(np.sqrt(np.square(changes).mean()))

    assert flicker(steady) < 0.65 * flicker(alone)


def test_what_is_not_ours_stays(clip: Path, painting: NDArray[np.uint8], tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    notes = parts_folder(output) / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("somebody's")
    with pytest.raises(ImageError, match="is in the way"):
        make(clip, painting, output)
    assert notes.read_text() == "somebody's"


def test_outputs_are_no_inputs(tmp_path: Path) -> None:
    for number, frame in enumerate(moving(2), 1):
        Image.fromarray(frame).save(tmp_path / f"{number:04}.png")
    pattern = tmp_path / "%04d.png"
    for source in (str(pattern), str(tmp_path)):
        with pytest.raises(ImageError, match="name another folder"):
            check_output(pattern, [source, "style.png"], replaces=True)
    with pytest.raises(ImageError, match=r"0001\.png exists: --force"):
        check_output(pattern, ["clip.mp4", "style.png"], replaces=False)
    check_output(pattern, ["clip.mp4", "style.png"], replaces=True)
    with pytest.raises(ImageError, match="is the input"):
        check_output(pattern, ["clip.mp4", str(tmp_path / "0002.png")], replaces=True)


def test_parts_end_in_time(
    clip: Path, painting: NDArray[np.uint8], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "SECONDS", 0.0)
    work = prepare_video(str(clip), [painting], tmp_path / "out.mp4", FAST, VideoSettings())
    with pytest.raises(KeyboardInterrupt):
        list(replace(work, stylizer=Stopping(work.stylizer, 3)).run(work.begin(False)))
    assert work.begin(resume=True) == 3
    assert work.frames_of(3) == 3
    list(work.run(3))
    assert len(pictures(work.finish())) == 12


def test_sound_stays_with_its_frames(painting: NDArray[np.uint8], tmp_path: Path) -> None:
    # A frame a second; the second one begins to sound.
    times = [0, 600, 1200, 1800]
    source = write_clip(tmp_path / "in.mkv", moving(4), times=times, sound=True)
    result = make(source, painting, tmp_path / "out.mkv", start=1.5)
    with av.open(str(result)) as made:
        assert [frame.time for frame in made.decode(video=0)] == pytest.approx([0, 0.5, 1.5])
    first = next(iter(packets(result, "audio")))[1]
    with av.open(str(source)) as given:
        stream = given.streams.audio[0]
        begun = [
            float(p.pts * p.time_base)
            for p in given.demux(stream)
            if p.pts is not None and p.time_base is not None and bytes(p) == first
        ]
    assert begun[0] == pytest.approx(1.5, abs=0.03)
