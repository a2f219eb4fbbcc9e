"""What a shell completes: values by name; where no name fits, it completes files by itself."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from impasto.settings import FIELDS

#: What typer asks for the values that begin with a text.
Complete = Callable[[str], list[str]]


def fitting(names: Iterable[str], incomplete: str, *, files: bool = False) -> list[str]:
    """Return the names that begin with a text, and files beside them where those are values too."""
    found = [name for name in names if name.startswith(incomplete)]
    if not found or not files:
        return found
    paths = sorted(Path().glob(f"{incomplete}*")) if "/" not in incomplete else []
    return [*found, *(f"{path}/" if path.is_dir() else str(path) for path in paths)]


def one_of(*names: str, files: bool = False) -> Complete:
    """Return what completes one of some names, or a file."""
    return lambda incomplete: fitting(names, incomplete, files=files)


def values(rules: Mapping[str, Any]) -> Complete:
    """Return what completes the value of an option that `impasto.settings` declares."""
    names = list(map(str, rules.get("choices", rules.get("paths", ()))))
    files = "files" in rules or "paths" in rules

    def complete(incomplete: str) -> list[str]:
        if "parts" not in rules:
            return fitting(names, incomplete, files=files)
        before, plus, last = incomplete.rpartition("+")
        return [f"{before}{plus}{each}" for each in fitting(rules["parts"], last)]

    return complete


def setting_names(incomplete: str) -> list[str]:
    """Return the settings whose names begin with a text."""
    return fitting((name.replace("_", "-") for name in FIELDS), incomplete)


def styles(incomplete: str) -> list[str]:
    """Return the styles whose names begin with a text, and files beside them."""
    from impasto.gallery.names import list_styles

    return fitting((style.name for style in list_styles()), incomplete, files=True)


def weights(incomplete: str) -> list[str]:
    """Return the files of trained parameters whose names begin with a text."""
    from impasto.weights import CATALOGUE

    return fitting(CATALOGUE, incomplete)
