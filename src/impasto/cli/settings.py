"""`impasto settings`: every setting of a picture, and one in full."""

import shutil
import textwrap

from impasto.cli import completion
from impasto.cli.options import argument, flag
from impasto.cli.terminal import echo
from impasto.settings import FIELDS, TYPES
from impasto.settings.declaration import check_known
from impasto.settings.methods import METHODS

_KINDS = {int: "whole number", float: "number", str: "word", bool: "yes or no"}
_LISTS = {float: "numbers", int: "whole numbers", str: "names"}


def settings(
    name: str | None = argument(
        None, "One of them, in full.", autocompletion=completion.setting_names
    ),
) -> None:
    """List all settings, which are options of stylize, video, batch and others, or show one.

    On the command line a setting is --like-this, in Python and in recipes like_this.

    Example: impasto settings style-loss
    """
    if name is not None:
        _print_one(name.lstrip("-").replace("-", "_"))
        return
    columns, width = shutil.get_terminal_size().columns, max(map(len, map(flag, FIELDS)))
    indent = " " * (width + 4)
    for group in dict.fromkeys(each.metadata["group"] for each in FIELDS.values()):
        echo(f"{group}:")
        for each in FIELDS.values():
            if each.metadata["group"] == group:
                text = f"{each.metadata['help']} [{default_of(each.name)}]"
                begin = f"  {flag(each.name):<{width}}  "
                echo(*textwrap.wrap(text, columns, initial_indent=begin, subsequent_indent=indent))


def _print_one(name: str) -> None:
    check_known(name, FIELDS)
    rules = FIELDS[name].metadata
    echo(f"{flag(name)}: {rules['help']}")
    echo(f"  takes     {values_of(name)}")
    echo(f"  default   {default_of(name)}")
    echo(f"  Python    {name}")
    used = [each for each, row in METHODS.items() if row.takes(name, rules["group"])]
    echo(f"  methods   {', '.join(used)}")


def values_of(name: str, quote: str = "") -> str:
    """Return the values that a setting takes, in words.

    Args:
        name: Of the setting.
        quote: What stands before and after words to be typed.
    """
    rules = FIELDS[name].metadata
    if "choices" in rules:
        files = [f"a {quote}{each}{quote} file" for each in rules.get("files", ())]
        return ", ".join([*(f"{quote}{each}{quote}" for each in rules["choices"]), *files])
    if "items" in rules:
        return f"a list of {_LISTS[rules['items']]}"
    least, most, above = (rules.get(each) for each in ("least", "most", "above"))
    most = None if most == 2**63 - 1 else most
    limits = [f"above {above:g}"] if above is not None else []
    limits += [f"{least:g} to {most:g}"] if least is not None and most is not None else []
    limits += [f"at least {least:g}"] if least is not None and most is None else []
    return ", ".join([_KINDS[TYPES[name]], *limits])


def default_of(name: str, quote: str = "") -> str:
    """Return a setting's default in words; `quote` as in `values_of`."""
    each = FIELDS[name]
    if "shown" in each.metadata:
        return str(each.metadata["shown"])
    if isinstance(each.default, bool):
        return "yes" if each.default else "no"
    many = each.default if isinstance(each.default, tuple) else (each.default,)
    return ", ".join(f"{quote}{value}{quote}" for value in many)
