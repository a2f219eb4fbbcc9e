"""The methods, one frozen row each: all that other folders know of one stands here.

A new method is a module with a factory (or, for one pass, with a function that opens its network)
and a row. Nothing here imports what a row names before the method is chosen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

NETWORK_FILES = (".onnx", ".safetensors")  # endings of files that hold a network of one style
#: Groups of options that methods of one pass do without, but for a few options.
_ITERATIVE = ("Losses", "Optimization", "Composition")
_EVERYWHERE = ("style_weights", "style_turn", "style_tiles", "seed")
_REGIONS = ("masks", "keep")
_OF_ENCODERS = ("encoder", "precision", "memory")
#: What a method of one pass that has files of its own does without.
_WITHOUT_CHOICE = (*_OF_ENCODERS, "level_strengths", "weights", "tune")


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to paint."""

    name: str  # a value of `Settings.method`
    sentence: str  # what it is, for people
    # What makes a stylizer of style pictures and settings, as `"module:name"`.
    factory: str | Callable[..., Any] = "impasto.fast:FastStylizer"
    # What opens the network of a method of one pass, of the row, the settings and the paths of its
    # files by name, as `"module:name"`.
    network: str | Callable[..., Any] = ""
    paper: str = ""  # where it was published
    # Names of its files in the catalogue of weights, in the order they are opened in.
    files: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()  # names of what is fetched where none of `files` is at hand
    # Whether it takes steps, guided by an encoder: such a run can be watched, stopped, saved and
    # resumed, has losses and a pyramid, and uses all of the machine.
    steps: bool = False
    warm: bool = False  # whether a network lays the picture out before the first step
    one_style: bool = False  # whether it has its style within, and takes no style pictures
    # Whether its network can be tuned to a style, and takes networks tuned before.
    tunes: bool = False
    lags: tuple[int, ...] = (1,)  # for video, how many frames back it looks at what was painted
    without: tuple[str, ...] = ()  # settings it does without, beside those that follow from `steps`
    bytes_per_pixel: int = 0  # of memory at the peak, in one pass; measured at 640x640 and larger
    # Whether its runtime takes pictures of ever new sizes without compiling anew.
    many_sizes: bool = False

    def needed(self, has: Callable[[str], bool]) -> tuple[str, ...]:
        """Return the names in the catalogue of what it runs with, where it `has` some files."""
        return self.files if not self.parts or all(map(has, self.files)) else self.parts

    def takes(self, option: str, group: str) -> bool:
        """Return whether the method looks at an option, which stands under the heading `group`."""
        if not self.steps and group in _ITERATIVE and option not in _EVERYWHERE:
            # A stylizer of another factory may know nothing of regions.
            return option in _REGIONS and bool(self.network) and option not in self.without
        return option not in self.without


METHODS: dict[str, Method] = {}  # all methods by name; `add_method` adds yours
#: A file of a network that knows one style.
NETWORK_FILE = Method(
    name="a network file",
    sentence="a network of one style, from a file of your own",
    network="impasto.fast.single:open_file",
    bytes_per_pixel=650,
    one_style=True,
    without=(
        *_WITHOUT_CHOICE,
        *("style_scale", "style_turn", "style_tiles", "style_weights", "masks"),
    ),
)


def add_method(row: Method) -> None:
    """Add a method under its name, or replace the one of that name, in this process.

    Examples:
        >>> from impasto.settings.methods import METHODS, Method, add_method
        >>> add_method(Method(name="mine", sentence="my own", factory="my_module:MyStylizer"))
        >>> METHODS.pop("mine").sentence
        'my own'
    """
    METHODS[row.name] = row


def method_of(name: str) -> Method:
    """Return the row of a value of `Settings.method`: of a method, or that of network files."""
    return METHODS.get(name, NETWORK_FILE)


for _row in (
    Method(
        name="optimize",
        sentence="optimization of the pixels, guided by an encoder",
        factory="impasto.optimize:IterativeStylizer",
        paper="Gatys et al. 2016",
        steps=True,
        lags=(1, 2, 4),
        without=("runtime", "level_strengths", "tune"),
        many_sizes=True,
    ),
    Method(
        name="fast+optimize",
        sentence="our any-style network first, then optimization",
        factory="impasto.fast_then_optimize:FastThenOptimize",
        paper="impasto; Gatys et al. 2016",
        files=("any-style", "style-reader"),
        steps=True,
        warm=True,
        lags=(1, 2, 4),
        without=("init", "level_strengths", "tune"),
        many_sizes=True,
    ),
    Method(
        name="fast",
        sentence="our own any-style network",
        network="impasto.fast.any_style:open_network",
        paper="impasto; features transferred as Li et al. 2017",
        files=("any-style", "style-reader"),
        tunes=True,
        without=(*_OF_ENCODERS, "level_strengths"),
        bytes_per_pixel=150,
    ),
    Method(
        name="magenta",
        sentence="Magenta's arbitrary image stylization, int8",
        network="impasto.fast.magenta:open_network",
        paper="Ghiasi et al. 2017, arXiv 1705.06830",
        files=("magenta-predict", "magenta-transform"),
        without=(*_WITHOUT_CHOICE, "runtime", "style_scale", "device"),
        bytes_per_pixel=1900,
        many_sizes=True,
    ),
    Method(
        name="adain",
        sentence="AdaIN",
        network="impasto.fast.transfer:open_adain",
        paper="Huang & Belongie 2017, arXiv 1703.06868",
        files=("adain-encoder", "adain-decoder"),
        without=_WITHOUT_CHOICE,
        bytes_per_pixel=1500,
    ),
    Method(
        name="microast",
        sentence="MicroAST",
        network="impasto.fast.microast:open_network",
        paper="Wang et al. 2023, arXiv 2211.15313",
        files=("microast",),
        parts=(
            *("microast-content_encoder", "microast-style_encoder"),
            *("microast-modulator", "microast-decoder"),
        ),
        without=_WITHOUT_CHOICE,
        bytes_per_pixel=550,
    ),
    Method(
        name="wct",
        sentence="WCT in five levels, networks pruned 16 times",
        network="impasto.fast.transfer:open_wct",
        paper="Li et al. 2017, arXiv 1705.08086; Wang et al. 2020, arXiv 2003.08436",
        files=tuple(f"wct-{part}-{n}" for n in (5, 4, 3, 2, 1) for part in ("encoder", "decoder")),
        without=(*_OF_ENCODERS, "weights", "tune"),
        bytes_per_pixel=1950,
    ),
):
    add_method(_row)

#: What the words of `quality` stand for.
QUALITIES: Mapping[str, Mapping[str, str]] = {
    "draft": {"method": "fast", "encoder": "pocket"},
    "good": {"method": "optimize", "encoder": "pocket"},
    "best": {"method": "optimize", "encoder": "vgg19"},
}
