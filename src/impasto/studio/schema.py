"""The settings of a picture as a JSON Schema, for the page and for programs."""

from __future__ import annotations

from dataclasses import Field
from typing import Any

from impasto.settings import FIELDS, TYPES
from impasto.settings.methods import METHODS

#: Settings that name files of the machine, which nobody does here, or are a job of their own.
LEFT_OUT = ("weights", "init", "keep", "masks", "fine_style", "tune")
_JSON = {int: "integer", float: "number", str: "string", bool: "boolean"}


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an object of settings.

    `x-group` is the heading of a setting, `x-methods` are the methods that look at it.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {n: _property(n, each) for n, each in FIELDS.items() if n not in LEFT_OUT},
        "additionalProperties": False,
    }


def _property(name: str, each: Field[Any]) -> dict[str, Any]:
    rules = each.metadata
    if "items" in rules:
        said: dict[str, Any] = {"type": "array", "items": {"type": _JSON[rules["items"]]}}
    elif "choices" in rules and "parts" not in rules:
        said = {"enum": list(rules["choices"])}
    else:
        said = {"type": _JSON[TYPES[name]]}
    bounds = {"least": "minimum", "most": "maximum", "above": "exclusiveMinimum"}
    limits = {json: rules[rule] for rule, json in bounds.items() if rule in rules}
    (said["items"] if "items" in rules else said).update(limits)
    if each.default is None:
        said = {"anyOf": [said, {"type": "null"}]}
    default = list(each.default) if isinstance(each.default, tuple) else each.default
    used = [method for method, row in METHODS.items() if row.takes(name, rules["group"])]
    return {
        **said,
        "title": name.replace("_", " "),
        "description": rules["help"],
        "default": default,
        "x-group": rules["group"],
        "x-methods": used,
    }
