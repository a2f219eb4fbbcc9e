"""What a run leaves behind: its result, records of the process, and a checkpoint on the way."""

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path

from impasto.checkpoints import read_checkpoint, write_checkpoint
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.files import check_writable, refuse_inputs
from impasto.images import Picture, Source, read_recipe
from impasto.recipes import is_recipe_of
from impasto.records import Records
from impasto.runs import Run, State
from impasto.settings import Settings

#: Seconds between two checkpoints.
INTERVAL = 60.0


@dataclass
class Outputs:
    """Where the result of one run goes, and all that is kept beside it.

    Attributes:
        target: The file of the result; None is a pipe.
        protected: The input files, which no output may replace.
        records: The animation and the plot, if wanted.
        force: Replace an existing result.
        resume: Save the run once a minute beside the result, and resume what is saved there.

    Raises:
        ImageError: An output is an input, or two have the same name.
        SettingsError: A run into a pipe cannot be resumed.
    """

    target: Path | None
    protected: Sequence[str | Path]
    records: Records = field(default_factory=Records)
    force: bool = False
    resume: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be saved, before any work."""
        check_outputs([self.target, self.records.animation, self.records.plot], self.protected)
        if self.resume and self.target is None:
            raise SettingsError("a run into a pipe cannot be resumed: name an --output")
        self._written = time.monotonic()

    @property
    def checkpoint(self) -> Path | None:
        """Where the run is saved while it works, or None."""
        if not self.resume or self.target is None:
            return None
        return self.target.with_name(f"{self.target.name}.checkpoint")

    def restore(self, run: Run) -> None:
        """Resume a run from its checkpoint, if there is one.

        Raises:
            ImpastoError: It is damaged, or belongs to another run.
        """
        path = self.checkpoint
        if path is None or not path.exists():
            return
        try:
            run.load_state_dict(read_checkpoint(path))
        except SettingsError as error:
            raise ImpastoError(
                f"{path} is of a run with other pictures or settings: give those again, or "
                "delete it"
            ) from error

    def add(self, state: State, run: Run) -> None:
        """Record a state of a run, and save the run if a minute has passed since it was saved.

        Raises:
            ImageError: It cannot be written.
        """
        self.records.add(state, run)
        if self.checkpoint is not None and time.monotonic() - self._written >= INTERVAL:
            if saved := run.state_dict():
                write_checkpoint(self.checkpoint, saved)
            self._written = time.monotonic()

    def complete(self) -> None:
        """Delete the checkpoint of a run that has come to its end."""
        if self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)

    def finished(
        self, settings: Settings, content: Source, styles: Sequence[Source]
    ) -> Path | None:
        """Return the picture that an earlier run to this target has finished, if there is one.

        Args:
            settings: Of this run; where they differ from those of the picture, it is another's.
            content: What this run paints.
            styles: What it paints like.
        """
        assert self.target is not None
        if self.force or (self.checkpoint is not None and self.checkpoint.exists()):
            return None
        numbered = self.target.parent.glob(f"{escape(self.target.stem)}-*{self.target.suffix}")
        for path in (self.target, *sorted(numbered)):
            with suppress(ImpastoError):
                if is_recipe_of(read_recipe(path), settings, content, styles):
                    return path
        return None

    def save(self, picture: Picture, state: State, run: Run, whole: bool = True) -> list[Path]:
        """Save the result and the records; return where, without what went down a pipe.

        If the result cannot be saved there, the work is not lost: the error says where it is.

        Args:
            picture: The result.
            state: The last one.
            run: That it is a state of.
            whole: Whether the run came to its end; else it is kept for the next one to resume.
        """
        if not whole:
            self._keep(run)
        try:
            written = self._write(picture)
        except BrokenPipeError:  # nobody wants it any more
            raise
        except (ImageError, OSError) as error:
            raise self._rescued(picture, error) from error
        if whole:
            self.complete()
        return [*written, *self.records.save(state, run, self.protected)]

    def _write(self, picture: Picture) -> list[Path]:
        if self.target is not None:
            return [picture.save(self.target, overwrite=self.force, protect=self.protected)]
        sys.stdout.buffer.write(picture.encode("png"))
        sys.stdout.buffer.flush()
        return []

    def _rescued(self, picture: Picture, error: Exception) -> ImageError:
        """Save the result elsewhere; return the error that says where."""
        name = "impasto.png" if self.target is None else f"{self.target.stem}.png"
        for folder in (tempfile.gettempdir(), "~", "."):
            with suppress(ImageError, RuntimeError):  # there is no home
                path = picture.save(Path(folder).expanduser() / name)
                return ImageError(f"{error}; the picture is in {path}")
        if self.checkpoint is not None and self.checkpoint.exists():
            return ImageError(f"{error}; the same command with --resume goes on")
        return ImageError(str(error))

    def _keep(self, run: Run) -> None:
        """Save a run that was stopped; where that fails, its last checkpoint stays."""
        saved = run.state_dict() if self.checkpoint is not None else {}
        if self.checkpoint is not None and saved:
            with suppress(ImageError):
                write_checkpoint(self.checkpoint, saved)


def check_outputs(outputs: Sequence[Path | None], inputs: Sequence[str | Path]) -> None:
    """Refuse outputs that are inputs, or each other, or cannot be written, before any work."""
    named = [path for path in outputs if path is not None]
    for path in named:
        check_writable(path)
        refuse_inputs(path, inputs)
    if len({path.resolve() for path in named}) < len(named):
        raise ImageError("two outputs have the same name: give the picture another one")
