"""`impasto recipe`: the command that it prints makes the same picture."""

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.cli.conftest import Impasto

from impasto.images import Picture, open_picture, read_recipe

Files = tuple[Path, Path]
FAST = ("--method", "fast", "--size", "64")
FEW = ("--size", "48", "--min-size", "48", "--steps", "2")
ODD = "it's 50% = a, 'b' [é].png"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Files) -> Path:
    """A folder with pictures of odd names, masks, and styles of the user's own."""
    place = tmp_path / "here"
    (place / "own").mkdir(parents=True)
    for name in ("photo.png", "-photo.png", ODD):
        shutil.copy(files[0], place / name)
    for name in ("painting.png", "-painting.png", "own/mosaic.png", "own/dots.png"):
        shutil.copy(files[1], place / name)
    pixels: NDArray[np.uint8] = np.zeros((64, 96), np.uint8)
    pixels[:, :48] = 255
    for name in ("left.png", "l=e,ft.png"):
        Image.fromarray(pixels).save(place / name)
    Image.fromarray(255 - pixels).save(place / "right.png")
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(place)
    return place


COMMANDS: dict[str, tuple[str, ...]] = {
    "odd content": (ODD, "painting.png", *FAST),
    "leading dashes": ("./-photo.png", "./-painting.png", *FAST),
    "a drawing": ("photo.png", "waves", *FAST),
    "a drawing with a network": ("photo.png", "mosaic", *FAST),
    "without its network": ("photo.png", "mosaic", *FAST, "--tune", "0"),
    "ones own style": ("photo.png", "dots", *FAST),
    "that of the gallery": ("photo.png", "gallery:mosaic", *FAST, "--tune", "0"),
    "weights": ("photo.png", "painting.png", "waves", *FAST, "--style-weights", "3,1"),
    "colors and turns": (
        *("photo.png", "painting.png", *FAST, "--color", "match", "--color-amount", "0.5"),
        *("--style-turn", "-30", "--strength", "0.7"),
    ),
    "masks": ("photo.png", "--mask", "left.png=waves", "painting.png", *FEW),
    "two masks": (
        *("photo.png", "--mask", "left.png=waves", "--mask", "right.png=painting.png", *FEW),
        *("--style-weights", "1,2"),
    ),
    "odd masks": (
        *("photo.png", "--mask", "l=e,ft.png=waves", "painting.png", *FEW),
        *("--style-weights", "1,2"),
    ),
    "start and kept": ("photo.png", "waves", *FEW, "--init", "painting.png", "--keep", "left.png"),
    "odd start": ("photo.png", "waves", *FEW, "--init", "./-photo.png", "--fine-style", "woodcut"),
    "noise": ("photo.png", "painting.png", *FEW, "--init", "noise", "--seed", "7", "--keep-gps"),
    "losses": ("photo.png", "painting.png", *FEW, "--style-loss", "gram+swd", "--bits", "16"),
    "warm": ("photo.png", "painting.png", "--method", "fast+optimize", *FEW),
}


@pytest.mark.parametrize("case", COMMANDS)
@pytest.mark.slow
def test_the_command_makes_the_same_picture(case: str, impasto: Impasto, here: Path) -> None:
    if "own" in case or "gallery" in case:
        impasto("styles", "add", here / "own")
    made = impasto("stylize", *COMMANDS[case], "-o", "made.png")
    assert made.status == 0, made.err
    assert _again(impasto).recipe == read_recipe("made.png")
    np.testing.assert_array_equal(
        open_picture("again.png").to_array(), open_picture("made.png").to_array()
    )


@pytest.mark.slow
def test_a_network_file(impasto: Impasto, here: Path, style_network: Path) -> None:
    shutil.copy(style_network, here / "-my network.onnx")
    options = ("--method", "./-my network.onnx", "--size", "64", "--runtime", "onnxruntime")
    assert impasto("stylize", "photo.png", *options, "-o", "made.png").status == 0
    assert _again(impasto).size == (64, 43)


@pytest.mark.slow
def test_interleaved_masks_and_pictures_of_batches(impasto: Impasto, here: Path) -> None:
    from impasto import stylize

    options: dict[str, Any] = {"size": 48, "min_size": 48, "steps": 2, "style_weights": (2, 1)}
    made = stylize("photo.png", ["waves", "painting.png"], masks=("l=e,ft.png", "rest"), **options)
    made.save("made.png")
    assert _again(impasto).recipe is not None
    batch = ("batch", "photo.png", "-s", "waves", "-o", "made", *FAST)
    assert impasto(*batch).status == 0
    next((here / "made").glob("photo*")).rename("made.png")
    assert _again(impasto).size == (64, 43)


def test_data_through_a_pipe(impasto: Impasto) -> None:
    from impasto import stylize

    stylize(Path("photo.png").read_bytes(), "waves", method="fast", size=64).save("made.png")
    assert impasto("recipe", "made.png").out.startswith("impasto stylize - waves --method fast")


