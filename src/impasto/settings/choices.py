"""Every option of a run, once: command line, Python keywords and saved recipe are this list.

Nothing here imports torch or numpy, so that help texts and checks are instant.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from impasto.settings.declaration import option
from impasto.settings.encoders import ENCODER_CHOICES
from impasto.settings.losses import STYLE_LOSSES
from impasto.settings.methods import METHODS, NETWORK_FILES
from impasto.settings.runtimes import RUNTIME_CHOICES

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYERS = ("relu4_2",)

#: content, style and smoothness weight where none is given, by the form of the losses.
DEFAULT_WEIGHTS = {"relative": (0.13, 1.0, 4.0), "gatys": (1.0, 100.0, 0.0)}
#: Longest side in pixels of a result for which no size is given, at most: else the content's own.
DEFAULT_SIZE = 1024
LEAST_SIZE = 16
DEFAULT_MIN_SIZE = 256  # the coarsest octave where none is given
CONTENT_LOSSES = ("features", "self-similarity")  # names of the content losses
#: Words instead of the file of a mask: what finds faces, regions that are found, what masks leave.
FACES = "faces"
PERSON, BACKGROUND, SKY, FACE = REGIONS = ("person", "background", "sky", "face")
MASK_WORDS = (REST := "rest", *REGIONS)
STARTS = ("matched", "content", "noise", "style")  # words instead of the file of a start
#: the learning rate where none is given, by optimizer.
DEFAULT_LEARNING_RATE = {"adam": 0.03, "lbfgs": 1.0}


@dataclass(frozen=True)
class ColorMode:
    """Whose colors a stylized picture has."""

    name: str  # a value of `Settings.color`
    sentence: str = ""  # what it does, in the words of the help; "" where the name says it
    #: What changes the style before it is read: pixels of the style and of the content, alpha of
    #: both, amount -> pixels, as `"module:name"` or itself; "": nothing.
    recolor_style: str | Callable[..., Any] = ""
    #: What changes the stylized picture: its pixels, the content's, amount -> pixels, as
    #: `"module:name"` or itself; "": nothing.
    recolor_result: str | Callable[..., Any] = ""

    @property
    def is_plain(self) -> bool:
        """Whether the picture keeps the colors it is painted in."""
        return not self.recolor_style and not self.recolor_result


_CONTENT = ColorMode(
    "content", "only luminance is painted", recolor_result="impasto.images.color:keep_colors"
)
_MATCH = ColorMode(
    "match",
    "the style's, moved to the content's",
    recolor_style="impasto.images.color:match_colors",
)
#: All color modes by name.
COLOR_MODES = {row.name: row for row in (ColorMode("style"), _CONTENT, _MATCH)}

#: What the words of `look` stand for.
LOOKS: Mapping[str, Mapping[str, float]] = {
    "bold": {"style_scale": 2.0, "content_weight": 0.06},  # large strokes
    "fine": {"style_scale": 0.5},  # small strokes
    "faithful": {"content_weight": 0.5},  # the photo stays clear
    "abstract": {"style_scale": 1.3, "content_weight": 0.01},  # forms dissolve
    "soft": {"tv_weight": 20.0},  # even colors, no dots
}


def color_help() -> str:
    """Return the help of the option: each mode with its sentence."""
    modes = [f"{m.name} ({m.sentence})" if m.sentence else m.name for m in COLOR_MODES.values()]
    return f"Whose colors: {', '.join(modes[:-1])}, or {modes[-1]}."


#: Options by the heading they stand under.
_method = partial(option, group="Method")
_picture = partial(option, group="Picture")
_composition = partial(option, group="Composition")
_losses = partial(option, group="Losses")
_weight = partial(_losses, None, least=0.0)
_optimization = partial(option, group="Optimization")
_machine = partial(option, group="Machine")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """All options with their defaults, limits and help texts; see `Settings`."""

    method: str = _method(
        "optimize",
        "How to paint: optimize; fast, magenta, adain, microast, wct (in one pass); "
        "fast+optimize; or the file of a network of one style.",
        brief=True,
        choices=METHODS.keys(),
        files=NETWORK_FILES,
        shown="by quality",
    )
    quality: str | None = _method(
        None,
        "draft (fast), good, best (vgg19; in videos: optimized).",
        brief=True,
        choices=("draft", "good", "best"),
        shown="good; video, dataset: draft",
    )
    encoder: str = _method(
        "pocket",
        "The network that compares pictures: pocket (bundled), vgg19 (best quality), or "
        "pocket+vgg19 (the last steps with VGG-19).",
        choices=ENCODER_CHOICES,
    )
    weights: str | None = _method(
        None,
        "A file with the encoder's parameters; with method fast an any_style.onnx, its "
        "style_reader.onnx beside it.",
        paths=(),
        shown="bundled or found",
    )
    tune: float | None = _method(
        None,
        "Minutes in which the network of method fast is fitted to a style on its first use.",
        least=0.0,
        shown="none",
    )
    runtime: str = _method("auto", "What runs a network of one pass.", choices=RUNTIME_CHOICES)
    size: int | None = _picture(
        None,
        "Longest side in pixels, or original: as large as the photo.",
        brief=True,
        least=LEAST_SIZE,
        words={"original": 0},
        shown=f"the photo's, up to {DEFAULT_SIZE}",
    )
    look: str | None = _picture(
        None, f"How bold or fine: {', '.join(LOOKS)}.", brief=True, choices=LOOKS, shown="none"
    )
    style_scale: float = _picture(
        1.0, "Size of the style, relative to the result's.", least=0.05, most=8.0, brief=True
    )
    strength: float = _picture(1.0, "0: the photo, 1: the style.", least=0.0, most=1.0, brief=True)
    level_strengths: tuple[float, ...] | None = _picture(
        None,
        "Of method wct: strength of each of its five levels, from coarse to fine.",
        least=0.0,
        most=1.0,
        items=float,
        shown="1,1,1,1,1",
    )
    color: str = _picture("style", color_help(), brief=True, choices=COLOR_MODES.keys())
    color_amount: float = _picture(
        1.0, "How much of color content or match: 0 is the style's colors.", least=0.0, most=1.0
    )
    bits: int | None = _picture(None, "Bits a channel.", choices=(8, 16), shown="as the content")
    keep_exif: bool = _picture(False, "Keep the camera's EXIF data, without position.")
    keep_gps: bool = _picture(False, "Keep the GPS position too.")

    tileable: bool = _composition(False, "Let the result repeat without a seam, as wallpaper does.")
    style_turn: float = _composition(0.0, "Degrees by which the style pictures are turned.")
    style_tiles: int = _composition(1, "Repeats of the styles, across and down.", least=1, most=16)
    fine_style: str | None = _composition(
        None,
        "A picture for the fine texture, in the colors of the style; forms stay the style's.",
        paths=(),
        shown="none",
    )
    masks: tuple[str, ...] | None = _composition(
        None,
        "For each style a picture, white where it applies, or person, background, sky, face, which "
        "are found; rest: what the others leave.",
        items=str,
        paths=MASK_WORDS,
        shown="everywhere",
    )
    keep: str | None = _composition(
        None,
        "What stays as in the photo: a picture, white there, or faces.",
        paths=(FACES,),
        shown="nothing",
    )

    style_loss: str = _losses(
        "gram",
        f"How styles are compared: one of {', '.join(STYLE_LOSSES)}, or several: w2+swd.",
        parts=STYLE_LOSSES.keys(),
    )
    content_loss: str = _losses(
        "features",
        "How contents are compared: features, self-similarity, or both.",
        parts=CONTENT_LOSSES,
    )
    content_weight: float | None = _weight("Weight of the content loss.", shown="0.13; gatys: 1")
    style_weight: float | None = _weight("Weight of the style loss.", shown="1; gatys: 100")
    style_weights: tuple[float, ...] | None = _weight(
        "A share for each style picture: 3,1.", brief=True, items=float, shown="equal"
    )
    tv_weight: float | None = _weight(
        "Weight of smoothness (total variation).", shown="4; gatys: 0"
    )
    content_layers: tuple[str, ...] = _losses(CONTENT_LAYERS, "Layers of the content.", items=str)
    style_layers: tuple[str, ...] = _losses(
        STYLE_LAYERS, "Layers that hold the style.", items=str, shown="relu1_1 … relu5_1"
    )
    content_layer_weights: tuple[float, ...] | None = _weight(
        "A weight for each content layer.", items=float, shown="equal"
    )
    style_layer_weights: tuple[float, ...] | None = _weight(
        "A weight for each style layer.", items=float, shown="equal"
    )
    loss: str = _losses(
        "relative",
        "Form of the losses: relative to the targets, or as Gatys et al. wrote them.",
        choices=("relative", "gatys"),
    )
    pooling: str = _losses("max", "Pooling of VGG-19.", choices=("max", "average"))

    steps: tuple[int, ...] | None = _optimization(
        None,
        "Steps of each octave, coarse to fine (26,28), or one number: of all together.",
        least=0,
        most=100_000,
        items=int,
        shown="by size, fewer once the loss has settled",
    )
    time: float | None = _optimization(
        None, "Seconds the run may take, instead of steps.", above=0.0, shown="no limit"
    )
    stop_after: int | None = _optimization(
        None, "Stop after this many steps in all.", least=1, shown="the end"
    )
    min_size: int | None = _optimization(
        None,
        "Longest side of the coarsest octave, in pixels.",
        least=16,
        shown="256; after method fast: size",
    )
    optimizer: str = _optimization("adam", "Optimizer.", choices=("adam", "lbfgs"))
    learning_rate: float | None = _optimization(
        None, "Step length of the optimizer.", above=0.0, shown="adam 0.03, lbfgs 1"
    )
    init: str = _optimization(
        "matched",
        "Start: content, matched (the content in the style's colors), noise, style, or a file.",
        paths=STARTS,
    )
    ema: float = _optimization(
        0.0, "Average of the last iterates: its decay, 0 for none.", least=0.0, most=0.9999
    )
    seed: int = _optimization(0, "Seed of everything random.", least=0, most=2**63 - 1, brief=True)

    device: str = _machine("auto", "Where to compute.", choices=("auto", "cpu", "cuda", "mps"))
    memory: str | None = _machine(None, "Memory a run may take: 4GiB, 800MB.", shown="what is free")
    precision: str = _machine(
        "auto",
        "Arithmetic of the encoder; auto takes bfloat16 where the processor has it.",
        choices=("auto", "float32", "bfloat16"),
    )
