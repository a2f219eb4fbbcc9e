"""The layers of VGG-19 and their names.

`relu4_1` is after the ReLU and `conv4_1` before it, as in the papers; `pool4` is after the fourth
pooling. The Keras spelling `block4_conv1` is after the ReLU too, because Keras has the activation
inside the layer, and `block4_pool` is `pool4`.
"""

import difflib
import re
from collections.abc import Iterable, Iterator

from impasto.errors import SettingsError
from impasto.weights import VGG19_LAYERS


def _in_order() -> Iterator[str]:
    for conv in VGG19_LAYERS:
        if conv.endswith("_1") and conv != "conv1_1":
            yield f"pool{int(conv[4]) - 1}"
        yield conv
        yield conv.replace("conv", "relu")
    yield "pool5"


#: Every layer, shallow to deep.
LAYERS = tuple(_in_order())
_DEPTH = {name: depth for depth, name in enumerate(LAYERS)}


def canonical(name: str) -> str:
    """Return the layer's name in this project's spelling.

    Args:
        name: `relu4_2`, `conv4_2`, `pool4`, or Keras's `block4_conv2`, `block4_pool`.

    Raises:
        SettingsError: There is no such layer; the message offers the nearest.

    Examples:
        >>> canonical("block4_conv2")
        'relu4_2'
    """
    plain = name.strip().lower()
    plain = re.sub(r"^block(\d)_conv(\d)$", r"relu\1_\2", plain)
    plain = re.sub(r"^block(\d)_pool$", r"pool\1", plain)
    if plain not in _DEPTH:
        near = max(LAYERS, key=lambda layer: _likeness(plain, layer))
        raise SettingsError(f"there is no layer {name!r}; did you mean {near!r}?")
    return plain


def _likeness(given: str, layer: str) -> tuple[float, int]:
    # Among layers as near, the one that begins alike: for relu1_3 that is relu1_2, not relu5_3.
    alike = sum(given.startswith(layer[:end]) for end in range(1, len(layer)))
    return difflib.SequenceMatcher(None, given, layer).ratio(), alike


def check_layers(encoder: str, known: Iterable[str], layers: Iterable[str]) -> None:
    """Raise a `SettingsError` for layers that an encoder does not have."""
    known = tuple(known)
    if unknown := [name for name in layers if name not in known]:
        raise SettingsError(
            f"the encoder {encoder} knows {', '.join(known)}, not {unknown[0]}: "
            "name one of these or use encoder vgg19 alone"
        )


def deepest(names: Iterable[str]) -> str:
    """Return the last of the named layers (canonical names) on the way through the network."""
    return max(names, key=_DEPTH.__getitem__)


def steps_to(name: str) -> tuple[str, ...]:
    """Return the layers from the picture to this one, it included."""
    return LAYERS[: _DEPTH[name] + 1]


def pools_before(name: str) -> int:
    """Return how often the picture was halved when it reaches this layer: 0 to 5."""
    return sum(layer.startswith("pool") for layer in steps_to(name))
