"""The options of `Settings` on the command line, and those that several commands share."""

import functools
import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import Field
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperCommand, TyperGroup

from impasto.cli import completion
from impasto.cli.signals import status_of
from impasto.cli.terminal import echo
from impasto.settings import FIELDS, TYPES

#: The panel of a command's own options that only `--help-all` shows.
MORE = "More"
#: Longest list of values that stands beside an option, in the whole help and in the short one;
#: longer ones are in the sentence about it.
_WIDEST, _WIDEST_BRIEF = 26, 16

Force = Annotated[bool, typer.Option("--force", "-f", help="Replace an existing output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only.")]
Browser = Annotated[bool, typer.Option("--browser", help="Open the page in the browser.")]
Table = Annotated[Path | None, typer.Option(help="Save all numbers as .csv.", metavar="FILE")]


def own(default: Any, help: str, *flags: str, more: bool = False, **how: Any) -> Any:  # noqa: ANN401
    """Return an option of one command.

    Args:
        default: Its value when it is not given; ...: it must be given.
        help: What it is.
        *flags: Its spellings, if they do not follow from the parameter's name.
        more: Whether only `--help-all` shows it.
        **how: Of `typer.Option`: `metavar`, `min`, `max`, `autocompletion` …
    """
    if default not in ("", None, ...) and not isinstance(default, bool | Path):
        help += rf" \[{default}]"
    panel = MORE if more else None
    return typer.Option(
        default, *flags, help=help, rich_help_panel=panel, show_default=False, **how
    )


def argument(default: Any, help: str, **how: Any) -> Any:  # noqa: ANN401
    """Return an argument of one command; see `own`."""
    return typer.Argument(default, help=help, **how)


def style_pictures(default: Any = None) -> Any:  # noqa: ANN401
    """Return the argument of the styles; see `own`."""
    help = "What to paint like: files, or names (see `impasto styles`)."
    return argument(default, help, metavar="STYLE...", autocompletion=completion.styles)


class Group(TyperGroup):
    """All commands: what stops one that has no line of its own for it is one line, too."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command."""
        with stopping("stopped"):
            return super().invoke(ctx)


class Command(TyperCommand):
    """A command of `impasto`.

    If it has `--help-all`, `--help` leaves out what is in a panel: settings, but for some, and what
    is `more`. An option whose metavar ends in … takes all values up to the next option, as a
    pattern that the shell wrote out gives them.
    """

    whole = False

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the help."""
        brief_help = not self.whole and any(each.name == "help_all" for each in self.params)
        for param in self.params if brief_help else ():
            if getattr(param, "rich_help_panel", None) is None:
                continue
            brief = param.name in FIELDS and "brief" in FIELDS[param.name].metadata
            vars(param).update(hidden=not brief, rich_help_panel=None)
            if len(param.metavar or "") > _WIDEST_BRIEF:
                param.metavar = "NAME"
        super().format_help(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Repeat an option of many values before each of them."""
        many = {o for each in self.params if (each.metavar or "").endswith("…") for o in each.opts}
        spread: list[str] = []
        option, wanting = "", False
        for arg in args:
            if arg.startswith("-"):
                option, wanting = _begun(arg, many)
            elif option:
                spread += [] if wanting else [option]
                wanting = False
            spread.append(arg)
        return super().parse_args(ctx, spread)


def _begun(arg: str, many: Collection[str]) -> tuple[str, bool]:
    """Return which option of many values an argument begins, and whether one is to come."""
    name, equals, _ = arg.partition("=")
    if name in many:
        return name, not equals
    if re.fullmatch("-[a-z]+", arg) and f"-{arg[-1]}" in many:  # -qs
        return f"-{arg[-1]}", True
    return (arg[:2], False) if arg[:2] in many else ("", False)  # -sa.jpg


def flag(name: str) -> str:
    """Return a setting's spelling on the command line: `style_weights` -> `--style-weights`."""
    return "--" + name.replace("_", "-")


