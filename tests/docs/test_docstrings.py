"""What docstrings show is true, and public names have one that says shapes, ranges and errors."""

import doctest
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from tests.docs.conftest import ROOT

import impasto
from impasto import gallery, images, losses, networks
from impasto.losses import STYLE_LOSSES

SHOWN = sorted(
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "src").rglob("*.py")
    if ">>>" in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", SHOWN)
def test_examples_in_docstrings(
    name: str, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = files[0].parent
    for source, copy in zip(files, ("harbour.jpg", "starry_night.jpg"), strict=True):
        impasto.open_picture(source).save(folder / copy)
        source.unlink()
    monkeypatch.chdir(folder)
    module = importlib.import_module(name)
    known = {**vars(module), "impasto": impasto, "np": np, "torch": torch}
    outcome = doctest.testmod(module, extraglobs=known, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    STYLE_LOSSES.pop("means", None)
    assert outcome.attempted
    assert not outcome.failed


def test_there_are_some() -> None:
    assert len(SHOWN) >= 10


@pytest.mark.parametrize("module", [impasto, networks, losses, images, gallery])
def test_public_names_are_documented(module: ModuleType) -> None:
    for name in module.__all__:
        value = getattr(module, name)
        if not callable(value):
            continue
        assert inspect.getdoc(value), name
        if module in (impasto, networks, losses) and inspect.isfunction(value):
            many = len(inspect.signature(value).parameters) > 1
            assert not many or "Args:" in (value.__doc__ or ""), name
