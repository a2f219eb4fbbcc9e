"""What a training depends on; nothing here imports torch, so that help texts are instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from impasto.errors import SettingsError


def _option(default: Any, help: str, **how: Any) -> Any:  # noqa: ANN401
    """Return an option.

    Args:
        default: Its value where nothing is said.
        help: What it is.
        how: Where there is a command line: `short`, another spelling; `argument`, no option at all.
    """
    return field(default=default, metadata={"help": help, **how})


_BOTH = {"photos": "a folder of photos", "paintings": "a folder of paintings"}
_ENCODERS = ("pocket", "vgg19", "pocket+vgg19")
_ONE = {"photos": "a folder of photos", "painting": "a picture of the style"}


@dataclass(frozen=True)
class TrainingOptions:
    """What all trainings depend on.

    Raises:
        SettingsError: A value is out of range, or a folder is not named.
    """

    #: What must be named, and what it is.
    needed: ClassVar[Mapping[str, str]] = {"photos": "a folder of photos"}

    photos: str = _option("", "Folder of photographs.")
    output: str = _option("run", "Folder for all that comes out.")
    teacher: str = _option("", "VGG-19; none: found or downloaded.")
    steps: int = _option(20000, "Steps in all.")
    batch: int = _option(8, "Pictures a step.")
    crop: int = _option(128, "Their side in pixels.")
    rate: float = _option(0.2, "Step length of Muon at its largest.")
    seed: int = _option(0, "Of everything random.")
    device: str = _option("auto", "auto, cpu or cuda.")
    minutes: float = _option(0.0, "Stop after so many; 0: at the end.")

    @property
    def folder(self) -> Path:
        """Where all files go."""
        return Path(self.output)

    def __post_init__(self) -> None:
        for name, what in self.needed.items():
            if not getattr(self, name):
                raise SettingsError(f"there is nothing to learn from: name {what}")
        for rule, kept in self.rules().items():
            if not kept:
                raise SettingsError(rule)

    def rules(self) -> dict[str, bool]:
        """Return what must hold, in words, and whether it does."""
        return {
            "steps is at least 1": self.steps >= 1,
            "batch is an even number": self.batch >= 2 and self.batch % 2 == 0,
            "crop is a multiple of 16, at least 32": self.crop >= 32 and self.crop % 16 == 0,
            "rate, minutes and seed are not negative": all(
                value >= 0 for value in (self.rate, self.minutes, self.seed)
            ),
            "device is auto, cpu or cuda": self.device in ("auto", "cpu", "cuda"),
        }


OptionsT = TypeVar("OptionsT", bound=TrainingOptions)


@dataclass(frozen=True)
class EncoderOptions(TrainingOptions):
    """Everything that training the pocket encoder depends on."""

    needed = _BOTH

    paintings: str = _option("", "Folder of paintings.")
    begin: str = _option("", "A trained file to begin with; none: at random.")
    widths: str = _option("24,48,96,128,192", "Channels of the trunk.")
    depths: str = _option("1,1,1,1", "Convolutions of its stages.")
    pool: int = _option(256, "Half-stylized pictures at hand.")
    every: int = _option(3, "One step in so many teaches gradients.")
    agreement: float = _option(1.0, "Weight of gradient agreement.")
    gram: float = _option(0.5, "Weight of the Gram error.")
    frozen: float = _option(0.25, "Last part, with fixed statistics.")

    def rules(self) -> dict[str, bool]:
        """Return what must hold, in words, and whether it does."""
        return super().rules() | {
            "pool and every are at least 1": min(self.pool, self.every) >= 1,
            "pool is at least half of batch": self.pool >= self.batch // 2,
            "frozen is from 0 to 1": 0 <= self.frozen <= 1,
            "to begin with a trained file, frozen is 1": not self.begin or self.frozen == 1,
            "agreement and gram are not negative": min(self.agreement, self.gram) >= 0,
        }


@dataclass(frozen=True)
class FastOptions(TrainingOptions):
    """Everything that training the any-style network depends on."""

    needed = _BOTH

    paintings: str = _option("", "Folder of paintings.")
    rate: float = _option(0.01, "Step length of Muon at its largest.")
    begin: str = _option("", "A trained file (or painter.onnx) to begin with; none: at random.")
    near: int = _option(32, "Channels at a quarter of the resolution.")
    far: int = _option(96, "Channels at an eighth.")
    copying: int = _option(1500, "First steps, in which it learns to copy; part of steps.")
    content: float = _option(0.12, "Weight of the content loss.")
    flat: float = _option(0.5, "Weight of smoothness on flat parts.")
    shift: float = _option(2.0, "Weight of constancy under shifts and noise.")
    lattice: float = _option(10.0, "Weight against detail that all cells share.")
    identity: float = _option(0.3, "Weight of painting a picture like itself.")

    def rules(self) -> dict[str, bool]:
        """Return what must hold, in words, and whether it does."""
        return super().rules() | {
            "near and far are at least 8": min(self.near, self.far) >= 8,
            "copying is from 0 to less than steps": 0 <= self.copying < self.steps,
            "content, flat, shift, lattice and identity are not negative": min(
                self.content, self.flat, self.shift, self.lattice, self.identity
            )
            >= 0,
        }


@dataclass(frozen=True)
class StyleOptions(TrainingOptions):
    """Everything that training a network of one style depends on."""

    needed = _ONE

    painting: str = _option("", "Picture of the style.", argument=True)
    output: str = _option("painting.onnx", "The network; its log is beside it.", short="-o")
    encoder: str = _option(
        "pocket", "What judges: pocket, vgg19, or pocket+vgg19, which ends cleanest."
    )
    begin: str = _option("", "The any-style network whose answers come first; none: the bundled.")
    size: int = _option(512, "Longest side of the pictures it is for, and of the painting.")
    imitating: int = _option(200, "First steps, in which it learns those answers; part of steps.")
    steps: int = _option(4000, "Steps in all.")
    batch: int = _option(4, "Pictures a step.")
    crop: int = _option(192, "Their side in pixels.")
    rate: float = _option(0.03, "Step length of Muon at its largest.")
    near: int = _option(24, "Channels at a quarter of the resolution.")
    far: int = _option(64, "Channels at an eighth.")
    blocks: int = _option(3, "Residual blocks at an eighth.")
    content: float = _option(0.25, "Weight of the content loss.")
    flat: float = _option(0.5, "Weight of smoothness on flat parts.")
    shift: float = _option(0.5, "Weight of constancy under shifts and noise.")
    lattice: float = _option(20.0, "Weight against detail that all cells share.")

    @property
    def folder(self) -> Path:
        """Where checkpoint, log and previews are."""
        return Path(self.output).with_suffix(".training")

    def rules(self) -> dict[str, bool]:
        """Return what must hold, in words, and whether it does."""
        return super().rules() | {
            "output must end in .onnx": Path(self.output).suffix == ".onnx",
            "encoder is pocket, vgg19 or pocket+vgg19": self.encoder in _ENCODERS,
            "size is a multiple of 8, at least crop": self.size >= self.crop and self.size % 8 == 0,
            "near and far are at least 8": min(self.near, self.far) >= 8,
            "blocks is at least 1": self.blocks >= 1,
            "imitating is from 0 to less than steps": 0 <= self.imitating < self.steps,
            "content, flat, shift and lattice are not negative": min(
                self.content, self.flat, self.shift, self.lattice
            )
            >= 0,
        }
