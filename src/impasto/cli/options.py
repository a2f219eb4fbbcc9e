"""The options of `Settings` on the command line, and those that several commands share.

A shell completes their values by name; where no name fits, it completes files by itself.
"""

import functools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import Field, fields
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperCommand, TyperGroup
from typer.models import OptionInfo

from impasto.cli.terminal import say, status_of
from impasto.errors import SettingsError
from impasto.settings import FIELDS
from impasto.settings.choices import Choices
from impasto.settings.declaration import plain_types

Function = Callable[..., None]  # of which a command is made
#: The panel of a command's own options that only `--help-all` shows.
MORE = "More"
#: Longest list of values that stands beside an option, in the whole help and in the short one;
#: longer ones are in the sentence about it.
_WIDEST, _WIDEST_BRIEF = 26, 16
#: Letters of options, in all commands that have them.
_LETTERS = {"output": ("-o",), "styles": ("-s",), "style": ("-s",), "content": ("-c",)}

Force = Annotated[bool, typer.Option("--force", "-f", help="Replace an existing output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result and warnings only.")]
Browser = Annotated[bool, typer.Option("--browser", help="Open the page in the browser.")]
_MASK = "Paint a style where a mask is white: sky.png=wave.jpg; STYLE paints the rest. Repeatable."
Masks = Annotated[list[str] | None, typer.Option(help=_MASK, metavar="MASK=STYLE")]
_WHERE = "Paint styles where things are found: person=a.jpg background=b.jpg; also sky, face."
_REGION: Any = {"help": _WHERE, "metavar": "REGION=STYLE…", "rich_help_panel": MORE}
Where = Annotated[list[str] | None, typer.Option(**_REGION)]
Table = Annotated[Path | None, typer.Option(help="Save all numbers as .csv.", metavar="FILE")]


def _fitting(names: Iterable[str], incomplete: str, *, files: bool = False) -> list[str]:
    """Return the names that begin with a text, and files beside them where those are values too."""
    found = [name for name in names if name.startswith(incomplete)]
    if not found or not files:
        return found
    paths = sorted(Path().glob(f"{incomplete}*")) if "/" not in incomplete else []
    return [*found, *(f"{path}/" if path.is_dir() else str(path) for path in paths)]


def one_of(*names: str, files: bool = False) -> Callable[[str], list[str]]:
    """Return what completes one of some names, or a file."""
    return lambda incomplete: _fitting(names, incomplete, files=files)


def _values_of(rules: Mapping[str, Any]) -> Callable[[str], list[str]]:
    """Return what completes the value of an option that `impasto.settings` declares."""
    names = list(map(str, rules.get("choices", rules.get("paths", rules.get("words", ())))))
    files = "files" in rules or "paths" in rules

    def complete(incomplete: str) -> list[str]:
        if "parts" not in rules:
            return _fitting(names, incomplete, files=files)
        before, plus, last = incomplete.rpartition("+")
        return [f"{before}{plus}{each}" for each in _fitting(rules["parts"], last)]

    return complete


def style_names(incomplete: str) -> list[str]:
    """Return the styles whose names begin with a text, and files beside them."""
    from impasto.gallery.names import list_styles

    return _fitting((style.name for style in list_styles()), incomplete, files=True)


def own(default: Any, help: str, *flags: str, **how: Any) -> Any:  # noqa: ANN401
    """Return an option of one command; with the default ... it must be given.

    Spellings are those that `spelled` gives it where no flags are given. A metavar such as
    `local|ray` names the values, which a shell then completes.
    """
    if default not in ("", None, ...) and not isinstance(default, bool | Path):
        help += rf" \[{default}]"
    values = how.get("metavar", "").split("|")
    if len(values) > 1:
        how["autocompletion"] = one_of(*values)
    return typer.Option(default, *flags, help=help, show_default=False, **how)


def more(default: Any, help: str, *flags: str, **how: Any) -> Any:  # noqa: ANN401
    """Return an option of one command that only `--help-all` shows; see `own`."""
    return own(default, help, *flags, rich_help_panel=MORE, **how)


def spelled(command: Function) -> Function:
    """Give options of a command their letter, and no `--no-` to those that are off anyway."""
    for name, each in signature(command).parameters.items():
        option, letters = each.default, _LETTERS.get(name, ())
        if not isinstance(option, OptionInfo) or option.param_decls:
            continue
        if option.default is False or letters:
            option.param_decls = (flag(name), *letters)
    return command


def argument(default: Any, help: str, **how: Any) -> Any:  # noqa: ANN401
    """Return an argument of one command; see `own`."""
    return typer.Argument(default, help=help, **how)


def style_pictures(default: Any = None) -> Any:  # noqa: ANN401
    """Return the argument of the styles; see `own`."""
    help = "What to paint like: files, or names (see `impasto styles`)."
    return argument(default, help, metavar="STYLE...", autocompletion=style_names)


