"""Bad input: one clear line that says what to do, status 1 or 2, nothing lost."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.cli.conftest import SMALL, Impasto

Files = tuple[Path, Path]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def bad_pictures(folder: Path) -> dict[str, Path]:
    """Write pictures that are none."""
    (folder / "text.jpg").write_text("this is not a picture\n" * 9)
    (folder / "empty.png").touch()
    (folder / "folder.png").mkdir()
    Image.new("RGB", (1, 1)).save(folder / "one.png")
    noise = np.random.default_rng(0).integers(0, 255, (99, 99, 3)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "whole.png")
    (folder / "cut.png").write_bytes((folder / "whole.png").read_bytes()[:9000])
    Image.new("RGB", (3000, 4)).save(folder / "strip.png")
    names = ("text.jpg", "empty.png", "folder.png", "one.png", "cut.png", "strip.png", "none.png")
    return {name: folder / name for name in names}


@pytest.mark.parametrize("role", ["content", "style"])
@pytest.mark.parametrize(
    "name", ["text.jpg", "empty.png", "folder.png", "one.png", "cut.png", "none.png"]
)
def test_bad_pictures(impasto: Impasto, files: Files, tmp_path: Path, name: str, role: str) -> None:
    bad = bad_pictures(tmp_path)[name]
    pair = (bad, files[1]) if role == "content" else (files[0], bad)
    outcome = impasto("stylize", *pair, *SMALL, "-q")
    assert outcome.status == 1
    assert outcome.only_line.startswith("impasto: ")
    assert name in outcome.only_line or role in outcome.only_line
    assert not list(tmp_path.glob("*-*.png"))


@pytest.mark.parametrize("folder", [".", ""])
def test_a_folder_is_no_style(
    impasto: Impasto, files: Files, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no name for the result, which would then be called as the content."""
    monkeypatch.chdir(files[0].parent)
    outcome = impasto("stylize", files[0].name, folder, *SMALL, "-q")
    assert "is a folder: name one file in it; impasto batch takes folders" in outcome.only_line


def test_a_strip(impasto: Impasto, files: Files, tmp_path: Path) -> None:
    outcome = impasto("stylize", bad_pictures(tmp_path)["strip.png"], files[1], *SMALL, "-q")
    assert outcome.status == 1
    assert "too" in outcome.only_line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--size", "3"), "--size must be at least 16"),
        (("--size", "0x"), None),
        (("--color", "blue"), "--color must be one of style, content, match"),
        (("--steps", "3,x"), "--steps must be a whole number"),
        (("--steps", "1,2,3"), "--steps has 3 numbers, but there are 2 octaves"),
        (("--style-layers", "relu1_9"), "did you mean 'relu1_"),
        (("--style-weights", "1,2"), "--style-weights has 2 numbers for 1 style"),
        (("--time", "5"), "exclude each other"),
        (("--sise", "3"), None),
        (("--learning-rate", "-1"), "--learning-rate must be above 0"),
        (("--device", "tpu"), "--device must be one of"),
        (("--style-layers", "relu1_1,block1_conv1"), "named twice"),
        (("--method", "fast"), "--steps does nothing with method fast"),
        (("--runtime", "openvino"), "--runtime does nothing with method optimize"),
        (("--quality", "draft"), "--steps does nothing with method fast"),
        (("--quality", "good", "--encoder", "vgg19"), "--quality means encoder pocket"),
    ],
)
def test_wrong_options_are_usage_errors(
    impasto: Impasto, files: Files, arguments: tuple[str, ...], said: str | None
) -> None:
    outcome = impasto("stylize", *files, *SMALL, *arguments, "-q")
    assert outcome.status == 2
    if said is not None:
        assert said in outcome.only_line


@pytest.mark.parametrize("arguments", [(), ("photo.png",)])
def test_too_few_pictures(impasto: Impasto, files: Files, arguments: tuple[str, ...]) -> None:
    outcome = impasto("stylize", *arguments)
    assert outcome.status == 2
    assert "impasto stylize CONTENT STYLE" in outcome.only_line


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("out.xyz", "end the name with one of"),
        ("photo.png/out.png", "photo.png is not a folder"),
        ("photo.png/new/out.png", "photo.png/new is not a folder"),
    ],
)
def test_outputs_that_cannot_be_are_told_before_the_work(
    impasto: Impasto, files: Files, output: str, said: str
) -> None:
    outcome = impasto("stylize", *files, "-o", output, *SMALL)
    assert outcome.status == 1
    assert said in outcome.only_line


def test_sixteen_bits_in_a_jpeg(impasto: Impasto, files: Files) -> None:
    outcome = impasto("stylize", *files, "-o", "out.jpg", "--bits", "16", *SMALL)
    assert outcome.status == 1
    assert "no 16 bits" in outcome.only_line


def test_two_outputs_of_one_name(impasto: Impasto, files: Files) -> None:
    outcome = impasto("stylize", *files, *SMALL, "-o", "out.png", "--plot", "out.png", "--force")
    assert outcome.status == 1
    assert "two outputs have the same name" in outcome.only_line


def test_records_never_replace_an_input(impasto: Impasto, files: Files) -> None:
    before = files[0].read_bytes()
    outcome = impasto("stylize", *files, *SMALL, "--plot", files[0], "--force")
    assert outcome.status == 1
    assert "is the input" in outcome.only_line
    assert files[0].read_bytes() == before


