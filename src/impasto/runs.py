"""The contract of stylizers, runs and states; nothing here imports torch.

A stylizer holds styles and settings. A run is one content on its way: an iterator of states. Its
holder can watch it, stop it, save it and take its picture, and need not know how it is made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from impasto.errors import SettingsError
from impasto.images import Picture, Source, Sources, with_content_size
from impasto.settings import Settings
from impasto.settings.typed import Options

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Self, Unpack

#: What a run is saved as: tensors by name, and facts that JSON can hold.
StateDict: TypeAlias = dict[str, Any]
#: State that the run of a frame hands to the run of the next, by name.
Carried: TypeAlias = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class State:
    """Where a run is after one step; a method of one pass has one state and no losses: NaN.

    Attributes:
        octave: Which octave, from 1.
        octaves: How many there are.
        step: Step within the octave, from 1.
        steps: Planned steps of each octave. With a time limit the plan may still change.
        done: Steps taken in all.
        size: (width, height) of this octave, in pixels.
        seconds: Since the run began.
        loss: Weighted sum of the losses of the picture that this step started from.
        content_loss: Its content loss, unweighted.
        style_loss: Its style loss, unweighted.
        tv_loss: Its smoothness loss, unweighted.
        image: (1, 3, H, W) float32 in [0, 1], at the size of the octave; None without steps. Not a
            copy if the picture is processed in tiles and `ema` is 0: the next step overwrites it.
    """

    octave: int
    octaves: int
    step: int
    steps: tuple[int, ...]
    done: int
    size: tuple[int, int]
    seconds: float
    loss: float = math.nan
    content_loss: float = math.nan
    style_loss: float = math.nan
    tv_loss: float = math.nan
    image: Tensor = field(default=cast("Tensor", None), repr=False)

    @property
    def planned(self) -> int:
        """Steps planned in all."""
        return sum(self.steps)


@dataclass(frozen=True)
class Stage:
    """A part of a plan: an octave, or the one pass."""

    size: tuple[int, int]  # (width, height) in pixels
    steps: int  # how many it takes, fewer where it settles early; 0 for a one-pass method
    by: str  # the encoder or network, for people
    tiles: int = 1  # how many tiles the picture is encoded in; 1: whole
    side: int | None = None  # longest side of a tile; None: whole


@dataclass(frozen=True)
class Plan:
    """What a run takes, known before its first step."""

    stages: Sequence[Stage]  # coarse to fine; one for a method of one pass
    bytes: float  # of memory, at the peak
    #: From the beginning of the work to the saved picture, the program having started; under a
    #: time limit, that limit.
    seconds: float
    where: str  # with what it computes: `cpu, 2 threads, bfloat16`

    def lines(self) -> list[str]:
        """Return the plan in words, a line a stage and one for the whole."""
        lines = []
        for stage in self.stages:
            steps = f"{stage.steps} step{'s' * (stage.steps > 1)}" if stage.steps else "one pass"
            seen = "" if stage.tiles == 1 else f", in {stage.tiles} tiles of at most {stage.side}"
            pixels = " pixels" if seen else ""
            lines.append(f"{stage.size[0]}x{stage.size[1]}: {steps} of {stage.by}{seen}{pixels}")
        minutes, seconds = divmod(round(self.seconds), 60)
        took = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        return [*lines, f"about {took} and {self.bytes / 2**30:.1f} GiB; {self.where}"]


@dataclass(frozen=True)
class EarlierFrame:
    """An earlier frame of the same shot, painted."""

    painted: NDArray[np.float32]  # (H, W, 3) in [0, 1]
    flow: NDArray[np.float32]  # (H, W, 2), optical flow from the present frame to it, in pixels
    trust: NDArray[np.float32]  # (H, W), from 0 to 1: where that flow can be relied upon


@dataclass(frozen=True)
class Reference:
    """Earlier frames that a frame of a video is to be consistent with; none where a shot begins."""

    #: Earlier frames of the shot by how many frames back they are.
    frames: Mapping[int, EarlierFrame] = field(default_factory=dict)
    #: What the run of the frame before carried.
    carried: Carried = field(default_factory=dict)
    stability: float = 0.9  # from 0, each frame for itself, to 1


@runtime_checkable
class Run(Iterator[State], Protocol):
    """One content on its way to a picture: iterate over it, leave the loop to stop."""

    @property
    def plan(self) -> Plan:
        """Its steps, memory and time; found by a few steps at a small size, in a second or so."""
        ...

    @property
    def pixels(self) -> NDArray[np.float32]:
        """(H, W, 3) in [0, 1]: the result as it stands, at full size, without anything else."""
        ...

    @property
    def picture(self) -> Picture:
        """The result as it stands: full size, colors and alpha right, with its recipe.

        Before the first step, that step is taken: then only the thread that iterates may ask.
        While another thread takes a step, a picture seen in tiles may have some rows of that step.
        """
        ...

    @property
    def carried(self) -> Carried:
        """What the next frame's `Reference` needs of this run, by name; empty for most."""
        return {}

    @property
    def notes(self) -> Sequence[str]:
        """Messages for the user about the result, a line each; complete after the last step."""
        return ()

    def state_dict(self) -> StateDict:
        """Return what is needed to resume the run later; empty where there is nothing to save.

        Its tensors share the run's memory: save them before the next step.
        """
        return {}

    def load_state_dict(self, state: StateDict) -> None:
        """Resume what `state_dict` returned, before the first step.

        Raises:
            SettingsError: The run takes one pass, or the state belongs to other inputs.
        """
        raise SettingsError("a run of one pass has nothing to resume")

    def finish(self) -> Picture:
        """Take all steps that are left and return the result."""
        for _ in self:
            pass
        return self.picture

    def _repr_png_(self) -> bytes:
        return self.picture._repr_png_()


