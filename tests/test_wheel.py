"""A built wheel, installed into an empty environment outside the checkout, stylizes."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "-o", str(folder), str(ROOT)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "impasto/py.typed" in names
    assert "impasto/cli/app.py" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"impasto"}
    assert wheel.stat().st_size < 10e6


def test_it_stylizes_outside_the_checkout(
    wheel: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    constraints = ROOT / "constraints.txt"
    install = [str(python), "-m", "pip", "install", "-q", "-c", str(constraints), str(wheel)]
    run = subprocess.run(install, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr[-2000:]
    command = [str(python.with_name("impasto")), "stylize", *map(str, files), "-o", "out.png"]
    command += ["--size", "64", "--steps", "2"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout == "out.png\n"
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (64, 43)
    where = [str(python), "-c", "import impasto; print(impasto.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert Path(found.stdout.strip()).is_relative_to(home.resolve())
