"""Check that what is written after the program still says what the program says; or write it again.

Usage: python tools/drift.py [--write]

Three pages are taken from the program: the help texts (docs/reference/commands.md), the public
names with their signatures (docs/reference/python.md), all options (docs/reference/settings.md).
So are the types of the options, for editors and type checkers (src/impasto/settings/typed.py).
"""

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import impasto
from impasto.cli.app import app
from impasto.cli.options import flag
from impasto.cli.recipes import default_of, values_of
from impasto.settings import FIELDS, TYPES

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
TYPED = ROOT / "src" / "impasto" / "settings" / "typed.py"
NOTE = "<!-- Written by `make docs`; `make check` compares it with the program. -->\n"


def commands(
    group: Any,  # noqa: ANN401
    path: tuple[str, ...] = (),
) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield all commands with their names, groups before what is in them."""
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


def help_text(command: tuple[str, ...], option: str) -> str:
    """Return the whole help of a command, as a plain terminal of 100 columns prints it."""
    colors = ("GITHUB_ACTIONS", "FORCE_COLOR", "PY_COLORS")
    given = {name: value for name, value in os.environ.items() if name not in colors}
    plain = {"TERMINAL_WIDTH": "100", "TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "100"}
    run = subprocess.run(
        [sys.executable, "-m", "impasto", *command, option],
        env={**given, **plain},
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    return "\n".join(line.rstrip() for line in run.stdout.strip("\n").splitlines())


def commands_page() -> str:
    """Return the page of all help texts."""
    parts = ["# Commands\n", NOTE]
    for path, command in commands(typer.main.get_command(app)):
        title = " ".join(("impasto", *path))
        names = {each.name for each in getattr(command, "params", ())}
        option = "--help-all" if "help_all" in names else "--help"
        parts.append(f"## `{title}`\n\n```text\n{help_text(path, option)}\n```\n")
    return "\n".join(parts)


def python_page() -> str:
    """Return the page of the public names: kind, signature, first line of the docstring."""
    parts = ["# Public names of `impasto`\n", NOTE]
    for name in impasto.__all__:
        value = getattr(impasto, name)
        if not callable(value):
            continue
        kind = "class" if inspect.isclass(value) else "def"
        plain = inspect.isclass(value) and issubclass(value, Exception)
        # Annotations are texts, and are shown without their quotes.
        signature = (
            "" if plain else re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(value)))
        )
        summary = (inspect.getdoc(value) or "").splitlines()[0]
        parts.append(f"```python\n{kind} {name}{signature}\n```\n\n{summary}\n")
    return "\n".join(parts)


def settings_page() -> str:
    """Return the tables of all options: flag, keyword, values, default, help."""
    parts = ["# Settings\n", NOTE]
    parts.append(
        "Every option of a run, once. On the command line it is `--like-this`, in Python and in "
        "recipes `like_this`.\n"
    )
    for group in dict.fromkeys(each.metadata["group"] for each in FIELDS.values()):
        rows = [f"## {group}\n", "| option | takes | default | |", "|---|---|---|---|"]
        for name, each in FIELDS.items():
            if each.metadata["group"] == group:
                cells = (
                    f"`{flag(name)}`",
                    values_of(name, "`"),
                    default_of(name, "`"),
                    each.metadata["help"],
                )
                rows.append("| " + " | ".join(cells) + " |")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def typed_module() -> str:
    """Return the module with the type of every option."""
    lines = [f"    {name}: {_type(name)}" for name in FIELDS]
    text = f'''"""The options of `Settings` with their types, for editors and type checkers.

Written by `make docs` after `impasto.settings.choices`; `make check` compares the two.
"""

from collections.abc import Sequence
from os import PathLike
from typing import Literal, TypedDict


class Options(TypedDict, total=False):
    """The options of `Settings`."""

{chr(10).join(lines)}
'''
    command = [sys.executable, "-m", "ruff", "format", "-"]
    run = subprocess.run(
        command, input=text, capture_output=True, text=True, check=True, cwd=ROOT, encoding="utf-8"
    )
    return run.stdout


def _type(name: str) -> str:
    """Return the type of the values that an option takes."""
    rules, kind = FIELDS[name].metadata, TYPES[name]
    word = "str | PathLike[str]" if "paths" in rules or "files" in rules else "str"
    if "choices" in rules:
        types = f"Literal[{', '.join(map(repr, rules['choices']))}]"
        if "files" in rules or isinstance(rules["choices"], list):  # users can add their own
            types += f" | {word}"
    else:
        item = rules.get("items", kind)
        types = word if item is str else item.__name__
        if "words" in rules:
            types += f" | Literal[{', '.join(map(repr, rules['words']))}]"
        if kind is tuple:
            types = f"Sequence[{types}] | {types}" + (" | str" if item is not str else "")
    return f"{types} | None" if FIELDS[name].default is None else types


def main(write: bool) -> int:
    """Compare or write the files; return the exit status."""
    pages = {
        REFERENCE / "commands.md": commands_page(),
        REFERENCE / "python.md": python_page(),
        REFERENCE / "settings.md": settings_page(),
        TYPED: typed_module(),
    }
    stale = []
    for path, page in pages.items():
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != page:
            stale.append(str(path.relative_to(ROOT)))
    for name in stale:
        print(f"{name} is not what the program says: run make docs and read the difference")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] == ["--write"]))
