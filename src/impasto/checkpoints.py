"""A run on disk, so that a long one can be resumed after a crash: picture, momenta, place."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from impasto.errors import ImpastoError
from impasto.files import write_atomically
from impasto.runs import StateDict


def read_checkpoint(path: Path) -> StateDict:
    """Read what `write_checkpoint` wrote, for `Run.load_state_dict`.

    Raises:
        ImpastoError: The file is damaged, or something else.
    """
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


def write_checkpoint(path: Path, state: StateDict) -> None:
    """Write what `Run.state_dict` returns, whole or not at all, without a copy in memory.

    Raises:
        ImageError: It cannot be written.
    """
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
