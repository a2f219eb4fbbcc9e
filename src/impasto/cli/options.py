"""The options of `Settings` as options of the command line."""

import functools
import inspect
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import Field
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Optional

import typer

from impasto.settings import FIELDS, TYPES

#: Exit status of a command that Ctrl-C ended, as shells have it: 128 + SIGINT.
INTERRUPTED = 130


class Folders(NamedTuple):
    """Where pictures may be taken from: at random, and for a recipe."""

    random: Sequence[Path]
    look_in: Sequence[Path]


def flag(name: str) -> str:
    """Return a setting's spelling on the command line: `style_weights` -> `--style-weights`."""
    return "--" + name.replace("_", "-")


def in_flags(message: str, known: Collection[str] = FIELDS) -> str:
    """Return a message of the library with the settings it names spelled as options."""
    names = "|".join(sorted((n for n in known if "_" in n), key=len, reverse=True))
    message = re.sub(rf"\b({names})\b", lambda m: flag(m[0]), message)
    first, _, rest = message.partition(" ")
    return f"{flag(first)} {rest}" if first in known else message


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all settings as options; it receives those that were given as `options`."""
    return with_fields(FIELDS, TYPES)(command)


def with_fields(
    known: Mapping[str, Field[Any]], types: Mapping[str, type]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what gives a command the fields of a class as options, as `options` likewise."""
    return functools.partial(_with_fields, known, types)


def _with_fields(
    known: Mapping[str, Field[Any]], types: Mapping[str, type], command: Callable[..., None]
) -> Callable[..., None]:
    own = inspect.signature(command).parameters
    kept = [p for p in own.values() if p.name != "options"]
    settings = [_parameter(name, each, types[name]) for name, each in known.items()]

    @functools.wraps(command)
    def wrapped(**arguments: Any) -> None:  # noqa: ANN401
        given = {name: arguments.pop(name) for name in known}
        options = {name: value for name, value in given.items() if value is not None}
        command(**arguments, options=options)

    parameters = [*kept, *settings]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapped


def _parameter(name: str, each: Field[Any], plain: type) -> inspect.Parameter:
    rules = each.metadata
    kind = str if "items" in rules else plain
    option = typer.Option(
        flag(name),
        *rules.get("aliases", ()),
        help=f"{rules['help']} {_default(each, rules)}",
        rich_help_panel=rules["group"],
        metavar=_metavar(kind, rules),
        show_default=False,
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[Optional[kind], option],  # noqa: UP045
    )


def _default(each: Field[Any], rules: Mapping[str, Any]) -> str:
    if each.default is False:
        return ""
    value = rules.get("shown", each.default)
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return rf"\[{text}]"


def _metavar(kind: type, rules: Mapping[str, Any]) -> str | None:
    if "choices" in rules:
        return "|".join(map(str, (*rules["choices"], *(["FILE"] if "files" in rules else []))))
    if "items" in rules:
        return "LIST"
    return {int: "N", float: "X", str: "TEXT"}.get(kind)


def interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """Make Ctrl-C before the first step one line and the usual exit status."""

    @functools.wraps(command)
    def wrapped(*arguments: object, **options: object) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            print("stopped before anything was painted", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None

    return wrapped
