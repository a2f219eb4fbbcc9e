"""The names of the methods, and which settings each of them does without."""

from collections.abc import Mapping

#: Methods of one pass through a network, and files of networks that know one style.
ONE_PASS = ("fast", "magenta", "adain", "microast", "wct")
NETWORK_FILES = (".onnx", ".safetensors")
#: Groups of options that such methods do without, but for a few options.
_ITERATIVE = ("Losses", "Optimization", "Composition")
_EVERYWHERE = ("style_weights", "style_turn", "style_tiles", "seed")
_OF_ENCODERS = ("encoder", "precision", "memory")
#: What else a method does without.
_IGNORED: Mapping[str, tuple[str, ...]] = {
    "optimize": ("runtime", "level_strengths", "tune"),
    "fast+optimize": ("init", "level_strengths", "tune"),
    "fast": (*_OF_ENCODERS, "level_strengths"),
    "magenta": (
        *(*_OF_ENCODERS, "level_strengths", "weights", "runtime", "style_scale", "device", "tune"),
    ),
    "adain": (*_OF_ENCODERS, "level_strengths", "weights", "tune"),
    "microast": (*_OF_ENCODERS, "level_strengths", "weights", "tune"),
    "wct": (*_OF_ENCODERS, "weights", "tune"),
}
#: What a network that knows one style does without.
_IGNORED_BY_FILES = (
    *(*_OF_ENCODERS, "level_strengths", "weights", "tune"),
    *("style_scale", "style_turn", "style_tiles", "style_weights"),
)
#: What the words of `quality` stand for.
QUALITIES: Mapping[str, Mapping[str, str]] = {
    "draft": {"method": "fast", "encoder": "pocket"},
    "good": {"method": "fast+optimize", "encoder": "pocket"},
    "best": {"method": "fast+optimize", "encoder": "pocket+vgg19"},
}


def ignores(method: str, name: str, group: str) -> bool:
    """Return whether a method does without an option.

    Args:
        method: Its name, or a file of a network that knows one style.
        name: Of the option.
        group: The heading it stands under.
    """
    if name in _IGNORED.get(method, _IGNORED_BY_FILES):
        return True
    iterative = group in _ITERATIVE and name not in _EVERYWHERE
    return iterative and method not in ("optimize", "fast+optimize")
