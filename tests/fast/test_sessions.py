"""What runs networks leaves the process as it was."""

import ctypes
import gc
import sys

import pytest

from impasto.errors import ImpastoError
from impasto.fast.open_vino import _core, _with_exact_parts
from impasto.fast.sessions import open_session
from impasto.weights import fetch


class Stack(ctypes.Structure):
    """`stack_t` of Linux."""

    _fields_ = (("place", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def signal_stack() -> tuple[int | None, int]:
    """Return where this thread's handlers of signals run."""
    stack = Stack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack)) == 0
    return stack.place, stack.size


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
@pytest.mark.slow
def test_signals_have_a_stack_after_sessions_are_gone() -> None:
    pytest.importorskip("openvino")
    sessions = [open_session(fetch("style-reader"), "openvino")]
    before = signal_stack()
    sessions.append(open_session(fetch("style-reader"), "openvino"))
    assert signal_stack() == before
    while sessions:
        sessions.pop(0)
        gc.collect()
        assert signal_stack() == before


def test_a_full_temporary_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = pytest.importorskip("openvino")

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("basic_ios::clear: iostream error")

    monkeypatch.setattr(openvino, "save_model", full)
    with pytest.raises(ImpastoError, match="set TMPDIR"):  # which bfloat16 has need of
        _with_exact_parts(_core().read_model(fetch("any-style")))
