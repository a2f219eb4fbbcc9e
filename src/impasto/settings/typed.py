"""The options of `Settings` with their types, for editors and type checkers.

Written by `make docs` after `impasto.settings.choices`; `make check` compares the two.
"""

from collections.abc import Sequence
from os import PathLike
from typing import Literal, TypedDict


class Options(TypedDict, total=False):
    """The options of `Settings`."""

    method: (
        Literal["optimize", "fast+optimize", "fast", "magenta", "adain", "microast", "wct"]
        | str
        | PathLike[str]
    )
    quality: Literal["draft", "good", "best"] | None
    encoder: Literal["pocket", "vgg19", "pocket+vgg19"] | str
    weights: str | PathLike[str] | None
    tune: float | None
    runtime: Literal["auto", "onnxruntime", "openvino"] | str
    size: int | Literal["original"] | None
    look: Literal["bold", "fine", "faithful", "abstract", "soft"] | None
    style_scale: float
    strength: float
    level_strengths: Sequence[float] | float | str | None
    color: Literal["style", "content", "match"]
    color_amount: float
    bits: Literal[8, 16] | None
    keep_exif: bool
    keep_gps: bool
    tileable: bool
    style_turn: float
    style_tiles: int
    fine_style: str | PathLike[str] | None
    masks: Sequence[str | PathLike[str]] | str | PathLike[str] | None
    keep: str | PathLike[str] | None
    style_loss: str
    content_loss: str
    content_weight: float | None
    style_weight: float | None
    style_weights: Sequence[float] | float | str | None
    tv_weight: float | None
    content_layers: Sequence[str] | str
    style_layers: Sequence[str] | str
    content_layer_weights: Sequence[float] | float | str | None
    style_layer_weights: Sequence[float] | float | str | None
    loss: Literal["relative", "gatys"]
    pooling: Literal["max", "average"]
    steps: Sequence[int] | int | str | None
    time: float | None
    stop_after: int | None
    min_size: int | None
    optimizer: Literal["adam", "lbfgs"]
    learning_rate: float | None
    init: str | PathLike[str]
    ema: float
    seed: int
    device: Literal["auto", "cpu", "cuda", "mps"]
    memory: str | None
    precision: Literal["auto", "float32", "bfloat16"]
