"""A built wheel, installed into an empty environment outside the checkout, stylizes."""

import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
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


@pytest.mark.slow
def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "impasto/py.typed" in names
    assert "impasto/cli/app.py" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"impasto"}
    assert wheel.stat().st_size < 15e6


@pytest.mark.slow
def test_it_stylizes_outside_the_checkout(
    wheel: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    """Beside nothing but what it says that it needs, which is lent instead of installed anew."""
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    lend(needs(PathDistribution(zipfile.Path(wheel, dist_info(wheel)))), Path(site))
    constraints = ROOT / "constraints.txt"
    # pip refuses if anything is not there, or not in a version that will do.
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    install = [*pip, "install", "-q", "--no-index", "-c", str(constraints)]
    run = subprocess.run(
        [*install, str(wheel)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
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


def dist_info(wheel: Path) -> str:
    """Return the name of the folder in a wheel that says what it needs."""
    names = zipfile.ZipFile(wheel).namelist()
    (found,) = {name.split("/")[0] + "/" for name in names if ".dist-info/" in name}
    return found


def needs(wheel: Distribution) -> list[Distribution]:
    """Return what a distribution needs, and what that needs, as it is installed here."""
    found: dict[tuple[str, frozenset[str]], Distribution] = {}
    left: list[tuple[Distribution, frozenset[str]]] = [(wheel, frozenset())]
    while left:
        of, extras = left.pop()
        for each in map(Requirement, of.requires or []):
            wanted = (each.name, frozenset(each.extras))
            asked = each.marker is None or any(
                each.marker.evaluate({"extra": extra}) for extra in extras | {""}
            )
            if asked and wanted not in found:
                found[wanted] = distribution(each.name)
                left.append((found[wanted], wanted[1]))
    return list(found.values())


def lend(distributions: list[Distribution], site: Path) -> None:
    """Link distributions of this environment, and no others, into another."""
    for each in distributions:
        for name in {file.parts[0] for file in each.files or []} - {"..", "__pycache__"}:
            here, there = Path(str(each.locate_file(name))), site / name
            if not there.exists():
                there.symlink_to(here, target_is_directory=here.is_dir())
