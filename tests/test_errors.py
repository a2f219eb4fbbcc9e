"""A missing extra is told with a command that works wherever impasto came from."""

import shutil
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from impasto.errors import MissingExtraError, install_command, packages_of

ROOT = Path(__file__).parents[1]


def test_the_command_names_the_packages_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: sys.executable)
    said = str(MissingExtraError("a plot", "lab"))
    assert said.startswith('a plot needs more packages: python -m pip install "')
    assert '"matplotlib>=' in said
    assert "impasto" not in said.partition(":")[2]
    assert {Requirement(each).name for each in packages_of("lab")} == {"matplotlib", "scikit-image"}


def test_another_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first on the path need not be the one that runs: nothing is activated."""
    monkeypatch.setattr(shutil, "which", lambda name: "/elsewhere/python")
    assert install_command("video").startswith(f'"{sys.executable}" -m pip install "av>=')


def test_from_a_checkout_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", unknown)
    assert install_command("lab").endswith(f' -m pip install "{ROOT}[lab]"')
