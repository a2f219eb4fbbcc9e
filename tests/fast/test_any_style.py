"""Our own network: whatever goes in, a picture comes out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from impasto import Settings
from impasto.errors import SettingsError
from impasto.fast import FastStylizer
from impasto.fast.any_style import AnyStyleNetwork
from impasto.fast.network import Network, network_for
from impasto.fast.shot import Shot
from impasto.images import Picture, open_picture
from impasto.weights import fetch

Array = NDArray[np.uint8]
Values = NDArray[np.float32]
#: Height and width.
SIZES = ((8, 8), (16, 16), (17, 33), (1, 40), (40, 1), (33, 31), (48, 20), (24, 64))


@pytest.fixture(scope="module")
def network() -> Network:
    return network_for(Settings(method="fast", runtime="onnxruntime", device="cpu"))


def kinds(random: np.random.Generator, size: tuple[int, int]) -> dict[str, Values]:
    """Return pictures, most of them extreme."""
    height, width = size
    shape = (height, width, 3)
    noise = random.random(shape)
    gray = np.repeat(random.random((height, width, 1)), 3, 2)
    ramp = np.linspace(0, 1, height * width * 3).reshape(shape)
    dots = np.indices((height, width)).sum(0)[..., None] % 2 * np.ones(3)
    pictures = {
        "noise": noise,
        "faint": 0.5 + 0.004 * noise,
        "gray": gray,
        "ramp": ramp,
        "black": np.zeros(shape),
        "white": np.ones(shape),
        "one color": np.broadcast_to(random.random(3), shape),
        "saturated": np.broadcast_to(random.integers(0, 2, 3), shape),
        "saturated noise": noise.round(),
        "one plane": noise * (1, 0, 0),
        "checkerboard": dots,
        "one pixel": (noise == noise.max()).any(-1, keepdims=True) * np.ones(3),
    }
    return {name: np.ascontiguousarray(each, np.float32) for name, each in pictures.items()}


def pairs(count: int) -> Iterator[tuple[str, Picture, Picture, float]]:
    """Yield contents and styles of all kinds and sizes, and strengths."""
    random = np.random.default_rng(0)
    for number in range(count):
        content = kinds(random, SIZES[number % len(SIZES)])
        style = kinds(random, SIZES[random.integers(len(SIZES))])
        names = [str(random.choice(list(each))) for each in (content, style)]
        strength = float(random.choice([0.1, 0.5, 0.8, 1.0]))
        yield " in ".join(names), Picture(content[names[0]]), Picture(style[names[1]]), strength


def is_picture(pixels: Values, like: Picture) -> bool:
    """Whether pixels are finite, in [0, 1], and as many as a picture has."""
    inside = np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1
    return bool(inside) and pixels.shape == like.pixels.shape and pixels.dtype == np.float32


@pytest.mark.slow
def test_any_pair_makes_a_picture(network: Network) -> None:
    for name, content, style, strength in pairs(200):
        look = network.read(style, 32)
        assert np.isfinite(look).all(), name
        assert is_picture(network.paint(content, look, strength, None), content), name


@pytest.mark.slow
def test_any_pair_makes_a_picture_in_bfloat16() -> None:
    pytest.importorskip("openvino")
    network = network_for(Settings(method="fast", runtime="openvino"))
    random = np.random.default_rng(1)
    contents = [kinds(random, size) for size in ((17, 33), (64, 48))]
    for number, (name, style) in enumerate(kinds(random, (40, 32)).items()):
        look = network.read(Picture(style), 64)
        for kind, pixels in contents[number % 2].items():
            content = Picture(pixels)
            assert is_picture(network.paint(content, look, 1, None), content), f"{kind} in {name}"


@pytest.mark.slow
def test_gray_pictures_are_painted_alike_in_bfloat16(
    network: Network, painting: Array, photo: Array
) -> None:
    """Their covariances are nearly singular, so roots and what leads to them are in float32."""
    pytest.importorskip("openvino")
    other = network_for(Settings(method="fast", runtime="openvino"))
    look = network.read(open_picture(painting), 64)
    light = open_picture(photo).pixels.mean(2, keepdims=True)
    page = np.ones((48, 64, 1), np.float32)
    page[20:24] = 0
    for name, pixels in {
        "gray": light.repeat(3, 2),
        "sepia": light * np.array([1, 0.85, 0.7], np.float32),
        "page": page.repeat(3, 2),
        "black": np.zeros((48, 64, 3), np.float32),
    }.items():
        content = Picture(pixels)
        apart = network.paint(content, look, 1, None) - other.paint(content, look, 1, None)
        assert np.abs(apart).mean() < 0.05, name


@pytest.mark.parametrize("size", [(1, 1), (1, 16), (16, 16), (17, 33), (40, 20000), (20000, 40)])
@pytest.mark.slow
def test_any_size(network: Network, painting: Array, size: tuple[int, int]) -> None:
    look = network.read(open_picture(painting), 64)
    content = Picture(np.random.default_rng(0).random((*size, 3), dtype=np.float32))
    assert is_picture(network.paint(content, look, 1, None), content)


def test_a_picture_painted_twice_is_the_same(painting: Array, photo: Array) -> None:
    options: dict[str, Any] = {"size": 64, "runtime": "onnxruntime", "device": "cpu"}
    first, second = (FastStylizer(painting, **options)(photo).pixels for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_at_no_strength_it_is_the_photo(network: Network, painting: Array, photo: Array) -> None:
    content, look = open_picture(photo), network.read(open_picture(painting), 80)
    np.testing.assert_array_equal(network.paint(content, look, 0, None), content.pixels)


def test_all_of_a_mixture_is_the_style(network: Network, painting: Array, photo: Array) -> None:
    looks = [network.read(open_picture(each), 80) for each in (painting, photo)]
    np.testing.assert_array_equal(network.mixed(looks, (1, 0)), looks[0])
    np.testing.assert_array_equal(network.mixed(looks, (0, 1)), looks[1])
    half = network.mixed(looks, (0.5, 0.5))
    np.testing.assert_allclose(half, (looks[0] + looks[1]) / 2, rtol=1e-5, atol=1e-6)
    assert half.dtype == np.float32


@pytest.mark.slow
def test_a_file_with_its_style_within(
    network: Network, painting: Array, photo: Array, tmp_path: Path
) -> None:
    model = onnx.load(fetch("any-style"))
    (code,) = (each for each in model.graph.input if each.name == "code")
    model.graph.input.remove(code)
    look = network.read(open_picture(painting), 80)
    model.graph.initializer.append(onnx.numpy_helper.from_array(look, "code"))
    path = tmp_path / "mine.onnx"
    onnx.save(model, path)
    stylizer = FastStylizer([], method=str(path), runtime="onnxruntime", device="cpu")
    content = open_picture(photo)
    np.testing.assert_array_equal(stylizer.paint(content), network.paint(content, look, 1, None))
    assert isinstance(stylizer.network, AnyStyleNetwork)
    shot = Shot()
    for _ in range(2):
        stylizer.network.paint(content, look, 1, shot)
    assert shot.kept["statistics"].shape == look.shape
    with pytest.raises(SettingsError, match=r"mine\.onnx knows one style"):
        stylizer.network.read(content, 64)
