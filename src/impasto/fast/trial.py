"""Calling a function in a separate process: it may hang, crash or use up all memory."""

import faulthandler
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from impasto import errors
from impasto.errors import ImpastoError, WeightsError
from impasto.fast.sessions import limit_threads
from impasto.machine import free_memory, module_command
from impasto.settings.declaration import load

#: Seconds of computing that one step of a trial has, and seconds of waiting where none is counted.
SECONDS, _WAITING = 1.0, 60.0
#: What a process that was ended for its time returns.
_TIMED_OUT = (1,) if sys.platform == "win32" else (1, -signal.SIGPROF)


def tried(what: Path, function: str, **arguments: Any) -> Any:  # noqa: ANN401
    """Call a function in a process of its own, within limits, and return its result.

    The function is `"module:name"` and calls `begin_step` before each step; arguments and result
    are values of JSON. An `ImpastoError` is what it raised; or it hangs, crashes or needs too much
    memory, for which `what`, the file that is tried, is named.
    """
    command = module_command("impasto.fast.trial", function, json.dumps(arguments))
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    lines = ended.stdout.decode(errors="replace").splitlines()
    if ended.returncode == 0 and lines:
        answer = json.loads(lines[-1])
        if "error" in answer:
            kind = getattr(errors, answer["error"])
            # Names in a file may have characters that steer a terminal.
            said = "".join(each if each.isprintable() else "?" for each in answer["said"])
            raise kind.__new__(kind, said)  # its own arguments may be others
        return answer["result"]
    if ended.stderr:
        said = ended.stderr.decode(errors="replace").splitlines()[-1]
        raise WeightsError(f"{what} cannot be tried: {said}")
    if ended.returncode in _TIMED_OUT:
        said = "took too long over a small picture: it may never end, so"
    else:
        said = f"ended the process that tried it ({ended.returncode}):"
    raise WeightsError(f"{what} {said} it is refused")


def begin_step(times: float = 1.0) -> None:
    """End this process if its next step takes longer than so many times `SECONDS`.

    Computing time counts, so that a busy machine makes no difference.
    """
    waiting = 8 * SECONDS
    if sys.platform != "win32":
        # Not handled, this signal ends a process whatever it is doing.
        signal.setitimer(signal.ITIMER_PROF, SECONDS * times)
        waiting = _WAITING
    faulthandler.dump_traceback_later(waiting * times, exit=True, file=_nowhere())


@cache
def _nowhere() -> IO[str]:
    return Path(os.devnull).open("w", encoding="utf-8")


def limit_memory(more: float) -> None:
    """Let this process use so many bytes more than now, where the system has such a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    used = sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmData:"))
    limit = int(used + min(more, free_memory() or more))
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard == resource.RLIM_INFINITY or limit < hard:
        with suppress(ValueError, OSError):  # a system that limits no memory
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _answer(function: str, arguments: str) -> dict[str, Any]:
    values = json.loads(arguments)
    limit_threads(1)
    try:
        return {"result": load(function)(**values)}
    except ImpastoError as error:
        return {"error": type(error).__name__, "said": str(error)}
    except MemoryError:
        said = f"{values['path']} needs more memory than a small picture should: it is refused"
    except Exception as error:  # whatever a file that is not as it should be leads to
        said = f"{values['path']} cannot be used: {str(error).strip().partition(chr(10))[0]}"
    return {"error": "WeightsError", "said": said}


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(_answer(*sys.argv[1:]))}\n")
    sys.stdout.flush()
    os._exit(0)  # even if threads are still running
