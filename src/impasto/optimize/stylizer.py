"""The iterative stylizer: optimize the pixels against the statistics of a perceptual network."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from impasto.errors import SettingsError
from impasto.images import Source, Sources, read_source
from impasto.networks.devices import describe
from impasto.optimize.loop import IterativeRun
from impasto.optimize.style_targets import StyleReader
from impasto.runs import OwnSize, Reference
from impasto.settings import FIELDS, Settings
from impasto.settings.declaration import load
from impasto.settings.methods import method_of

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from impasto.settings.typed import Options

#: Settings whose other values leave styles as they were read, and the encoders.
_WITHOUT_REREADING = (
    *("strength", "style_weights", "bits", "keep_exif", "keep_gps", "steps", "time"),
    *("seed", "stop_after", "min_size", "init", "keep", "masks", "color_amount"),
)
#: Default steps for each frame of a video but the first of a shot.
FRAME_STEPS = 3


class IterativeStylizer(OwnSize):
    """Optimizes pixels against the statistics of a perceptual network (Gatys et al. 2016).

    Departures from the paper: relative losses, a start from the content, Adam, a pyramid of sizes,
    smoothness, and borders without zero padding; `Settings` can undo each but the last. Arguments
    and errors are those of `impasto.stylizer`.

    Examples:
        >>> stylizer = IterativeStylizer("starry_night.jpg", size=64, steps=3)
        >>> run = stylizer.run("harbour.jpg")
        >>> for state in run:
        ...     print(state.octave, state.step, state.size)
        1 1 (64, 43)
        1 2 (64, 43)
        1 3 (64, 43)
        >>> path = run.picture.save("steps.png")
    """

    def __init__(
        self, style: Sources, settings: Settings | None = None, **options: Unpack[Options]
    ) -> None:
        self.settings = (settings or Settings()).updated(**options)
        if not method_of(self.settings.method).steps:
            raise SettingsError(f"method {self.settings.method} takes one pass: use `stylizer`")
        self.reader = StyleReader(style, self.settings)

    def run(
        self, content: Source, *, reference: Reference | None = None, started: float | None = None
    ) -> IterativeRun:
        """Begin a run; see `impasto.runs.Stylizer`.

        A frame that has earlier ones starts from these, moved along, and takes fewer steps, at one
        size. Losses that go out of bounds are an `ImpastoError`.
        """
        source = read_source(content)
        if not self.settings.size:
            return self.sized(source).run(source, reference=reference, started=started)
        reader = self.reader
        if reference is not None and reference.frames:
            steps = (self.settings.steps or (FRAME_STEPS,))[-1]
            following = self.settings.updated(
                min_size=self.settings.size, time=None, steps=(steps,) * len(reader.encoders)
            )
            reader = reader.changed(following)
        return IterativeRun(reader, source, started, reference=reference)

    def changed(self, **options: Unpack[Options]) -> Self:
        """Return a stylizer of the same styles with other settings; see `Stylizer`."""
        settings, styles = self.settings.updated(**options), self.reader.sources
        names = {n for n in FIELDS if getattr(settings, n) != getattr(self.settings, n)}
        if "method" in names:
            made: Self = load(settings.method_row.factory)(styles, settings)
            return made
        if names - {*_WITHOUT_REREADING, "size"}:
            return type(self)(styles, settings)
        # At another size, larger styles may be needed.
        return self._with(self.reader.changed(settings, styles if "size" in names else None))

    def with_styles(self, style: Sources) -> Self:
        """Return a stylizer of other styles that shares the encoders; see `Stylizer`."""
        return self._with(self.reader.changed(self.settings, style))

    def _with(self, reader: StyleReader) -> Self:
        other = copy(self)
        other.reader, other.settings, other._sized = reader, reader.settings, {}
        return other

    def describe(self) -> str:
        """Return where it computes and with what: `vgg19 on cpu, 2 threads, bfloat16`."""
        reader = self.reader
        return f"{self.settings.encoder} on {describe(reader.device, reader.precision)}"

    @property
    def weights(self) -> list[dict[str, str]]:
        """Names and SHA-256 of the files of its encoders."""
        return self.reader.files
