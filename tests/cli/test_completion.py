"""What shells complete, asked as the scripts of `impasto --show-completion` ask."""

from pathlib import Path

import pytest
from tests.cli.conftest import Impasto


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path))
    (tmp_path / "moss.jpg").touch()
    (tmp_path / "models").mkdir()


def completed(impasto: Impasto, monkeypatch: pytest.MonkeyPatch, line: str) -> list[str]:
    """Return what bash offers at the end of a line."""
    words = line.split()
    monkeypatch.setenv("_IMPASTO_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - (not line.endswith(" "))))
    outcome = impasto()
    assert outcome.status == 0
    return outcome.out.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("impasto sty", ["stylize", "styles"]),
        ("impasto stylize --method opt", ["optimize"]),
        ("impasto stylize --method m", ["magenta", "microast", "models/", "moss.jpg"]),
        ("impasto video clip.mp4 --method ad", ["adain"]),
        ("impasto live --method fa", ["fast"]),
        ("impasto stylize --encoder pocket", ["pocket", "pocket+vgg19"]),
        ("impasto stylize --style-loss w2+s", ["w2+swd"]),
        ("impasto stylize --init n", ["noise"]),
        ("impasto stylize --keep f", ["faces"]),
        ("impasto stylize --style-we", ["--style-weight", "--style-weights"]),
        ("impasto stylize photo.jpg mosa", ["mosaic"]),
        ("impasto stylize photo.jpg mo", ["mosaic", "mountains", "models/", "moss.jpg"]),
        ("impasto batch photos --styles wav", ["waves"]),
        ("impasto settings style-lo", ["style-loss"]),
        ("impasto weights fetch vgg19", ["vgg19-keras"]),
    ],
)
def test_values_are_completed(
    impasto: Impasto, monkeypatch: pytest.MonkeyPatch, line: str, offered: list[str]
) -> None:
    assert set(offered) <= set(completed(impasto, monkeypatch, line))


@pytest.mark.parametrize(
    "line",
    [
        "impasto stylize mos",  # the photograph
        "impasto stylize photo.jpg moss",  # a style that no name fits
        "impasto stylize --method models/",
        "impasto stylize --weights mo",
        "impasto stylize --output mo",
        "impasto evaluate --table mo",
    ],
)
def test_files_are_left_to_the_shell(
    impasto: Impasto, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    assert completed(impasto, monkeypatch, line) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_their_script(
    impasto: Impasto, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("_IMPASTO_COMPLETE", f"source_{shell}")
    assert "_IMPASTO_COMPLETE" in impasto().out
