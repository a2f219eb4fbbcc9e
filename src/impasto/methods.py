"""The names of the methods, and which settings each of them does without."""

from collections.abc import Mapping

#: Methods of one pass through a network, and files of networks that know one style.
ONE_PASS = ("fast", "magenta", "adain", "microast", "wct")
NETWORK_FILES = (".onnx", ".safetensors")
#: Groups of options that such methods do without, but for a few options.
ITERATIVE, EVERYWHERE = ("Losses", "Optimization"), ("style_weights", "seed")
#: What else a method does without.
IGNORED: Mapping[str, tuple[str, ...]] = {
    "optimize": ("strength", "runtime", "level_strengths"),
    "fast+optimize": ("strength", "init", "level_strengths"),
    "fast": ("encoder", "precision", "level_strengths"),
    "magenta": (
        *("encoder", "precision", "level_strengths", "weights", "runtime", "style_scale"),
        "device",
    ),
    "adain": ("encoder", "precision", "level_strengths", "weights"),
    "microast": ("encoder", "precision", "level_strengths", "weights"),
    "wct": ("encoder", "precision", "weights"),
}
#: What a network that knows one style does without.
IGNORED_BY_FILES = (
    *("encoder", "precision", "level_strengths", "weights", "style_scale", "style_weights"),
)
#: What the words of `quality` stand for.
QUALITIES: Mapping[str, Mapping[str, str]] = {
    "draft": {"method": "fast", "encoder": "pocket"},
    "good": {"method": "fast+optimize", "encoder": "pocket"},
    "best": {"method": "fast+optimize", "encoder": "pocket+vgg19"},
}
