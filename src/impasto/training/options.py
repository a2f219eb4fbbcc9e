"""Options of trainings; nothing here imports torch, so that help texts are instant."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from impasto.errors import SettingsError
from impasto.files import output_path


def _option(default: Any, help: str, **how: Any) -> Any:  # noqa: ANN401
    """Return an option; `aliases` are other spellings, an `argument` has no name in a command.

    One that is `needed` has no default, but what it names.
    """
    return field(default=default, metadata={"help": help, **how})


@dataclass(frozen=True)
class TrainingOptions:
    """What all trainings depend on; a `SettingsError` where a value is out of range or missing."""

    photos: str = _option("", "Folder of photographs.", needed="a folder of photos")
    output: str = _option("run", "Folder for everything that is written.")
    teacher: str = _option("", "File of VGG-19; none: found or downloaded.")
    steps: int = _option(20000, "Steps in total.")
    crop: int = _option(128, "Side of the crops in pixels.")
    rate: float = _option(0.2, "Step length of Muon at its largest.")
    seed: int = _option(0, "Seed of all random numbers.")
    device: str = _option("auto", "auto, cpu or cuda.")
    minutes: float = _option(0.0, "Stop after this many minutes; 0: after the last step.")

    @property
    def folder(self) -> Path:
        """Where all files go."""
        return Path(self.output)

    def __post_init__(self) -> None:
        for each in fields(self):
            needed = each.metadata.get("needed")
            if needed and not getattr(self, each.name):
                raise SettingsError(f"there is nothing to learn from: name {needed}")
        for rule, kept in self._rules().items():
            if not kept:
                raise SettingsError(rule)

    def _rules(self) -> dict[str, bool]:
        """Return what must hold, in words, and whether it does."""
        return {
            "steps is at least 1": self.steps >= 1,
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

    paintings: str = _option("", "Folder of paintings.", needed="a folder of paintings")
    begin: str = _option("", "A trained file to start from; none: random weights.")
    batch: int = _option(8, "Pictures per step.")
    fit: int = _option(0, "Pictures that the tail is fitted to at the beginning; 0: it is not.")
    widths: str = _option("24,48,96", "Channels of the trunk.")
    ranks: str = _option("96,64,64,96,160,184,176,192", "Ranks of the tail's convolutions.")
    pool: int = _option(256, "Half-stylized pictures in the pool.")
    every: int = _option(3, "Steps from one that teaches gradients to the next.")
    agreement: float = _option(1.0, "Weight of gradient agreement.")
    gram: float = _option(0.5, "Weight of the Gram error.")
    frozen: float = _option(0.25, "Last part of the steps, with fixed normalization statistics.")

    def _rules(self) -> dict[str, bool]:
        return super()._rules() | {
            "batch is an even number": self.batch >= 2 and self.batch % 2 == 0,
            "pool and every are at least 1": min(self.pool, self.every) >= 1,
            "pool is at least half of batch": self.pool >= self.batch // 2,
            "frozen is from 0 to 1": 0 <= self.frozen <= 1,
            "to begin with a trained file, frozen is 1": not self.begin or self.frozen == 1,
            "fit is not negative, and needs a trained file to begin with": self.fit >= 0
            and bool(self.begin or not self.fit),
            "agreement and gram are not negative": min(self.agreement, self.gram) >= 0,
        }


@dataclass(frozen=True)
class TransferOptions(TrainingOptions):
    """What trainings of the any-style network depend on, for any style or for one."""

    #: Losses that have a weight here.
    weighted: ClassVar = ("content", "dense", "flat", "lattice", "shift", "identity")

    teacher: str = _option("", "File of VGG-19 to judge with; none: the pocket encoder.")
    begin: str = _option("", "Trained file or any_style.onnx to start from; none: a new painter.")
    rate: float = _option(0.007, "Step length of Muon at its largest.")
    last_rate: float = _option(0.0005, "Step length of Muon in the end.")
    crop: int = _option(256, "Side of the photographs in pixels.")
    contents: int = _option(2, "Photographs per step.")
    styles: int = _option(2, "Styles per step; each photograph is stylized in each.")
    content: float = _option(0.03, "Weight of the content loss.")
    dense: float = _option(0.5, "Weight of the content's features with the style's statistics.")
    flat: float = _option(0.1, "Weight of smoothness where the photograph is flat.")
    lattice: float = _option(5.0, "Weight of the checkerboard loss: detail that all cells share.")
    shift: float = _option(1.0, "Weight of the loss of consistency under shifts and noise.")
    identity: float = _option(0.4, "Weight of keeping a picture that is stylized in its own style.")

    def _rules(self) -> dict[str, bool]:
        return super()._rules() | {
            "contents and styles are at least 1": min(self.contents, self.styles) >= 1,
            "last_rate is from 0 to rate": 0 <= self.last_rate <= self.rate,
            "weights of losses are not negative": min(getattr(self, n) for n in self.weighted) >= 0,
        }


@dataclass(frozen=True)
class AnyStyleOptions(TransferOptions):
    """Everything that training the any-style network depends on."""

    paintings: str = _option("", "Folder of paintings.", needed="a folder of paintings")
    pairs: str = _option("", "CSV of content and style to show and measure; none: held-out ones.")
    contents: int = _option(4, "Photographs per step.")
    pool: int = _option(256, "Styles in the pool.")
    fresh: float = _option(0.3, "New styles for each one used.")
    fine: int = _option(64, "Channels at 1/4 of the resolution.")
    middle: int = _option(128, "Channels at 1/8.")
    coarse: int = _option(128, "Channels at 1/16.")

    def _rules(self) -> dict[str, bool]:
        return super()._rules() | {
            "fine, middle and coarse are at least 8": min(self.fine, self.middle, self.coarse) >= 8,
            "fine is at most 256, middle at most 512": self.fine <= 256 and self.middle <= 512,
            "pool is at least 1": self.pool >= 1,
            "fresh is above 0, at most 1": 0 < self.fresh <= 1,
        }


@dataclass(frozen=True)
class StyleOptions(TransferOptions):
    """Everything that fitting the any-style network to one painting depends on."""

    painting: str = _option(
        "", "Picture of the style.", needed="a picture of the style", argument=True
    )
    photos: str = _option("", "Folder of photographs; none: those that come with scikit-image.")
    output: str = _option(
        "painting.onnx", "File of the network or its folder; its log is beside it.", aliases=("-o",)
    )
    begin: str = _option("", "An any_style.onnx to start from; none: the bundled one.")
    size: int = _option(512, "Longest side of the painting in pixels.")
    minutes: float = _option(15.0, "How long to train; 0: all steps.")
    steps: int = _option(20000, "Steps at most.")
    last_rate: float = _option(0.0, "Step length of Muon in the end.")
    styles: int = _option(1, "Sizes of the painting per step; each photograph is stylized in each.")
    content: float = _option(0.2, "Weight of the content loss, at first twice: less is bolder.")
    dense: float = _option(0.0, "Weight of the content's features with the style's statistics.")
    flat: float = _option(0.3, "Weight of smoothness where the photograph is flat.")
    shift: float = _option(0.4, "Weight of the loss of consistency under shifts and noise.")
    identity: float = _option(0.0, "Weight of keeping a picture that is stylized in its own style.")

    def __post_init__(self) -> None:
        """Name the file of the network, where the output is a folder."""
        file = output_path(self.output, f"{Path(self.painting).stem}.onnx")
        object.__setattr__(self, "output", str(file))
        super().__post_init__()

    @property
    def folder(self) -> Path:
        """Where checkpoint, log and previews are."""
        return Path(self.output).with_suffix(".training")

    def _rules(self) -> dict[str, bool]:
        return super()._rules() | {
            "output must end in .onnx": Path(self.output).suffix == ".onnx",
            "size is at least 32": self.size >= 32,
        }
