"""Every option of a run, once: command line, Python keywords and saved recipe are this list.

Nothing here imports torch or numpy, so that help texts and checks are instant.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from impasto.settings.colors import COLOR_MODES, color_help
from impasto.settings.declaration import option
from impasto.settings.encoders import TURNS
from impasto.settings.losses import STYLE_LOSSES
from impasto.settings.methods import METHODS, NETWORK_FILES
from impasto.settings.runtimes import RUNTIME_CHOICES

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYERS = ("relu4_2",)

#: content, style and smoothness weight where none is given, by the form of the losses.
DEFAULT_WEIGHTS: Mapping[str, tuple[float, float, float]] = {
    "relative": (0.13, 1.0, 4.0),
    "gatys": (1.0, 100.0, 0.0),
}
#: The coarsest octave where none is given.
DEFAULT_MIN_SIZE = 256
#: Names of the content losses.
CONTENT_LOSSES = ("features", "self-similarity")
#: Words instead of the file of a mask: what the other masks leave, and what finds faces.
REST, FACES = "rest", "faces"
#: Words instead of the file of a start.
STARTS = ("matched", "content", "noise", "style")
#: the learning rate where none is given, by optimizer.
DEFAULT_LEARNING_RATE: Mapping[str, float] = {"adam": 0.03, "lbfgs": 1.0}


@dataclass(frozen=True, kw_only=True)
class Choices:
    """All options with their defaults, limits and help texts; see `Settings`."""

    method: str = option(
        "optimize",
        "How to paint: optimize, fast (one pass), fast+optimize (in turn), magenta, adain, "
        "microast, wct (one pass of theirs), or the file of a network that knows one style.",
        "Method",
        brief=True,
        choices=METHODS.keys(),
        files=NETWORK_FILES,
    )
    quality: str | None = option(
        None,
        "Method and encoder at once: draft (fast), good (fast+optimize), best (the same, VGG-19 "
        "last).",
        "Method",
        brief=True,
        choices=("draft", "good", "best"),
        shown="none",
    )
    encoder: str = option(
        "pocket",
        "The network that compares pictures: pocket (bundled), vgg19 (best quality), or "
        "pocket+vgg19 (the last steps with VGG-19).",
        "Method",
        choices=TURNS,
    )
    weights: str | None = option(
        None,
        "A file with the encoder's parameters; with method fast an any_style.onnx, its "
        "style_reader.onnx beside it.",
        "Method",
        paths=(),
        shown="bundled or found",
    )
    tune: float | None = option(
        None,
        "Minutes in which the network of method fast is fitted to a style, the first time that it "
        "is used; 0: not even those styles that come tuned.",
        "Method",
        least=0.0,
        shown="none but those that come tuned",
    )
    runtime: str = option(
        "auto",
        "What runs the network of a method of one pass.",
        "Method",
        choices=RUNTIME_CHOICES,
    )
    size: int = option(
        512, "Longest side of the result, in pixels.", "Picture", least=16, brief=True
    )
    style_scale: float = option(
        1.0,
        "Size of the style picture, relative to the result's.",
        "Picture",
        least=0.05,
        most=8.0,
        brief=True,
    )
    strength: float = option(
        1.0, "0 is the photo, 1 the full style.", "Picture", least=0.0, most=1.0, brief=True
    )
    level_strengths: tuple[float, ...] | None = option(
        None,
        "Of method wct: strength of each of its five levels, from coarse to fine.",
        "Picture",
        least=0.0,
        most=1.0,
        items=float,
        shown="1,1,1,1,1",
    )
    color: str = option(
        "style",
        color_help(),
        "Picture",
        brief=True,
        choices=COLOR_MODES.keys(),
    )
    color_amount: float = option(
        1.0,
        "How much of color content or match: 0 is the style's colors.",
        "Picture",
        least=0.0,
        most=1.0,
    )
    bits: int | None = option(
        None, "Bits a channel of the result.", "Picture", choices=(8, 16), shown="as the content"
    )
    keep_exif: bool = option(False, "Keep the camera's EXIF data, without position.", "Picture")
    keep_gps: bool = option(False, "Keep the GPS position too.", "Picture")

    style_turn: float = option(
        0.0, "Degrees by which the style pictures are turned.", "Composition"
    )
    style_tiles: int = option(
        1, "Repeats of the style pictures, across and down.", "Composition", least=1, most=16
    )
    fine_style: str | None = option(
        None,
        "A picture for the fine texture, in the colors of the style; forms stay the style's.",
        "Composition",
        paths=(),
        shown="none",
    )
    masks: tuple[str, ...] | None = option(
        None,
        "A picture for each style: white where it applies; rest: what the others leave.",
        "Composition",
        items=str,
        paths=(REST,),
        shown="everywhere",
    )
    keep: str | None = option(
        None,
        "What stays as in the photo: a picture, white there, or faces.",
        "Composition",
        paths=(FACES,),
        shown="nothing",
    )

    style_loss: str = option(
        "gram",
        f"How styles are compared: one of {', '.join(STYLE_LOSSES)}, or several: w2+swd.",
        "Losses",
        parts=STYLE_LOSSES.keys(),
    )
    content_loss: str = option(
        "features",
        "How contents are compared: features, self-similarity, or both.",
        "Losses",
        parts=CONTENT_LOSSES,
    )
    content_weight: float | None = option(
        None, "Weight of the content loss.", "Losses", least=0.0, shown="0.13; gatys: 1"
    )
    style_weight: float | None = option(
        None, "Weight of the style loss.", "Losses", least=0.0, shown="1; gatys: 100"
    )
    style_weights: tuple[float, ...] | None = option(
        None,
        "A share for each style picture: 3,1.",
        "Losses",
        brief=True,
        least=0.0,
        items=float,
        shown="equal",
    )
    tv_weight: float | None = option(
        None, "Weight of smoothness (total variation).", "Losses", least=0.0, shown="4; gatys: 0"
    )
    content_layers: tuple[str, ...] = option(
        CONTENT_LAYERS, "Layers that hold the content.", "Losses", items=str
    )
    style_layers: tuple[str, ...] = option(
        STYLE_LAYERS, "Layers that hold the style.", "Losses", items=str, shown="relu1_1 … relu5_1"
    )
    content_layer_weights: tuple[float, ...] | None = option(
        None, "A weight for each content layer.", "Losses", least=0.0, items=float, shown="equal"
    )
    style_layer_weights: tuple[float, ...] | None = option(
        None, "A weight for each style layer.", "Losses", least=0.0, items=float, shown="equal"
    )
    loss: str = option(
        "relative",
        "Form of the losses: relative to the targets, or as Gatys et al. wrote them.",
        "Losses",
        choices=("relative", "gatys"),
    )
    pooling: str = option("max", "Pooling of VGG-19.", "Losses", choices=("max", "average"))

    steps: tuple[int, ...] | None = option(
        None,
        "Steps of each octave, coarse to fine (26,28), or one number: of all together.",
        "Optimization",
        least=0,
        most=100_000,
        items=int,
        shown="by size, fewer once the loss has settled",
    )
    time: float | None = option(
        None,
        "Seconds the run may take, instead of steps.",
        "Optimization",
        above=0.0,
        shown="no limit",
    )
    stop_after: int | None = option(
        None, "Stop after this many steps in all.", "Optimization", least=1, shown="the end"
    )
    min_size: int | None = option(
        None,
        "Longest side of the coarsest octave, in pixels.",
        "Optimization",
        least=16,
        shown="256; after method fast: size",
    )
    optimizer: str = option("adam", "Optimizer.", "Optimization", choices=("adam", "lbfgs"))
    learning_rate: float | None = option(
        None, "Step length of the optimizer.", "Optimization", above=0.0, shown="adam 0.03, lbfgs 1"
    )
    init: str = option(
        "matched",
        "Start: content, matched (the content in the style's colors), noise, style, or a file.",
        "Optimization",
        paths=STARTS,
    )
    ema: float = option(
        0.0,
        "Average of the last iterates: its decay, 0 for none.",
        "Optimization",
        least=0.0,
        most=0.9999,
    )
    seed: int = option(
        0, "Seed of everything random.", "Optimization", least=0, most=2**63 - 1, brief=True
    )

    device: str = option(
        "auto", "Where to compute.", "Machine", choices=("auto", "cpu", "cuda", "mps")
    )
    memory: str | None = option(
        None, "Memory the run may take: 4GiB, 800MB.", "Machine", shown="what is free"
    )
    precision: str = option(
        "auto",
        "Arithmetic of the encoder; auto takes bfloat16 where the processor has it.",
        "Machine",
        choices=("auto", "float32", "bfloat16"),
    )
