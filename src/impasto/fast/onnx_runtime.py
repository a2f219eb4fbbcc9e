"""ONNX Runtime as a runtime of networks."""

from pathlib import Path
from typing import Any, cast

import onnxruntime

from impasto.errors import SettingsError
from impasto.fast.sessions import Array, failure, thread_limit

onnxruntime.disable_telemetry_events()  # of versions that know no variable for it
#: What beats a processor, best first, for each device.
_PROVIDERS = {"auto": ("CUDA", "CoreML", "Dml"), "cpu": (), "cuda": ("CUDA",), "mps": ("CoreML",)}


def speed(device: str) -> float:
    """Return how fast it is there, as the row of a runtime says."""
    return 10 if _providers(device) else float(device in ("auto", "cpu"))


def _providers(device: str) -> list[str]:
    names = (f"{name}ExecutionProvider" for name in _PROVIDERS[device])
    return [name for name in names if name in onnxruntime.get_available_providers()]


class OnnxSession:
    """A network in ONNX Runtime."""

    def __init__(self, source: Path | bytes, device: str, *, precise: bool = False) -> None:
        providers = _providers(device)
        if not providers and device not in ("auto", "cpu"):
            raise SettingsError(f"ONNX Runtime has no {device} device: use device auto or cpu")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # errors raise exceptions
        options.intra_op_num_threads = thread_limit()
        # Threads that spin while they wait take the cores from the other session's.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers.append("CPUExecutionProvider")
        self._session: Any = onnxruntime.InferenceSession(source, options, providers)
        self.outputs = [each.name for each in self._session.get_outputs()]
        used = self._session.get_providers()[0].removesuffix("ExecutionProvider")
        self.name = f"onnxruntime on {used}"

    def __call__(self, **inputs: Array) -> list[Array]:
        """Return its outputs for its named inputs."""
        try:
            return cast("list[Array]", self._session.run(None, inputs))
        except Exception as error:
            raise failure(error) from error