def test_out_of_memory_is_one_line(
    impasto: Impasto, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ...")

    monkeypatch.setattr("impasto.optimize.loop.Objective", full)
    outcome = impasto("stylize", *files, *SMALL, "-q")
    assert outcome.status == 1
    assert "not enough memory at 32x" in outcome.only_line
    assert "or choose a smaller size" in outcome.only_line


def test_a_start_that_is_no_file(impasto: Impasto, files: Files) -> None:
    outcome = impasto("stylize", *files, *SMALL, "-q", "--init", "nosie")
    assert outcome.status == 2
    assert "--init must be matched, content, noise, style or a file" in outcome.only_line


def test_wholly_transparent_pictures(impasto: Impasto, files: Files, tmp_path: Path) -> None:
    Image.new("RGBA", (50, 50)).save(tmp_path / "clear.png")
    for pair in ((files[0], tmp_path / "clear.png"), (tmp_path / "clear.png", files[1])):
        outcome = impasto("stylize", *pair, *SMALL, "-q")
        assert outcome.status == 1
        assert "wholly transparent" in outcome.only_line


@pytest.mark.parametrize(("option", "name"), [("--animation", "a.avi"), ("--plot", "p.bmp")])
def test_wrong_suffixes_of_records(impasto: Impasto, files: Files, option: str, name: str) -> None:
    outcome = impasto("stylize", *files, *SMALL, option, name)
    assert outcome.status == 1
    assert ".gif" in outcome.only_line or ".svg" in outcome.only_line


def test_no_weights_and_no_network(
    impasto: Impasto, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IMPASTO_WEIGHTS", "")
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "cache"))
    for name in ("KERAS_HOME", "TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))
    pooled = impasto("stylize", *files, "--encoder", "pocket+vgg19", "--pooling", "average")
    assert pooled.status == 2
    assert "no pooling" in pooled.only_line
    outcome = impasto("stylize", *files, "--encoder", "vgg19")
    assert outcome.status == 1
    assert "IMPASTO_OFFLINE" in outcome.only_line
    assert "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5" in outcome.only_line


@pytest.mark.parametrize("name", ["photo.png", "none.png", "text.json"])
def test_recipes_that_are_none(impasto: Impasto, files: Files, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.json").write_text("{broken")
    for command in (("recipe",), ("reproduce",), ("stylize", "--recipe")):
        outcome = impasto(*command, tmp_path / name)
        assert outcome.status == 1
        assert name in outcome.only_line


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("{}", "no settings"),
        ('{"settings": {"size": "big"}}', "does not fit"),
        ('{"settings": {"magic": 1}}', "there is no setting"),
        ('{"settings": {}}', "what its content was"),
        ('{"settings": {}, "content": {"name": 3}, "styles": []}', "what its content was"),
    ],
)
def test_recipes_that_do_not_fit(impasto: Impasto, tmp_path: Path, recipe: str, said: str) -> None:
    (tmp_path / "r.json").write_text(recipe)
    outcome = impasto("reproduce", tmp_path / "r.json")
    assert outcome.status == 1
    assert said in outcome.only_line


def test_random_from_no_pictures(impasto: Impasto, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    outcome = impasto("stylize", "--random", tmp_path / "bare")
    assert outcome.status == 1
    assert "no pictures to choose from" in outcome.only_line
    assert "is not a folder" in impasto("stylize", "--random", tmp_path / "none").only_line


LONG = "a" * 300


@pytest.mark.parametrize(
    "words",
    [
        ("stylize", "{photo}", "mosaic", "-o", f"{LONG}.png"),
        ("stylize", "{photo}", "mosaic", "-o", "out.png", "--animation", f"{LONG}.gif"),
        ("stylize", f"{LONG}.png", "mosaic", "-o", "out.png"),
        ("stylize", "{photo}", LONG, "-o", "out.png"),
        ("stylize", "{photo}", "mosaic", "--masks", f"{LONG}.png", "-o", "out.png"),
        ("stylize", "{photo}", "mosaic", "--method", f"{LONG}.onnx", "-o", "out.png"),
        ("stylize", "{photo}", "mosaic", "--recipe", f"{LONG}.json", "-o", "out.png"),
        ("video", f"{LONG}.mp4", "mosaic", "-o", "out.mp4"),
        ("video", "{photo}", "mosaic", "-o", f"{LONG}.gif"),
        ("batch", f"{LONG}.png", "-s", "mosaic", "-o", "out"),
        ("batch", "{photo}", "-s", "mosaic", "-o", LONG),
        ("dataset", LONG, "mosaic", "-o", "out"),
        ("evaluate", "-c", f"{LONG}.png", "-s", "{photo}", "-o", "{photo}"),
        ("evaluate", "-c", "{photo}", "-s", "{photo}", "-o", "{photo}", "--table", f"{LONG}.csv"),
        ("flicker", f"{LONG}.mp4", f"{LONG}.gif"),
        ("compare", f"{LONG}.toml", "-o", "out"),
        ("recipe", f"{LONG}.png"),
        ("reproduce", f"{LONG}.png"),
        ("export", f"{LONG}.safetensors", "-o", "out"),
        ("styles", "add", LONG),
        ("judge", LONG, "--scores"),
    ],
)
def test_names_that_no_file_can_have(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    outcome = impasto(*(word.format(photo=files[0]) for word in words))
    assert outcome.status in (1, 2)
    assert outcome.only_line.startswith("impasto: ")
    assert {path.name for path in tmp_path.iterdir()} <= {"out", *(p.name for p in files)}