@contextmanager
def stopping(message: str | Callable[[], str]) -> Iterator[None]:
    """Make Ctrl-C one line and the usual exit status; what returns the line is called then."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        say(message if isinstance(message, str) else message())
        raise typer.Exit(status_of(interrupt)) from None


#: Makes Ctrl-C before the first step of a command one line and the usual exit status.
interruptible = stopping("stopped before anything was painted")


class Group(TyperGroup):
    """All commands: what stops one that has no line of its own for it is one line, too."""

    make_context = stopping("stopped")(TyperGroup.make_context)
    invoke = stopping("stopped")(TyperGroup.invoke)


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
        """Repeat an option of many values before each of them; a plain name ends those with =."""
        metavars = {o: each.metavar or "" for each in self.params for o in each.opts}
        many = {option: metavar for option, metavar in metavars.items() if metavar.endswith("…")}
        spread: list[str] = []
        option, wanting = "", False
        for arg in args:
            if arg.startswith("-"):
                option, wanting = _begun(arg, many)
            elif option and not wanting and "=" in many[option] and "=" not in arg:
                option = ""
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
    names = sorted((name for name in known if "_" in name), key=len, reverse=True)
    if names:
        message = re.sub(rf"\b({'|'.join(names)})\b", lambda m: flag(m[0]), message)
    first, _, rest = message.partition(" ")
    return f"{flag(first)} {rest}" if first in known else message


def _keyword(name: str, kind: Any, option: Any, default: Any) -> Parameter:  # noqa: ANN401
    kept = Annotated[kind, option]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kept)


def _with_signature(command: Function, parameters: Sequence[Parameter], call: Function) -> Function:
    """Return `call`, which gets the name of a command and its parameters from here on."""
    wrapped = functools.wraps(command)(call)
    wrapped.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
    return wrapped


def with_help_all(command: Function) -> Function:
    """Give a command the option `--help-all`."""

    def call(help_all: bool, **arguments: object) -> None:
        command(**arguments)

    shown = typer.Option("--help-all", help="Show all options.", is_eager=True, callback=_show_all)
    known = signature(command).parameters.values()
    return _with_signature(command, [*known, _keyword("help_all", bool, shown, False)], call)


def _show_all(context: typer.Context, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        vars(context.command).update(whole=True)
        typer.echo(context.get_help())
        raise typer.Exit


def with_settings(command: Function, without: Collection[str] = ()) -> Function:
    """Give a command that paints the settings as options; `options` are those that were given."""
    return interruptible(with_help_all(with_options(command, Choices, dict, without)))


def with_options(
    command: Function, owner: type, make: type | None = None, without: Collection[str] = ()
) -> Function:
    """Give a command the fields of a dataclass as options; its `options` are one of these.

    Something else is made of those that were given, if `make` does.
    """
    types, known = plain_types(owner), [e for e in fields(owner) if e.name not in without]

    def call(**arguments: Any) -> None:  # noqa: ANN401
        given = {each.name: arguments.pop(each.name) for each in known}
        try:
            options = (make or owner)(**{n: v for n, v in given.items() if v is not None})
        except SettingsError as error:
            raise SettingsError(in_flags(str(error), given)) from error
        command(**arguments, options=options)

    kept = [p for p in signature(command).parameters.values() if p.name != "options"]
    added = [_parameter(each, types[each.name]) for each in known]
    first = sorted(added, key=lambda each: each.default is not Parameter.empty)
    return _with_signature(command, [*kept, *first], call)


def _parameter(each: Field[Any], plain: type) -> Parameter:
    name, rules = each.name, each.metadata
    if "argument" in rules:
        shown = typer.Argument(help=rules["help"], show_default=False)
        return _keyword(name, plain, shown, Parameter.empty)
    kind: Any = plain
    if "repeated" in rules or "items" in rules or "words" in rules:
        kind = list[str] if "repeated" in rules else str
    value = rules.get("shown", each.default)
    said = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    option = typer.Option(
        flag(name),
        *rules.get("aliases", ()),
        help=rules["help"] + ("" if value in ("", None) or value is False else rf" \[{said}]"),
        rich_help_panel=rules.get("group"),
        metavar=_metavar(kind, rules),
        show_default=False,
        autocompletion=_values_of(rules),
    )
    return _keyword(name, Optional[kind], option, None)  # noqa: UP045


def _metavar(kind: type, rules: Mapping[str, Any]) -> str | None:
    if "metavar" in rules:
        return str(rules["metavar"])
    if "items" in rules:
        return "LIST"
    if "words" in rules:
        return "|".join(("N", *rules["words"]))
    if "choices" in rules:
        values = "|".join(map(str, rules["choices"]))
        return values if len(values) <= _WIDEST else "NAME"
    return {int: "N", float: "X", str: "TEXT"}.get(kind)
