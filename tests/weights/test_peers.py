"""Published pickles of the known systems, read under our names."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from impasto.errors import WeightsError
from impasto.fast.transfer import MEAN
from impasto.settings.methods import METHODS
from impasto.weights.catalogue import CATALOGUE
from impasto.weights.fetching import save_renamed

ENCODER = (0, 2, 5, 9, 12, 16, 19, 22, 25, 29)


def pickled(path: Path, names: list[str]) -> dict[str, torch.Tensor]:
    """Write a pickle of random convolutions: that of colors, `0`, of 1x1 pixels."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for number, name in enumerate(names):
        shape = (3, 3, 1, 1) if name == "0" else (4, 3 if number < 2 else 4, 3, 3)
        state[f"{name}.weight"] = torch.randn(shape, generator=generator)
        state[f"{name}.bias"] = torch.randn(shape[0], generator=generator)
    torch.save(state, path)
    return state


@pytest.mark.slow
def test_the_encoder_of_adain_takes_its_first_layer_in(tmp_path: Path) -> None:
    state = pickled(tmp_path / "vgg.pth", [str(place) for place in ENCODER])
    save_renamed(tmp_path / "vgg.pth", "adain-encoder", tmp_path / "vgg.safetensors", {})
    ours = load_file(tmp_path / "vgg.safetensors")
    image = torch.rand(1, 3, 8, 8)
    turned = F.conv2d(image, state["0.weight"], state["0.bias"])
    expected = F.conv2d(F.pad(turned, (1,) * 4, "reflect"), state["2.weight"], state["2.bias"])
    centered = F.pad(image - torch.from_numpy(MEAN).view(1, 3, 1, 1), (1,) * 4, "reflect")
    found = F.conv2d(centered, ours["conv1_1.weight"], ours["conv1_1.bias"])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(ours["conv4_1.weight"], state["29.weight"])


def test_names_are_ours(tmp_path: Path) -> None:
    places = ["1", "5", "8", "11", "14", "18", "21", "25", "28"]
    state = pickled(tmp_path / "decoder.pth", places)
    save_renamed(tmp_path / "decoder.pth", "adain-decoder", tmp_path / "out", {"license": "MIT"})
    assert torch.equal(load_file(tmp_path / "out")["block1_conv2.bias"], state["28.bias"])
    state = pickled(tmp_path / "part.pth", ["enc1.0"])
    save_renamed(tmp_path / "part.pth", "microast-style_encoder", tmp_path / "out", {})
    assert set(load_file(tmp_path / "out")) == {f"style_encoder.{name}" for name in state}


def test_what_is_no_such_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.pth").write_text("<html>not found</html>")
    pickled(tmp_path / "other.pth", ["1"])
    for name in ("page.pth", "other.pth"):
        with pytest.raises(WeightsError, match="is not the published file: delete it"):
            save_renamed(tmp_path / name, "adain-decoder", tmp_path / "out", {})
    assert not (tmp_path / "out").exists()


def test_every_file_of_a_method_can_be_had() -> None:
    groups = {file.group for file in CATALOGUE.values() if file.url}
    for name, row in METHODS.items():
        bundled = {"any-style", "style-reader"}
        assert groups | bundled >= set(row.parts or row.files), name
