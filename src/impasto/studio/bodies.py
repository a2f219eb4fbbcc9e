"""What requests say: FastAPI checks them, and describes them in the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

_MOST_STYLES, _MOST_PICTURES = 16, 200
#: An id that the studio gave.
Id = Annotated[str, Field(max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StyleBody(_Body):
    """A style: one with a name, or an upload."""

    name: Annotated[str, Field(max_length=200)] | None = None
    file: Id | None = None
    weight: Annotated[float, Field(ge=0, le=1e6)] = 1.0
    mask: Annotated[
        Id | None, Field(description="A picture: white where this style is painted.")
    ] = None


Styles = Annotated[list[StyleBody], Field(min_length=1, max_length=_MOST_STYLES)]
Values: TypeAlias = dict[str, Any]


class PaintBody(_Body):
    """A picture in styles, with settings by name."""

    content: Id
    styles: Styles
    settings: Values = {}
    keep: Annotated[
        Id | None, Field(description="A picture: white where the photograph stays.")
    ] = None


class PictureBody(PaintBody):
    """A picture, painted step by step."""

    kind: Literal["picture"]


class ExploreBody(PaintBody):
    """Variants of a picture, small."""

    kind: Literal["explore"]
    vary: Annotated[
        dict[str, list[Any]] | None,
        Field(description="Settings and their values; none: what is usually worth varying."),
    ] = None


class BatchBody(_Body):
    """Every content in every style."""

    kind: Literal["batch"]
    contents: Annotated[list[Id], Field(min_length=1, max_length=_MOST_PICTURES)]
    styles: Styles
    settings: Values = {}


class VideoBody(_Body):
    """A clip, painted without flicker."""

    kind: Literal["video"]
    clip: Id
    styles: Styles
    settings: Values = {}
    stability: Annotated[float, Field(ge=0, le=1)] = 0.9


class TuneBody(_Body):
    """A style, learned for some minutes."""

    kind: Literal["tune"]
    style: StyleBody
    minutes: Annotated[float, Field(gt=0, le=60)] = 1.0


RunBody = Annotated[
    PictureBody | ExploreBody | BatchBody | VideoBody | TuneBody, Field(discriminator="kind")
]
