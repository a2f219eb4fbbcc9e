"""What a run leaves behind: its result, records of the process, and a checkpoint on the way."""

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path

from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.files import check_writable, refuse_inputs, write_atomically
from impasto.images import Picture, Source, read_recipe
from impasto.recipes import is_recipe_of
from impasto.records import Records
from impasto.runs import Run, State, StateDict
from impasto.settings import Settings

#: Seconds between two checkpoints.
INTERVAL = 60.0
#: Seconds after the checkpoint in which a stopped run has saved its picture; later it was changed.
_SAVING = 120.0


@dataclass
class Outputs:
    """Where the result of one run goes, and all that is kept beside it."""

    target: Path | None  # the file of the result; None is a pipe
    protected: Sequence[str | Path]  # the input files, which no output may replace
    records: Records = field(default_factory=Records)
    force: bool = False  # replace an existing result
    resume: bool = False  # save the run once a minute, and resume what is saved
    checkpoint: Path | None = field(init=False, default=None)
    #: What a stop has saved of the run that is resumed: the result takes its place.
    unfinished: Path | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Refuse what could not be saved, before any work."""
        check_outputs([self.target, self.records.animation, self.records.plot], self.protected)
        if self.resume:
            if self.target is None:
                raise SettingsError("a run into a pipe cannot be resumed: name an --output")
            self.checkpoint = self.target.with_name(f"{self.target.name}.checkpoint")
        self._written = time.monotonic()

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is a run to resume."""
        return self.checkpoint is not None and self.checkpoint.exists()

    def restore(self, run: Run) -> None:
        """Resume a run from its checkpoint, if there is one."""
        if self.checkpoint is None or not self.has_checkpoint:
            return
        try:
            run.load_state_dict(_read_checkpoint(self.checkpoint))
        except SettingsError as error:
            raise ImpastoError(
                f"{self.checkpoint} is of a run with other pictures or settings: give those "
                "again, or delete it"
            ) from error

    def add(self, state: State, run: Run) -> None:
        """Record a state of a run, and save the run if a minute has passed since it was saved."""
        self.records.add(state, run)
        if time.monotonic() - self._written >= INTERVAL:
            self._save_run(run)
            self._written = time.monotonic()

    def _save_run(self, run: Run) -> None:
        if self.checkpoint is not None and (saved := run.state_dict()):
            _write_checkpoint(self.checkpoint, saved)

    def finished(self, settings: Settings, content: Source, styles: list[Source]) -> Path | None:
        """Return the picture of such a run that an earlier one to this target has finished.

        Where it has not, note what it saved, unless that was changed since.
        """
        if self.target is None or self.force:
            return None
        stopped = (
            self.checkpoint.stat().st_mtime if self.checkpoint and self.has_checkpoint else None
        )
        numbered = self.target.parent.glob(f"{escape(self.target.stem)}-*{self.target.suffix}")
        for path in (self.target, *sorted(numbered)):
            with suppress(
                ImpastoError, OSError, TypeError, AttributeError, KeyError
            ):  # odd recipes
                recipe = read_recipe(path)
                if stopped is None and is_recipe_of(recipe, settings, content, styles):
                    return path
                recipe["settings"]["stop_after"] = settings.stop_after
                kept = stopped is not None and 0 <= path.stat().st_mtime - stopped <= _SAVING
                if kept and is_recipe_of(recipe, settings, content, styles):
                    self.unfinished = path
        return None

    def save(self, picture: Picture, state: State, run: Run, whole: bool = True) -> list[Path]:
        """Save the result and the records; return where, without what went down a pipe.

        If the result cannot be saved there, the work is not lost: the error says where it is. A run
        that did not come to its end, a `whole` one, is kept for the next command to resume.
        """
        if not whole:
            with suppress(ImageError):  # the last checkpoint stays
                self._save_run(run)
        written = []
        try:
            if self.target is None:
                sys.stdout.buffer.write(picture.encode("png"))
                sys.stdout.buffer.flush()
            else:
                target, over = self.unfinished or self.target, self.force or bool(self.unfinished)
                written = [picture.save(target, overwrite=over, protect=self.protected)]
        except BrokenPipeError:  # nobody wants it any more
            raise
        except (ImageError, OSError) as error:
            raise self._rescued(picture, error) from error
        if whole and self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)
        return [*written, *self.records.save(state, run, self.protected)]

    def _rescued(self, picture: Picture, error: Exception) -> ImageError:
        """Save the result elsewhere; return the error that says where."""
        name = "impasto.png" if self.target is None else f"{self.target.stem}.png"
        for folder in (tempfile.gettempdir(), "~", "."):
            with suppress(ImageError, RuntimeError):  # there is no home
                path = picture.save(Path(folder).expanduser() / name)
                return ImageError(f"{error}; the picture is in {path}")
        again = "; the same command with --resume goes on" if self.has_checkpoint else ""
        return ImageError(f"{error}{again}")


def check_outputs(outputs: Sequence[Path | None], inputs: Sequence[str | Path]) -> None:
    """Refuse outputs that are inputs, or each other, or cannot be written, before any work."""
    named = [path for path in outputs if path is not None]
    for path in named:
        check_writable(path)
        refuse_inputs(path, inputs)
    if len({path.resolve() for path in named}) < len(named):
        raise ImageError("two outputs have the same name: give the picture another one")


def _read_checkpoint(path: Path) -> StateDict:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            facts: StateDict = json.loads((file.metadata() or {})["run"])
            # Copies: aligned like torch's own, on which the order of sums depends; and not
            # mapped, so that the file may be replaced.
            names = file.keys()
            return {**facts, "tensors": {name: file.get_tensor(name).clone() for name in names}}
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ImpastoError(f"{path} is not a checkpoint: delete it to start again") from error


def _write_checkpoint(path: Path, state: StateDict) -> None:
    """Write what `Run.state_dict` returns, whole or not at all, without a copy in memory."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    facts = {name: value for name, value in state.items() if name != "tensors"}

    def write(file: Path) -> None:
        file.touch()
        mode = file.stat().st_mode
        try:
            save_file(state["tensors"], file, {"run": json.dumps(facts)})
        except SafetensorError as error:  # which the system's errors become
            found = re.search(r"os error (\d+)", str(error))
            if found is None:
                raise ValueError(str(error)) from error
            raise OSError(int(found[1]), os.strerror(int(found[1]))) from error
        file.chmod(mode)  # others may read it as they may other files: safetensors forbids it

    write_atomically(path, write, overwrite=True)