def in_flags(message: str, known: Collection[str] = FIELDS) -> str:
    """Return a message of the library with the settings it names spelled as options."""
    names = "|".join(sorted((n for n in known if "_" in n), key=len, reverse=True))
    message = re.sub(rf"\b({names})\b", lambda m: flag(m[0]), message)
    first, _, rest = message.partition(" ")
    return f"{flag(first)} {rest}" if first in known else message


def keyword(name: str, kind: Any, option: Any, default: Any) -> inspect.Parameter:  # noqa: ANN401
    """Return the parameter of a command that an option or an argument sets."""
    annotation = Annotated[kind, option]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def with_parameters(
    command: Callable[..., None], parameters: Sequence[inspect.Parameter], call: Callable[..., None]
) -> Callable[..., None]:
    """Return a function with the name of a command and other parameters."""

    @functools.wraps(command)
    def wrapped(**arguments: object) -> None:
        call(**arguments)

    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
    return wrapped


def with_help_all(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option `--help-all`."""

    def call(help_all: bool, **arguments: object) -> None:
        command(**arguments)

    shown = typer.Option("--help-all", help="Show all options.", is_eager=True, callback=_show_all)
    known = inspect.signature(command).parameters.values()
    return with_parameters(command, [*known, keyword("help_all", bool, shown, False)], call)


def _show_all(context: typer.Context, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        vars(context.command).update(whole=True)
        typer.echo(context.get_help())
        raise typer.Exit


def with_settings(
    command: Callable[..., None], without: Collection[str] = ()
) -> Callable[..., None]:
    """Give a command that paints the settings as options; `options` are those that were given.

    Args:
        command: Its own options stay.
        without: Settings that it does not take.
    """
    known = {name: each for name, each in FIELDS.items() if name not in without}
    return interruptible(with_help_all(with_fields(known, TYPES)(command)))


def with_fields(
    known: Mapping[str, Field[Any]], types: Mapping[str, type]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what gives a command the fields of a class as options, as `options` likewise."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def call(**arguments: Any) -> None:  # noqa: ANN401
            given = {name: arguments.pop(name) for name in known}
            options = {name: value for name, value in given.items() if value is not None}
            command(**arguments, options=options)

        kept = [p for p in inspect.signature(command).parameters.values() if p.name != "options"]
        added = [_parameter(name, each, types[name]) for name, each in known.items()]
        return with_parameters(command, [*kept, *added], call)

    return decorate


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
        autocompletion=completion.values(rules),
    )
    return keyword(name, Optional[kind], option, None)  # noqa: UP045


def _default(each: Field[Any], rules: Mapping[str, Any]) -> str:
    if each.default is False:
        return ""
    value = rules.get("shown", each.default)
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return rf"\[{text}]"


def _metavar(kind: type, rules: Mapping[str, Any]) -> str | None:
    if "items" in rules:
        return "LIST"
    if "choices" in rules:
        values = "|".join(map(str, rules["choices"]))
        return values if len(values) <= _WIDEST else "NAME"
    return {int: "N", float: "X", str: "TEXT"}.get(kind)


def say(message: str, quiet: bool = False) -> None:
    """Print a line for the person at the terminal, aside from the output; if nobody reads, fine."""
    with suppress(OSError, ValueError):  # a reader of our lines may have been ended before us
        if not quiet:
            echo(message, file=sys.stderr)


@contextmanager
def stopping(message: str | Callable[[], str]) -> Iterator[None]:
    """Make Ctrl-C one line and the usual exit status; what returns the line is called then."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        say(message if isinstance(message, str) else message())
        raise typer.Exit(status_of(interrupt)) from None


def interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """Make Ctrl-C before the first step one line and the usual exit status."""

    @functools.wraps(command)
    def wrapped(*arguments: object, **options: object) -> None:
        with stopping("stopped before anything was painted"):
            command(*arguments, **options)

    return wrapped
