"""How a picture is made, completely: the chosen options, checked, and what follows from them."""

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, fields, replace
from types import NoneType
from typing import Any, get_args, get_type_hints

from impasto.errors import SettingsError
from impasto.machine import parse_size
from impasto.settings.choices import (
    DEFAULT_LEARNING_RATE,
    DEFAULT_MIN_SIZE,
    DEFAULT_WEIGHTS,
    FACES,
    REST,
    STARTS,
    Choices,
)
from impasto.settings.declaration import SCALARS, check_known, checked, same_length
from impasto.settings.methods import QUALITIES, Method, method_of


@dataclass(frozen=True, kw_only=True)
class Settings(Choices):
    """How a picture is made, completely; two equal settings on equal inputs make equal pictures.

    Raises:
        SettingsError: A value is out of range or of the wrong type; the message names the option.

    Examples:
        >>> Settings(size=1024).updated(color="content").color
        'content'
        >>> Settings().updated(sise=512)
        Traceback (most recent call last):
        impasto.errors.SettingsError: there is no setting 'sise'; did you mean 'size'?
    """

    def __post_init__(self) -> None:
        for name, each in FIELDS.items():
            given = getattr(self, name)
            value = checked(name, given, TYPES[name], each.metadata, name in OPTIONAL)
            object.__setattr__(self, name, value)
        if self.time is not None and self.steps is not None:
            raise SettingsError("time and steps exclude each other: give one of them")
        for layers, weights in (
            ("content_layers", "content_layer_weights"),
            ("style_layers", "style_layer_weights"),
        ):
            same_length(layers, getattr(self, layers), weights, getattr(self, weights))
        if self.memory is not None:
            parse_size(self.memory)  # refuses what is no amount
        self._apply_quality()
        self._check_method()
        if self.weights is not None and len(self.encoders) > 1:
            raise SettingsError("weights names one encoder's file: choose encoder pocket or vgg19")
        if self.level_strengths is not None and len(self.level_strengths) != 5:
            raise SettingsError("level_strengths has one number for each of the five levels")
        if self.keep_gps and not self.keep_exif:
            object.__setattr__(self, "keep_exif", True)

    def _apply_quality(self) -> None:
        """Turn the one word into what it stands for; a recipe holds that."""
        if self.quality is None:
            return
        for name, value in QUALITIES[self.quality].items():
            if getattr(self, name) not in (FIELDS[name].default, value):
                raise SettingsError(f"quality {self.quality} means {name} {value}: leave one out")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "quality", None)

    def _check_method(self) -> None:
        """Refuse options that the chosen method would ignore."""
        for name, each in FIELDS.items():
            if getattr(self, name) == each.default:
                continue
            matched = name == "color" and self.color == "match" and self.row.one_style
            if matched or not self.row.takes(name, each.metadata["group"]):
                raise SettingsError(
                    f"{name} does nothing with method {self.method}: leave it out, or choose "
                    "another method"
                )

    @property
    def row(self) -> Method:
        """All that is known of the method."""
        return method_of(self.method)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The files of pictures that these settings name."""
        named = [self.init] if self.init not in STARTS else []
        named += [mask for mask in self.masks or () if mask != REST]
        named += [self.keep] if self.keep not in (None, FACES) else []
        return (*named, *([self.fine_style] if self.fine_style else []))

    @property
    def style_losses(self) -> tuple[str, ...]:
        """The names of the style losses."""
        return tuple(self.style_loss.split("+"))

    @property
    def content_losses(self) -> tuple[str, ...]:
        """The names of the content losses."""
        return tuple(self.content_loss.split("+"))

    @property
    def encoders(self) -> tuple[str, ...]:
        """The networks that compare pictures, in the order of their turns."""
        return tuple(self.encoder.split("+"))

    @property
    def coarsest(self) -> int:
        """Longest side of the coarsest octave: what a fast network has laid out needs no other."""
        return self.min_size or (self.size if self.row.warm else DEFAULT_MIN_SIZE)

    @property
    def loss_weights(self) -> tuple[float, float, float]:
        """Content, style and smoothness weight, with the defaults of the chosen form filled in."""
        given = (self.content_weight, self.style_weight, self.tv_weight)
        default = DEFAULT_WEIGHTS[self.loss]
        content, style, tv = (d if g is None else g for g, d in zip(given, default, strict=True))
        return content, style, tv

    @property
    def step_length(self) -> float:
        """The learning rate, with the optimizer's default filled in."""
        return self.learning_rate or DEFAULT_LEARNING_RATE[self.optimizer]

    def updated(self, **changes: Any) -> "Settings":  # noqa: ANN401
        """Return a copy with some options changed.

        Raises:
            SettingsError: A name is unknown (the nearest is offered), or a value is out of range.
        """
        for name in changes:
            check_known(name, FIELDS)
        if changes.get("quality") is not None:
            # Over what these settings are, but not over what is said beside it.
            word = Settings(quality=changes.pop("quality"))
            meant = {"method": word.method, "encoder": word.encoder}
            if said := [name for name in meant if changes.get(name, meant[name]) != meant[name]]:
                raise SettingsError(
                    f"quality means {said[0]} {meant[said[0]]}: leave one of the two out"
                )
            changes |= meant
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return all options as JSON-able values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Settings":
        """Build settings from names and values, as keywords or a recipe give them.

        Raises:
            SettingsError: A name is unknown, or a value is out of range.
        """
        return cls().updated(**values)


FIELDS: Mapping[str, Field[Any]] = {each.name: each for each in fields(Settings)}
_HINTS = get_type_hints(Settings)
OPTIONAL = frozenset(name for name, hint in _HINTS.items() if NoneType in get_args(hint))
#: the plain type of each field: int, float, str, bool or tuple
TYPES: Mapping[str, type] = {
    name: next((kind for kind in get_args(hint) if kind in SCALARS), hint)
    for name, hint in _HINTS.items()
}
