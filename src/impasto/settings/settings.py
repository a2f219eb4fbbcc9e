"""How a picture is made, completely: the chosen options, checked, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import SettingsError
from impasto.machine import parse_size
from impasto.settings import choices
from impasto.settings.choices import Choices, ColorMode
from impasto.settings.declaration import check_known, checked, plain_types
from impasto.settings.methods import QUALITIES, Method, method_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.settings.typed import Options

MOST_STYLES = 256  # style pictures of one stylizer: each is held in memory
#: All options by name, and the plain type of each: int, float, str, bool or tuple.
FIELDS = {each.name: each for each in fields(Choices)}
TYPES = plain_types(Choices)
#: Options whose words stand for other options.
_WORDS = {"quality": QUALITIES, "look": choices.LOOKS}


@dataclass(frozen=True, init=False)
class Settings(Choices):
    """How a picture is made, completely; two equal settings on equal inputs make equal pictures.

    Args:
        **options: The options that are not to have their defaults.

    Raises:
        SettingsError: A name is unknown (the message suggests the nearest), or a value is out of
            range or of the wrong type (the message names the option).

    Examples:
        >>> Settings(size=1024).updated(color="content").color
        'content'
        >>> Settings(sise=512)
        Traceback (most recent call last):
        impasto.errors.SettingsError: there is no setting 'sise'; did you mean 'size'?
    """

    def __init__(self, /, **options: Unpack[Options]) -> None:
        for name in options:
            check_known(name, FIELDS)
        values = {n: checked(e, options.get(n, e.default), TYPES[n]) for n, e in FIELDS.items()}
        # One word for several options: a recipe holds what it stands for.
        for word, meanings in _WORDS.items():
            method = method_of(values["method"])
            meaning = _taken(meanings.get(values[word], {}), method)
            if values[word] and not meaning:
                raise SettingsError(
                    f"{word} {values[word]} does nothing with method {method.name}: leave it out"
                )
            for name, meant in meaning.items():
                if name in options and values[name] != meant:
                    raise SettingsError(f"{word} means {name} {meant}: leave one of the two out")
                values[name] = meant
            values[word] = None
        values["keep_exif"] = values["keep_exif"] or values["keep_gps"]
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self._check()
        self._check_method()

    def _check(self) -> None:
        if self.time is not None and self.steps is not None:
            raise SettingsError("time and steps exclude each other: give one of them")
        for layers in ("content_layers", "style_layers"):
            weights = f"{layers.removesuffix('s')}_weights"
            names, values = getattr(self, layers), getattr(self, weights)
            if values is not None and len(values) != len(names):
                raise SettingsError(f"{weights} has {len(values)} values, {layers} {len(names)}")
        if self.memory is not None:
            parse_size(self.memory)  # refuses what is not an amount
        if self.weights is not None and len(self.encoders) > 1:
            raise SettingsError("weights names one encoder's file: choose encoder pocket or vgg19")
        if self.level_strengths is not None and len(self.level_strengths) != 5:
            raise SettingsError("level_strengths has one number for each of the five levels")

    def _check_method(self) -> None:
        """Refuse options that the chosen method would ignore."""
        for name, each in FIELDS.items():
            if getattr(self, name) == each.default:
                continue
            fixed = name == "color" and self.color_mode.recolor_style and self.method_row.one_style
            if fixed or not self.method_row.takes(name, each.metadata["group"]):
                method = Path(self.method).name  # of a file no folders: others may read this
                raise SettingsError(
                    f"{name} does nothing with method {method}: leave one of the two out"
                )

    @property
    def method_row(self) -> Method:
        """All that is known of the method."""
        return method_of(self.method)

    @property
    def color_mode(self) -> ColorMode:
        """All that is known of the color mode."""
        return choices.COLOR_MODES[self.color]

    @property
    def pictures(self) -> tuple[str, ...]:
        """The files of pictures that these settings name."""
        named = [self.init] if self.init not in choices.STARTS else []
        named += [mask for mask in self.masks or () if mask not in choices.MASK_WORDS]
        named += [self.keep] if self.keep not in (None, choices.FACES) else []
        return (*named, *([self.fine_style] if self.fine_style else []))

    @property
    def regions(self) -> frozenset[str]:
        """The regions that are to be found; the background is what a person leaves."""
        named = {*(self.masks or ())} & {*choices.REGIONS}
        return frozenset(choices.PERSON if n == choices.BACKGROUND else n for n in named)

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
        """The networks that compare pictures, in the order in which they are used."""
        return tuple(self.encoder.split("+"))

    @property
    def size_limit(self) -> int:
        """Longest side of the result, or its limit where the content has its own size."""
        return self.size or choices.DEFAULT_SIZE

    @property
    def coarsest(self) -> int:
        """Longest side of the coarsest octave: the picture of a fast network needs no smaller."""
        usual = self.size_limit if self.method_row.warm else choices.DEFAULT_MIN_SIZE
        return self.min_size or usual

    @property
    def loss_weights(self) -> tuple[float, float, float]:
        """Content, style and smoothness weight, with the defaults of the chosen form filled in."""
        given = (self.content_weight, self.style_weight, self.tv_weight)
        default = choices.DEFAULT_WEIGHTS[self.loss]
        content, style, tv = (d if g is None else g for g, d in zip(given, default, strict=True))
        return content, style, tv

    @property
    def step_length(self) -> float:
        """The learning rate, with the optimizer's default filled in."""
        return self.learning_rate or choices.DEFAULT_LEARNING_RATE[self.optimizer]

    def normalized_style_weights(self, styles: int) -> list[float]:
        """Return the weight of each of so many style pictures; they sum to 1.

        Raises:
            SettingsError: There is none, or another number of weights, or all are 0.
        """
        if not styles:
            if self.method_row.one_style:
                return []
            raise SettingsError("give at least one style picture")
        if styles > MOST_STYLES:
            raise SettingsError(f"{styles} style pictures are too many: give {MOST_STYLES} at most")
        own = self.style_weights or (1.0,) * styles
        if len(own) != styles:
            raise SettingsError(f"style_weights has {len(own)} numbers for {styles} style pictures")
        if not sum(own):
            raise SettingsError("style_weights must not all be 0")
        return [weight / sum(own) for weight in own]

    def check_one_style(self) -> None:
        """Refuse masks and weights of several styles, for pictures that are painted in one each."""
        self.normalized_style_weights(1)
        if len(self.masks or ()) > 1:
            raise SettingsError("masks has several, but here each picture has one style: name one")

    def updated(self, /, **changes: Unpack[Options]) -> Settings:
        """Return a copy with some options changed, checked as new settings are."""
        kept = {name: getattr(self, name) for name in FIELDS}
        for word, meanings in _WORDS.items():
            if changes.get(word) is not None:  # replaces what another word meant
                replaced = {name for meaning in meanings.values() for name in meaning}
                kept = {name: value for name, value in kept.items() if name not in replaced}
        return Settings(**{**kept, **changes})

    def to_dict(self) -> dict[str, Any]:
        """Return all options as JSON-able values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """Build settings from names and values, as a recipe gives them."""
        return cls(**values)


def _taken(meaning: Mapping[str, Any], method: Method) -> dict[str, Any]:
    group = {name: FIELDS[name].metadata["group"] for name in meaning}
    return {n: value for n, value in meaning.items() if method.takes(n, group[n])}