@pytest.mark.slow
def test_a_video_with_odd_masks(impasto: Impasto, photo: NDArray[np.uint8]) -> None:
    frames = [Image.fromarray(np.roll(photo, 4 * n, axis=1)) for n in range(2)]
    frames[0].save("clip.gif", save_all=True, append_images=frames[1:], duration=100)
    masks = ("--mask", "l=e,ft.png=waves", "painting.png", "--style-weights", "1,2")
    made = impasto("video", "clip.gif", *masks, "--size", "64", "-o", "made.gif")
    assert made.status == 0, made.err
    words = shlex.split(impasto("recipe", "made.gif").out.splitlines()[0])
    assert "l=e,ft.png=waves" in words
    assert impasto(*words[1:], "-o", "again.gif").status == 0
    assert Path("again.gif").read_bytes() == Path("made.gif").read_bytes()


@pytest.mark.slow
def test_videos(impasto: Impasto, photo: NDArray[np.uint8]) -> None:
    flat = photo[:16]  # 512 pixels long, the size that goes without saying for a picture
    frames = [Image.fromarray(np.roll(flat, 4 * n, axis=1)) for n in range(2)]
    frames[0].save("-clip 1.gif", save_all=True, append_images=frames[1:], duration=100)
    moments = [{"time": 0, "strength": 0.2}, {"time": 0.3, "strength": 1}]
    Path("moments.json").write_text(json.dumps(moments))
    options = ("--stability", "0.5", "--no-sound", "--keyframes", "moments.json", "--size", "512")
    made = impasto("video", "./-clip 1.gif", "waves", *options, "-o", "made.gif")
    assert made.status == 0, made.err
    lines = impasto("recipe", "made.gif").out.splitlines()
    words = shlex.split(lines[0])
    assert words[1:4] == ["video", "./-clip 1.gif", "waves"]
    assert words[words.index("--size") + 1] == "512"
    said = next(line for line in lines if line.startswith("save as keyframes.json: "))
    Path("keyframes.json").write_text(said.partition(": ")[2])
    assert impasto(*words[1:], "-o", "again.gif").status == 0
    assert Path("again.gif").read_bytes() == Path("made.gif").read_bytes()


@pytest.mark.parametrize(
    "recipe",
    [
        {"content": 5},
        {"styles": [{"name": 3}]},
        {"settings": [1]},
        {"content": {"name": "a.png"}, "styles": [], "settings": {"masks": ["a,b"]}},
        {"video": {}, "settings": {}},
    ],
)
def test_a_damaged_recipe_is_one_line(recipe: dict[str, Any], impasto: Impasto) -> None:
    Path("r.json").write_text(json.dumps(recipe))
    outcome = impasto("recipe", "r.json")
    assert outcome.status == 1
    assert "is damaged: see it with --json" in outcome.only_line


def test_a_recipe_does_not_move_the_cursor(impasto: Impasto) -> None:
    content = {"name": "a\x1b[2J\r.png", "sha256": "0"}
    Path("r.json").write_text(json.dumps({"content": content, "styles": [], "settings": {}}))
    assert impasto("recipe", "r.json").out.startswith("impasto stylize 'a\\u001b[2J\\r.png'\n")


@pytest.mark.parametrize(
    "settings",
    [
        {"init": "../secret.png"},
        {"keep": "../secret.png"},
        {"fine_style": "../secret.png"},
        {"masks": ["../secret.png"]},
        {"method": "../secret.onnx"},
        {"weights": "../secret.h5"},
    ],
)
def test_a_recipe_opens_nothing_that_it_does_not_vouch_for(
    settings: dict[str, Any], impasto: Impasto, here: Path
) -> None:
    for suffix in ("png", "onnx", "h5"):
        shutil.copy("left.png", here.parent / f"secret.{suffix}")
    recipe = {**(Picture(np.zeros((9, 9, 3), np.float32)).recipe or {}), "settings": settings}
    for role, name in (("content", "photo.png"), ("style", "painting.png")):
        from impasto.images import identify

        entry = identify(name)._replace(name=f"../../{name}")._asdict()
        recipe |= {"styles": [entry]} if role == "style" else {role: entry}
    Path("r.json").write_text(json.dumps(recipe))
    for command in (("reproduce", "r.json"), ("stylize", "--recipe", "r.json")):
        outcome = impasto(*command, "-o", "out.png")
        assert outcome.status == 1
        assert "does not say wh" in outcome.only_line


def _again(impasto: Impasto) -> Picture:
    """Run the command that the recipe of made.png prints, and return the picture."""
    line = impasto("recipe", "made.png").out.partition("\n")[0]
    outcome = impasto(*shlex.split(line)[1:], "-o", "again.png", "--force")
    assert outcome.status == 0, (line, outcome.err)
    picture = open_picture("again.png")
    return Picture(picture.pixels, recipe=read_recipe("again.png"))
