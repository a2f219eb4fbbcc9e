"""Methods, encoders, color modes, runtimes are one row each: once it is there, all know it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch.nn.functional as F
from numpy.typing import NDArray
from tests.cli.conftest import Impasto
from tools import drift
from torch import Tensor, nn

from impasto import Settings, SettingsError, read_recipe, stylizer
from impasto.fast.sessions import open_session
from impasto.images import Picture, open_picture
from impasto.settings import FIELDS
from impasto.settings.choices import COLOR_MODES, ColorMode
from impasto.settings.encoders import ENCODER_CHOICES, ENCODERS, EncoderRow, add_encoder_row
from impasto.settings.methods import METHODS, Method, add_method
from impasto.settings.runtimes import RUNTIME_CHOICES, RUNTIMES, Runtime, add_runtime


class Negative:
    """A network of one pass: the negative of the content, whatever the style."""

    title, runtime, machine, bytes_per_pixel = "negative", "onnxruntime", "numpy", 50
    named: Sequence[Mapping[str, str]] = ()

    def read(self, style: Picture, longest: int) -> None:
        """Keep nothing of a style."""

    def mixed(self, codes: Sequence[None], shares: Sequence[float]) -> None:
        """Mix nothing."""

    def paint(self, content: Picture, code: None, strength: float, shot: object = None) -> Any:  # noqa: ANN401
        return content.pixels + np.float32(strength) * (1 - 2 * content.pixels)


class ReflectedSession:
    """What a runtime makes of a network: what ONNX Runtime does, mirrored."""

    name, outputs = "mirror on glass", ["code"]

    def __init__(self, source: Path | bytes, device: str, *, precise: bool = False) -> None:
        self._session = open_session(source, "onnxruntime", device)

    def __call__(self, **inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        stylized, statistics = self._session(**inputs)
        return [stylized[:, :, ::-1], statistics]


MIRROR = Runtime(name="mirror", session=ReflectedSession, speed=lambda device: 0)
NEGATIVE = Method(name="negative", sentence="the negative", network=lambda *_: Negative())


class Averages(nn.Module):
    """An encoder: the colors of ever larger squares."""

    reach = 16

    def forward(self, image: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        return {name: F.avg_pool2d(image, 1 << int(name[4]) - 1) for name in layers}


AVERAGES = EncoderRow(
    name="averages",
    sentence="colors of squares",
    build=lambda *_: Averages(),
    layers=("relu1_1", "relu3_1"),
    cost=0.1,
)
LAYERS: Mapping[str, Any] = {
    "encoder": "averages",
    "style_layers": ("relu1_1", "relu3_1"),
    "content_layers": ("relu3_1",),
}


@pytest.fixture(autouse=True)
def _rows() -> Iterator[None]:
    add_method(NEGATIVE)
    add_encoder_row(AVERAGES)
    add_runtime(MIRROR)
    yield
    METHODS.pop("negative")
    ENCODERS.pop("averages")
    ENCODER_CHOICES.remove("averages")
    RUNTIMES.pop("mirror")
    RUNTIME_CHOICES.remove("mirror")


def test_a_method_is_one_row(impasto: Impasto, files: tuple[Path, Path], tmp_path: Path) -> None:
    assert "negative: the negative" in impasto("methods", "--no-time").out
    assert "negative" in FIELDS["method"].metadata["choices"]
    assert "`negative`" in drift.settings_page()
    plan = impasto("stylize", *files, "--method", "negative", "--plan", "--size", "64").out
    assert plan.splitlines()[0] == "64x43: one pass of negative"
    out = tmp_path / "out.png"
    made = impasto("stylize", *files, "--method", "negative", "--size", "64", "-o", out)
    assert made.status == 0, made.err
    assert impasto("reproduce", out, "-o", tmp_path / "again.png").status == 0
    assert out.read_bytes() == (tmp_path / "again.png").read_bytes()
    assert "--style-loss does nothing with method negative" in (
        impasto("stylize", *files, "--method", "negative", "--style-loss", "w2").err
    )


def test_a_runtime_is_one_row(impasto: Impasto, files: tuple[Path, Path], tmp_path: Path) -> None:
    assert "`mirror`" in drift.settings_page()
    plain, mirrored = (tmp_path / f"{name}.png" for name in ("onnxruntime", "mirror"))
    for out in (plain, mirrored):
        line = ("stylize", *files, "--method", "fast", "--size", "64", "--runtime", out.stem)
        assert impasto(*line, "-o", out).status == 0
    pixels, reflected = (open_picture(out).pixels for out in (plain, mirrored))
    np.testing.assert_array_equal(reflected, pixels[:, ::-1])
    recipe: Any = read_recipe(mirrored)
    assert recipe["runtime"] == "mirror on glass"
    assert recipe["settings"]["runtime"] == "mirror"
    with pytest.raises(SettingsError, match="mirror"):
        Settings(method="fast", runtime="none")


def test_an_encoder_is_one_row(files: tuple[Path, Path]) -> None:
    run = stylizer(files[1], **LAYERS, size=64, steps=3).run(files[0])
    assert run.plan.lines()[0] == "64x43: 3 steps of averages"
    first, *_, last = run
    assert last.loss < first.loss
    assert run.picture.recipe is not None
    assert run.picture.recipe["weights"][0]["name"] == "averages"  # type: ignore[index]
    assert "`averages`" in drift.settings_page()
    with pytest.raises(SettingsError, match="averages knows relu1_1, relu3_1, not"):
        stylizer(files[1], encoder="averages")


@pytest.mark.parametrize("settings", [{"method": "negative"}, {**LAYERS, "steps": 1}])
def test_a_color_mode_is_one_row(
    settings: Mapping[str, Any], files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def recolor_style(pixels: Any, *others: Any) -> Any:  # noqa: ANN401
        seen.append(others)
        return pixels

    rows = (
        ColorMode(name="turned", recolor_result=lambda a, b, amount: a * 0 + amount),
        ColorMode(name="watched", recolor_style=recolor_style),
    )
    for row in rows:
        monkeypatch.setitem(COLOR_MODES, row.name, row)
    turned = _painted(files, {**settings, "color": "turned", "color_amount": 0.25})
    assert np.ptp(turned.pixels) == 0
    assert turned.pixels[0, 0, 0] == 0.25
    _painted(files, {**settings, "color": "watched"})
    assert [len(others) for others in seen] == [4]
    assert "`watched`" in drift.settings_page()


def _painted(files: tuple[Path, Path], settings: Mapping[str, Any]) -> Picture:
    return stylizer(files[1], **settings, size=64)(files[0])
