"""What requests say: FastAPI checks them, and describes them in the OpenAPI document."""

from dataclasses import Field as Declared
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from impasto.settings import FIELDS, TYPES
from impasto.settings.methods import METHODS

MOST_STYLES, _MOST_PICTURES = 16, 200
#: Settings that name files of the machine, which nobody does here, or are a job of their own.
LEFT_OUT = ("weights", "init", "masks", "fine_style", "tune")
_JSON = {int: "integer", float: "number", str: "string", bool: "boolean"}
#: An id that the studio gave.
Id = Annotated[str, Field(max_length=64)]
Mask = Annotated[Id | None, Field(description="White where the style is, or the photo stays.")]


class PlainStyleBody(BaseModel, extra="forbid"):
    """A style: one with a name, or an upload."""

    name: Annotated[str, Field(max_length=200)] | None = None
    file: Id | None = None


class StyleBody(PlainStyleBody):
    """A style among others."""

    weight: Annotated[float, Field(ge=0, le=1e6)] = 1.0
    mask: Mask = None


class _InStyles(BaseModel, extra="forbid"):
    styles: Annotated[list[StyleBody], Field(min_length=1, max_length=MOST_STYLES)]
    settings: dict[str, Any] = {}


class PaintBody(_InStyles):
    """A picture in styles, with settings by name."""

    content: Id
    keep: Mask = None


class PictureBody(PaintBody):
    """A picture, painted step by step."""

    kind: Literal["picture"]


class ExploreBody(PaintBody):
    """Variants of a picture, small."""

    kind: Literal["explore"]
    vary: dict[str, list[Any]] | None = Field(
        default=None, description="Settings and their values; none: what is usually worth varying."
    )


class BatchBody(BaseModel, extra="forbid"):
    """Every content in every style."""

    kind: Literal["batch"]
    styles: Annotated[list[PlainStyleBody], Field(min_length=1, max_length=MOST_STYLES)]
    settings: dict[str, Any] = {}
    contents: Annotated[list[Id], Field(min_length=1, max_length=_MOST_PICTURES)]


class VideoBody(_InStyles):
    """A clip, painted without flicker."""

    kind: Literal["video"]
    clip: Id
    stability: Annotated[float, Field(ge=0, le=1)] = 0.9


class TuneBody(BaseModel, extra="forbid"):
    """A style, learned for some minutes."""

    kind: Literal["tune"]
    style: PlainStyleBody
    minutes: Annotated[float, Field(gt=0, le=60)] = 1.0


RunBody = Annotated[
    PictureBody | ExploreBody | BatchBody | VideoBody | TuneBody, Field(discriminator="kind")
]


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


def _property(name: str, each: Declared[Any]) -> dict[str, Any]:
    rules = each.metadata
    if "items" in rules:
        said: dict[str, Any] = {"type": "array", "items": {"type": _JSON[rules["items"]]}}
    elif words := ("parts" not in rules and rules.get("choices")) or rules.get("paths"):
        said = {"enum": list(words)}  # of paths: what may stand for a file
    else:
        said = {"type": _JSON[TYPES[name]]}
    bounds = {"least": "minimum", "most": "maximum", "above": "exclusiveMinimum"}
    limits = {json: rules[rule] for rule, json in bounds.items() if rule in rules}
    (said["items"] if "items" in rules else said).update(limits)
    if each.default is None:
        said = {"anyOf": [said, {"type": "null"}]}
    default = list(each.default) if isinstance(each.default, tuple) else each.default
    return {
        **said,
        "title": name.replace("_", " "),
        "description": rules["help"],
        "default": default,
        "x-group": rules["group"],
        "x-methods": [method for method, row in METHODS.items() if row.takes(name, rules["group"])],
    }
