"""The settings as controls of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field
from typing import Any

import gradio as gr

from impasto.settings import FIELDS, TYPES

#: Settings that have a place of their own on the page, or none.
MAIN = ("size", "strength", "color", "style_weights", "tune")
#: What a list offers for "nothing is said".
_UNSAID = "—"


def advanced() -> dict[str, gr.components.Component]:
    """Lay out a control for every setting but the main ones, by group; return them by name."""
    controls: dict[str, gr.components.Component] = {}
    groups = dict.fromkeys(each.metadata["group"] for each in FIELDS.values())
    for group in groups:
        named = [
            n for n, each in FIELDS.items() if each.metadata["group"] == group and n not in MAIN
        ]
        with gr.Accordion(group, open=group == "Method"), gr.Row():
            for name in named:
                controls[name] = _control(name, FIELDS[name])
    return controls


def given(controls: Mapping[str, object], values: tuple[object, ...]) -> dict[str, object]:
    """Return the settings that were said, by name, as `Settings.from_dict` takes them."""
    said = zip(controls, values, strict=True)
    return {name: value for name, value in said if value not in (None, "", _UNSAID, False)}


def filled(controls: Mapping[str, object], settings: Mapping[str, Any]) -> list[object]:
    """Return what the controls show for settings: nothing where they are the default."""
    return [_shown(name, settings.get(name)) for name in controls]


def _shown(name: str, value: Any) -> object:  # noqa: ANN401
    default = FIELDS[name].default
    if TYPES[name] is bool:
        return bool(value)
    unsaid = _UNSAID if "choices" in FIELDS[name].metadata else ""
    if value is None or value == default or value == _listed(default):
        return unsaid
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _listed(default: Any) -> Any:  # noqa: ANN401
    """Return a default as recipes have it."""
    return list(default) if isinstance(default, tuple) else default


def _control(name: str, each: Field[Any]) -> gr.components.Component:
    rules = each.metadata
    label = name.replace("_", " ")
    if TYPES[name] is bool:
        return gr.Checkbox(False, label=label, info=rules["help"], min_width=220)
    default = rules.get("shown", each.default)
    text = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
    if "choices" in rules:
        choices = [_UNSAID, *map(str, rules["choices"])]
        info = f"{rules['help']} Without: {text}."
        return gr.Dropdown(choices, value=_UNSAID, label=label, info=info, min_width=220)
    return gr.Textbox(
        "", label=label, info=rules["help"], placeholder=text, max_lines=1, min_width=220
    )
