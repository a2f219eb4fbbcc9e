"""What can be asked for of a clip; strength and mixture go evenly from moment to moment."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.video.conftest import moving

from impasto import Settings
from impasto.errors import SettingsError
from impasto.settings.typed import Options
from impasto.video.encoding import CODECS
from impasto.video.options import VideoOptions, VideoSettings, read_keyframes, video_settings
from impasto.video.pictures import matching, open_reader
from impasto.video.setup import prepare_video

FAST = Settings(method="fast", runtime="onnxruntime", size=32)


def written(folder: Path, entries: Any) -> Path:  # noqa: ANN401
    path = folder / "moments.json"
    path.write_text(json.dumps(entries))
    return path


def test_values_between_moments(tmp_path: Path) -> None:
    entries = [
        {"time": "0:04", "strength": 1},
        {"time": 2, "strength": 0.5, "style_weights": [1, 0]},
        {"time": 6, "style_weights": [0, 2]},
    ]
    found = read_keyframes(written(tmp_path, entries), 2)
    assert found.at(0) == {"strength": 0.5, "style_weights": (1, 0)}
    assert found.at(3) == {"strength": 0.75, "style_weights": (0.75, 0.5)}
    assert found.at(9) == {"strength": 1, "style_weights": (0, 2)}
    only = read_keyframes(written(tmp_path, [{"time": 1, "strength": 0.2}]), 2)
    assert only.at(5) == {"strength": 0.2}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"time": 0}, "is not a list of moments"),
        ([{"strength": 1}], "a moment has no time"),
        ([{"time": "soon"}], "soon is not a time"),
        ([{"time": 0, "strenght": 1}], "strenght is none of"),
        ([{"time": 0, "strength": 2}], "strength must be at most 1"),
        ([{"time": 0, "style_weights": [1]}], "has 1 numbers for 2"),
        ([{"time": 0, "style_weights": [1, -1]}], "style_weights must be at least 0"),
        ([{"time": 0, "style_weights": [0, 0]}], "not all be 0"),
    ],
)
def test_what_cannot_be(tmp_path: Path, entries: object, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_keyframes(written(tmp_path, entries), 2)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_keyframes(tmp_path / "none.json", 2)
    (tmp_path / "text.json").write_text("no json")
    with pytest.raises(SettingsError, match="is not JSON"):
        read_keyframes(tmp_path / "text.json", 2)


@pytest.mark.parametrize(
    "options",
    [{"method": "fast", "runtime": "onnxruntime"}, {"steps": (2,), "precision": "float32"}],
)
@pytest.mark.slow
def test_a_clip_fades_in(
    options: dict[str, Any], painting: NDArray[np.uint8], tmp_path: Path
) -> None:
    (photo,) = moving(1)
    (tmp_path / "in").mkdir()
    for number in range(6):
        Image.fromarray(photo).save(tmp_path / "in" / f"{number}.png")
    moments = [{"time": 0, "strength": 0}, {"time": 0.2, "strength": 1}]
    keyframes = read_keyframes(written(tmp_path, moments), 1)
    settings = Settings(**options, device="cpu")
    asked = VideoSettings(stability=0.0, keyframes=keyframes)
    output = tmp_path / "out" / "%d.png"
    work = prepare_video(str(tmp_path / "in"), [painting], output, settings, asked)
    apart = [
        float(np.abs(progress.painted.astype(float) - photo).mean())
        for progress in work.run(work.begin(False))
    ]
    assert apart[0] == 0
    assert apart == sorted(apart)
    assert apart[-1] > 10


def test_editors_know_all_options() -> None:
    own = {each.name for each in fields(VideoSettings)}
    assert VideoOptions.__optional_keys__ == own | Options.__optional_keys__


def test_options_of_clips_and_of_frames(tmp_path: Path) -> None:
    moments = written(tmp_path, [{"time": 1, "strength": 0.2}])
    settings, video = video_settings(
        ["mosaic"], strength=0.5, size=64, start="0:01.5", end=2, keyframes=moments
    )
    assert (settings.method, settings.strength, settings.size) == ("fast", 0.5, 64)
    assert (video.start, video.end, video.size) == (1.5, 2, 64)
    assert video.keyframes is not None
    assert video.keyframes.at(0) == {"strength": 0.2}
    with pytest.raises(SettingsError, match="did you mean 'stability'"):
        video_settings(["mosaic"], stabilty=0.5)  # type: ignore[call-arg]
    with pytest.raises(SettingsError, match="compare is side-by-side or wipe"):
        video_settings(["mosaic"], compare="beside")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="give a style picture"):
        video_settings([])


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1"])
def test_the_worst_quality_that_a_codec_has(
    clip: Path, painting: NDArray[np.uint8], codec: str
) -> None:
    video, output = VideoSettings(codec=codec, crf=63), clip.with_name("out.mkv")
    worst = CODECS[codec].worst
    if worst < 63:
        with pytest.raises(SettingsError, match=f"crf of {codec} is from 0 to {worst}"):
            prepare_video(str(clip), [painting], output, FAST, video)
    video = replace(video, crf=worst, end=0.1)
    job = prepare_video(str(clip), [painting], output, FAST, video)
    assert len([*job.run(job.begin(False))]) >= 2


def test_the_end_cuts_the_last_frame(clip: Path) -> None:
    frames = [*VideoSettings(end=0.1).frames(open_reader(str(clip)))]
    unit = open_reader(str(clip)).clip.time_base
    assert sum(frame.duration for frame in frames) * unit == pytest.approx(0.1, abs=float(unit))


def test_a_percent_sign_in_the_name_of_pictures(tmp_path: Path) -> None:
    for name in ("50% a1.png", "50% a2.png", "b.png"):
        Image.new("RGB", (32, 32)).save(tmp_path / name)
    found = matching(str(tmp_path / "50%*.png"))
    assert [path.name for path in found] == ["50% a1.png", "50% a2.png"]
