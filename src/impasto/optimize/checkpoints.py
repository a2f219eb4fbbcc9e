"""A run on disk, so that a long one can go on after a crash: picture, momenta and where it was."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.files import write_atomically

#: Seconds between two checkpoints.
INTERVAL = 60.0


@dataclass(frozen=True)
class Saved:
    """Where a run was.

    Attributes:
        octave: Its number, from 0.
        step: Steps taken in it.
        done: Steps taken before it.
        steps: Of each octave, as planned then.
        losses: The last ones of the octave.
        tensors: Of the optimizer, see `PixelOptimizer.kept`; and `forms`, what the octave before
            came to.
    """

    octave: int
    step: int
    done: int
    steps: Sequence[int]
    losses: Sequence[float]
    tensors: Mapping[str, Tensor]


class Checkpoint:
    """A file that holds the last state of one run.

    Args:
        path: Where to.
        key: What the run makes of what; another run's file is not gone on with.
    """

    def __init__(self, path: Path, key: Mapping[str, Any]) -> None:
        self.path = path
        self._key = json.dumps(key, sort_keys=True)
        self._written = time.monotonic()

    def load(self) -> Saved | None:
        """Return what is saved, or None where there is no file.

        Raises:
            ImpastoError: It is damaged, or of another run.
        """
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, "pt") as file:
                metadata = file.metadata() or {}
                # Copies: aligned like torch's own, on which the order of sums depends; and not
                # mapped, so that the file may be replaced.
                names = file.keys()
                tensors = {name: file.get_tensor(name).clone() for name in names}
            where = json.loads(metadata["where"])
            key = metadata["key"]
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise ImpastoError(f"{self.path} is no checkpoint: delete it and begin anew") from error
        if key != self._key:
            raise ImpastoError(
                f"{self.path} is of a run with other pictures or settings: give those again, or "
                "delete it"
            )
        return Saved(**where, tensors=tensors)

    def is_due(self) -> bool:
        """Tell whether it is time to save."""
        return time.monotonic() - self._written >= INTERVAL

    def save(self, saved: Saved) -> None:
        """Write where the run is, whole or not at all; safetensors needs no copy of it in memory.

        Raises:
            ImageError: It cannot be written.
        """
        where = {name: getattr(saved, name) for name in ("octave", "step", "done")}
        where |= {"steps": list(saved.steps), "losses": list(saved.losses)}
        metadata = {"key": self._key, "where": json.dumps(where)}

        def write(file: Path) -> None:
            file.touch()
            mode = file.stat().st_mode
            try:
                save_file(dict(saved.tensors), file, metadata)
            except SafetensorError as error:  # which the system's errors become
                found = re.search(r"os error (\d+)", str(error))
                if found is None:
                    raise ValueError(str(error)) from error
                raise OSError(int(found[1]), os.strerror(int(found[1]))) from error
            file.chmod(mode)  # others may read it as they may other files: safetensors forbids it

        write_atomically(self.path, write, overwrite=True)
        self._written = time.monotonic()

    def remove(self) -> None:
        """Delete the file: the run has come to its end."""
        self.path.unlink(missing_ok=True)