@runtime_checkable
class Stylizer(Protocol):
    """Anything that turns content pictures into stylized ones.

    Video, data sets, the studio and the command line hold one of these and never ask which.
    """

    settings: Settings

    def __call__(self, content: Source) -> Picture:
        """Return the stylized picture, with its recipe; errors as in `run`."""
        return self.run(content).finish()

    def run(
        self, content: Source, *, reference: Reference | None = None, started: float | None = None
    ) -> Run:
        """Begin a run.

        Args:
            content: Path, bytes, PIL image, array, tensor or `Picture`.
            reference: Earlier frames, for a frame of a video; None: a picture by itself.
            started: `time.monotonic()` from which `settings.time` counts; None: now.

        Raises:
            ImageError: The content cannot be read, or is too small.
            ImpastoError: It would not fit into memory.
        """
        ...

    def changed(self, **options: Unpack[Options]) -> Stylizer:
        """Return a stylizer of the same styles with other settings.

        Another strength, seed or mixture of the styles costs nothing: they are not read again.

        Raises:
            SettingsError: An option that does not exist or does not fit.
        """
        ...

    def at_size(self, size: int) -> Stylizer:
        """Return one whose results have another longest side, for frames and data sets.

        A method of one pass leaves its styles as they were read; the recipes of its pictures then
        do not make the same pictures again.
        """
        return self.changed(size=size)

    def with_styles(self, style: Sources) -> Stylizer:
        """Return a stylizer of other styles that shares the network with this one.

        Raises:
            SettingsError: The settings have weights for another number of styles.
            ImageError: A style picture cannot be read.
        """
        ...

    def describe(self) -> str:
        """Describe briefly what it computes with, and where."""
        ...

    @property
    def weights(self) -> list[dict[str, str]]:
        """Name and SHA-256 of each file of trained weights that it paints with."""
        ...


#: Stylizers of so many sizes are kept.
_SIZES = 4


class OwnSize(Stylizer):
    """The part of a stylizer that paints contents at their own size where its settings have none.

    A copy of it with other styles or settings empties `_sized`.
    """

    _sized: Mapping[int | None, Any] = {}  # replaced, never changed: threads share it

    def sized(self, content: Source) -> Self:
        """Return this stylizer with the size of a content; those of the last sizes are kept."""
        size = with_content_size(self.settings, content).size
        made = self._sized.get(size)
        if made is None:
            made = self.changed(size=size)
            self._sized = dict([*self._sized.items(), (size, made)][-_SIZES:])
        return cast("Self", made)
