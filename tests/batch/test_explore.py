"""The explorer: what is varied, what is saved, and that a variant can be made large."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.cli.conftest import Impasto
from tests.cli.conftest import impasto as impasto

from impasto.batch.explore import MOST_VARIANTS, default_axes, paint_variants, save_variants, vary
from impasto.errors import ImpastoError, SettingsError
from impasto.images import open_picture, read_recipe
from impasto.settings import Settings

Files = tuple[Path, Path]


def _where(sheet: NDArray[np.uint8], picture: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return where a picture lies on the sheet: (top, left)."""
    height, width = picture.shape[:2]
    corners = np.argwhere((sheet == picture[0, 0]).all(-1))
    return [
        (int(y), int(x))
        for y, x in corners
        if np.array_equal(sheet[y : y + height, x : x + width], picture)
    ]


def test_every_combination_has_its_place() -> None:
    axes = {"color": ("style", "match"), "style_scale": (0.5, 1), "strength": (0.3, 0.6, 1)}
    variants = vary(Settings(size=64), axes)
    assert len({(variant.row, variant.column) for variant in variants}) == len(variants) == 12
    assert [variant.settings.color for variant in variants] == ["style"] * 6 + ["match"] * 6
    assert dict(variants[4].changes) == {"color": "style", "style_scale": 1, "strength": 0.6}
    assert (variants[4].name, variants[4].settings.size) == ("05", 64)


def test_what_a_method_does_without_is_not_varied() -> None:
    assert list(default_axes(Settings(method="fast"))) == ["color", "style_scale", "strength"]
    assert "strength" not in default_axes(Settings(strength=0.5))
    assert len(vary(Settings(), default_axes(Settings()))) == 24


@pytest.mark.parametrize(
    "axes",
    [{}, {"strength": []}, {"strength": [n / MOST_VARIANTS for n in range(MOST_VARIANTS + 1)]}],
)
def test_nothing_or_too_much(axes: dict[str, list[float]]) -> None:
    with pytest.raises(SettingsError, match="choose values for 2 to"):
        vary(Settings(), axes)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="it has no such locks")
def test_a_second_run_into_a_folder_is_refused(files: Files, tmp_path: Path) -> None:
    variants = vary(Settings(method="fast", size=64), {"strength": (0.5, 1)})
    first, second = (
        paint_variants(files[0], [files[1]], variants, tmp_path / "looks") for _ in range(2)
    )
    next(first)
    with pytest.raises(ImpastoError, match=r"another run is working in .*looks"):
        next(second)
    assert len([*first]) == 1


@pytest.mark.slow
def test_the_sheet_shows_each(files: Files, tmp_path: Path) -> None:
    axes = {"color": ("style", "content"), "strength": (0, 1)}
    variants = vary(Settings(method="fast", size=64), axes)
    painted = list(paint_variants(files[0], [files[1]], variants, tmp_path / "looks"))
    sheet = open_picture(save_variants(painted, tmp_path / "sheet.png")).to_array()
    shown = [open_picture(picture).to_array() for _, picture in painted]
    for number, pixels in enumerate(shown):
        places = _where(sheet, pixels)
        assert places, number
    (first, second), (third, _) = _where(sheet, shown[0]), _where(sheet, shown[1]) * 2
    assert first[1] == second[1] < third[1]  # strength 0 in two rows of one column
    names = sorted(path.name for path in (tmp_path / "looks").iterdir())
    assert names == [f"0{n}.{kind}" for n in (1, 2, 3, 4) for kind in ("json", "png")]


@pytest.mark.slow
def test_a_cell_is_made_large(
    impasto: Impasto, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    more = ("--vary", "style-loss=gram,w2", "--size", "48", "--min-size", "24", "--steps", "1,1")
    made = impasto("explore", *files, *more)
    assert made.status == 0, made.err
    assert made.out == str(Path("photo-painting-looks", "looks.png")) + "\n"
    assert "to make number 02 large: impasto stylize" in made.err
    recipe = Path("photo-painting-looks", "02.json")
    few = ("--steps", "1,1,1", "-o", "large.png")
    large = impasto("stylize", *files, "--recipe", recipe, "--size", "96", *few)
    assert large.status == 0, large.err
    assert open_picture("large.png").size == (96, 64)
    assert read_recipe("large.png")["settings"]["style_loss"] == "w2"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("strength", "takes a name and values"),
        ("brush=1,2", "there is no setting 'brush'"),
        ("strength=0.5,2", "strength must be at most 1"),
    ],
)
def test_wrong_axes_are_told(impasto: Impasto, files: Files, given: str, said: str) -> None:
    assert said in impasto("explore", *files, "--vary", given).only_line


def test_a_missing_picture_is_told_at_once(impasto: Impasto, files: Files) -> None:
    assert "does not exist" in impasto("explore", "none.jpg", files[1]).only_line


def test_an_input_is_never_replaced(impasto: Impasto, files: Files) -> None:
    photo = files[0].rename(files[0].with_name("01.png"))
    before = photo.read_bytes()
    few = ("--vary", "strength=0,1", "--method", "fast", "--size", "64", "-q")
    outcome = impasto("explore", photo, files[1], "-o", photo.parent, *few)
    assert outcome.out == f"{photo.parent}-2{os.sep}looks.png\n"
    assert photo.read_bytes() == before
