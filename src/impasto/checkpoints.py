"""A run on disk, so that a long one can be resumed after a crash: picture, momenta, place."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

from impasto.errors import ImpastoError, SettingsError
from impasto.files import write_atomically
from impasto.runs import Run, StateDict

#: Seconds between two checkpoints.
INTERVAL = 60.0


class Checkpoint:
    """A file that holds the last state of one run.

    Args:
        path: Where to.
        run: The run, not yet begun.
    """

    def __init__(self, path: Path, run: Run) -> None:
        self.path, self.run = path, run
        self._written = time.monotonic()

    def restore(self) -> None:
        """Resume the run from the file, if there is one.

        Raises:
            ImpastoError: It is damaged, or belongs to another run.
        """
        if not self.path.exists():
            return
        try:
            self.run.load_state_dict(_read(self.path))
        except SettingsError as error:
            raise ImpastoError(
                f"{self.path} is of a run with other pictures or settings: give those again, or "
                "delete it"
            ) from error

    def save_if_due(self) -> None:
        """Save the run if a minute has passed since it was saved.

        Raises:
            ImageError: It cannot be written.
        """
        if time.monotonic() - self._written >= INTERVAL:
            if state := self.run.state_dict():
                _write(self.path, state)
            self._written = time.monotonic()

    def remove(self) -> None:
        """Delete the file: the run has come to its end."""
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> StateDict:
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


def _write(path: Path, state: StateDict) -> None:
    """Write a state whole or not at all; safetensors needs no copy of it in memory."""
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
