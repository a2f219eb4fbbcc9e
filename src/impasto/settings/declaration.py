"""Declaring an option once, with all that the command line and the checks need."""

import difflib
import importlib
import math
import operator
import os
import reprlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import Field, field, fields
from typing import Any, get_args, get_type_hints

from impasto.errors import SettingsError

#: The types of options and what they are called in messages.
SCALARS = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
_LIMITS = (
    ("least", operator.lt, "at least"),
    ("above", operator.le, "above"),
    ("most", operator.gt, "at most"),
)
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 120
_LONGEST_NAME, _MOST_PARTS = 60, 16


def option(default: Any, help: str, group: str, **metadata: Any) -> Any:  # noqa: ANN401
    """Declare one field of `Settings` with what the command line and the checks need.

    Besides default, help (one line) and the group it stands in: `choices` (allowed values), `files`
    (endings of files that are allowed too), `least` and `most` (inclusive bounds), `above`
    (exclusive bound), `parts` (words that a + may join), `shown` (the default in words), `items` (a
    tuple's element type), `paths` (words beside which file names are allowed, which may have
    spaces), `words` (that stand for values beyond the bounds), `aliases` (other spellings on the
    command line), `brief` (the short help has it).
    """
    return field(default=default, metadata={"help": help, "group": group, **metadata})


def plain_types(owner: type) -> dict[str, type]:
    """Return the type of each option of a dataclass: int, float, str, bool or tuple."""
    hints = get_type_hints(owner)
    return {
        each.name: tuple
        if "items" in each.metadata
        else next(k for k in (hints[each.name], *get_args(hints[each.name])) if k in SCALARS)
        for each in fields(owner)
    }


def checked(declared: Field[Any], value: Any, kind: type) -> Any:  # noqa: ANN401
    """Return a value in its option's own type, which is one of `plain_types`.

    Raises:
        SettingsError: It is out of range or of the wrong type, or None where that is no default.
    """
    name, rules = declared.name, declared.metadata
    if value is None:
        if declared.default is None:
            return None
        raise SettingsError(f"{name} must have a value")
    if "items" in rules:
        if isinstance(value, str):
            text = value if "paths" in rules else ",".join(value.split())
            value = [part.strip() for part in text.split(",") if part.strip()]
        many = list(value) if isinstance(value, Iterable) else [value]
        if not many:
            raise SettingsError(f"{name} is empty: give at least one value")
        return tuple(_one(name, item, rules["items"], rules) for item in many)
    return _one(name, value, kind, rules)


def _one(name: str, value: Any, kind: type, rules: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if kind is str and isinstance(value, os.PathLike):
        value = os.fspath(value)
    for word, meant in rules.get("words", {}).items():
        if str(value) in (word, str(meant)):
            return meant
    try:
        # Through float only what is one: it cannot hold the largest seeds.
        whole = kind is not int or not isinstance(value, float) or value.is_integer()
        result = kind(value) if whole and isinstance(value, bool) == (kind is bool) else None
    except (TypeError, ValueError, OverflowError):
        result = None
    if result is None or (kind is str and not isinstance(value, str)):
        words = " or ".join((SCALARS[kind], *rules.get("words", ())))
        raise SettingsError(f"{name} must be {words}, not {_BRIEF.repr(value)}")
    _within(name, result, rules)
    return result


def _within(name: str, value: Any, rules: Mapping[str, Any]) -> None:  # noqa: ANN401
    choices, files = rules.get("choices"), rules.get("files", ())
    if choices is not None and value not in choices and not str(value).lower().endswith(files):
        known = ", ".join(map(str, (*choices, *(f"a {each} file" for each in files))))
        raise SettingsError(f"{name} must be one of {known}; not {_BRIEF.repr(value)}")
    parts = str(value).split("+") if "parts" in rules else []
    if unknown := [part for part in parts if part not in rules["parts"]]:
        words = ", ".join(rules["parts"])
        raise SettingsError(f"{name} is made of {words}, joined by +; not of {unknown[0][:99]!r}")
    if len(parts) > _MOST_PARTS:
        raise SettingsError(f"{name} has {len(parts)} parts: {_MOST_PARTS} at most")
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingsError(f"{name} must be a finite number, not {value}")
    for rule, is_broken, words in _LIMITS:
        if rule in rules and is_broken(value, rules[rule]):
            raise SettingsError(f"{name} must be {words} {rules[rule]}, not {value}")


def check_known(name: str, known: Iterable[str]) -> None:
    """Raise a `SettingsError` for a name that no option has, and offer the nearest."""
    known = list(known)
    if name not in known:
        name = name[:_LONGEST_NAME]
        near = difflib.get_close_matches(name, known, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"
        raise SettingsError(f"there is no setting {name!r}; {hint}")


def check_own_name(name: str, taken: Collection[str]) -> None:
    """Raise a `SettingsError` for a name of the user's own that is no identifier, or taken."""
    if name in taken or not name.isidentifier():
        raise SettingsError(
            f"{name!r} cannot be a name of your own: take one of letters, digits and _, "
            f"other than {', '.join(taken)}"
        )


def load(target: str | Callable[..., Any]) -> Callable[..., Any]:
    """Return what a row names as `"module:name"`; importing it is put off until then."""
    if callable(target):
        return target
    module, _, name = target.partition(":")
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    except (AttributeError, ModuleNotFoundError) as error:
        if isinstance(error, ModuleNotFoundError) and not module.startswith(str(error.name)):
            raise
        raise SettingsError(f"there is no {target}: a row names it as module:name") from error
    return found
