"""What runs a network: ONNX Runtime, or OpenVINO where it is installed and nothing faster is."""

from __future__ import annotations

import importlib.util
import threading
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError, MissingExtraError, SettingsError, WeightsError
from impasto.machine import cores

Array = NDArray[np.float32]
_CPU = "CPUExecutionProvider"
_DEVICES = {"cuda": "CUDAExecutionProvider", "mps": "CoreMLExecutionProvider"}
#: Providers of ONNX Runtime that beat a processor, best first.
FASTER = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "DmlExecutionProvider")
_FIRST = threading.Lock()
_THREADS = 0
"""Threads of a session; 0: as the runtime likes."""
#: How the names of operations begin that need float32 also where a runtime computes in less.
EXACT = "exact_"
_KEPT = 4
"""Sizes that OpenVINO keeps a network compiled for."""


def limit_threads(count: int) -> None:
    """Let sessions that are opened from now on, and numpy, compute in so many threads each.

    For processes that share a machine.

    Args:
        count: Threads; 0: as the runtime likes, and numpy as many as there are cores.
    """
    global _THREADS
    from threadpoolctl import threadpool_limits

    _THREADS = count
    threadpool_limits(count or cores())


def thread_limit() -> int:
    """Return the threads that sessions opened now compute in; 0: as the runtime likes."""
    return _THREADS


class Session(Protocol):
    """A network, ready to run; several threads may call it at once."""

    name: str
    outputs: list[str]

    def __call__(self, **inputs: Array) -> list[Array]:
        """Return its outputs for its named inputs."""
        ...


def open_session(
    source: Path | bytes, runtime: str = "auto", device: str = "auto", *, precise: bool = False
) -> Session:
    """Open a network.

    Args:
        source: An ONNX file, or what is in one.
        runtime: `"onnxruntime"`, `"openvino"`, or `"auto"`: ONNX Runtime where it has a graphics
            processor, else OpenVINO where it is installed (twice as fast as ONNX Runtime on a
            processor that knows bfloat16), else ONNX Runtime.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        precise: Whether OpenVINO has to compute in float32.

    Raises:
        SettingsError: The device is not there, or the runtime does not know it.
        MissingExtraError: OpenVINO is asked for and not installed.
        WeightsError: The file is missing or cannot be read as a network.
    """
    if isinstance(source, Path) and not source.is_file():
        raise WeightsError(f"there is no {source}: name what `impasto export` wrote")
    providers = _providers(device)
    if runtime == "auto":
        there = importlib.util.find_spec("openvino") is not None
        runtime = "openvino" if there and providers == [_CPU] else "onnxruntime"
    if runtime == "openvino" and device not in ("auto", "cpu"):
        raise SettingsError(f"runtime openvino computes on the CPU: leave {device} out")
    try:
        if runtime == "openvino":
            return OpenVinoSession(source, precise=precise)
        return OnnxSession(source, providers)
    except ImpastoError:
        raise
    except Exception as error:  # each runtime has kinds of its own
        reason = str(error).strip().partition("\n")[0]
        what = source if isinstance(source, Path) else "it"
        raise WeightsError(f"{what} cannot be read as a network: {reason}") from error


def _providers(device: str) -> list[str]:
    """Return what of ONNX Runtime computes there, best first, the processor last."""
    import onnxruntime

    there = onnxruntime.get_available_providers()
    if device in ("auto", "cpu"):
        wanted = FASTER if device == "auto" else ()
        return [*(name for name in wanted if name in there), _CPU]
    named = _DEVICES[device]
    if named not in there:
        raise SettingsError(f"there is no {device} device for ONNX Runtime: use device auto or cpu")
    return [named, _CPU]


def failure(error: Exception) -> Exception:
    """Return what a runtime's own error is to us."""
    text = str(error)
    if "alloc" in text:
        return MemoryError(text)
    return ImpastoError(f"the network failed: {text.strip().partition(chr(10))[0]}")


class OnnxSession:
    """A network in ONNX Runtime."""

    def __init__(self, source: Path | bytes, providers: list[str]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # errors are told by exceptions
        options.intra_op_num_threads = _THREADS
        # Threads that spin while they wait take the cores from the other session's.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(source, options, providers)
        self.outputs = [each.name for each in self._session.get_outputs()]
        used = self._session.get_providers()[0].removesuffix("ExecutionProvider")
        self.name = f"onnxruntime on {used}"

    def __call__(self, **inputs: Array) -> list[Array]:
        """Return its outputs for its named inputs."""
        try:
            results: list[Array] = self._session.run(None, inputs)
        except Exception as error:
            raise failure(error) from error
        return results


@cache
def _core() -> Any:  # noqa: ANN401
    """Return the one core of OpenVINO in this process.

    Each gives its thread another stack for signals, and when it goes puts back what was there
    before it: the stack of another core, perhaps, that has gone. The next signal then ends the
    process.
    """
    import openvino

    return openvino.Core()


def _is_exact(operation: Any) -> bool:  # noqa: ANN401
    return bool(operation.get_friendly_name().startswith(EXACT))


def _with_exact_parts(model: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return a model as OpenVINO's own format in memory, its exact operations kept in float32.

    There is no way in Python to mark an operation but in the text of that format.
    """
    import openvino

    with TemporaryDirectory() as folder:
        text, weights = Path(folder) / "model.xml", Path(folder) / "model.bin"
        openvino.save_model(model, text, compress_to_fp16=False)
        tree = ElementTree.parse(text)
        numbers = np.fromfile(weights, np.uint8)
    for layer in tree.iter("layer"):
        if layer.get("name", "").startswith(EXACT):
            info = layer.find("rt_info")
            if info is None:
                info = ElementTree.Element("rt_info")
                layer.insert(0 if layer.find("data") is None else 1, info)
            kept = {
                "name": "DisablePrecisionConversion",
                "version": "0",
                "value": "dynamic:f16,bf16",
            }
            ElementTree.SubElement(info, "attribute", kept)
    return ElementTree.tostring(tree.getroot()), openvino.Tensor(numbers)


class OpenVinoSession:
    """A network in OpenVINO, compiled for each size of picture: it is faster with fixed sizes."""

    def __init__(self, source: Path | bytes, *, precise: bool = False) -> None:
        try:
            import openvino
        except ImportError as error:
            raise MissingExtraError("runtime openvino", "openvino") from error
        with _FIRST:
            # The first array that it is given fills a table of types under a lock of its own, in
            # which it runs Python: two threads that both come first would wait for each other.
            openvino.Tensor(np.zeros(1, np.float32)).data.sum()
            openvino.Type.f32.to_dtype()
            self._core = _core()
        model = self._core.read_model(source)
        self._source: tuple[Any, ...] = (source,)
        self.outputs = [each.get_any_name() for each in model.outputs]
        capable = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self._precision = "bf16" if "BF16" in capable and not precise else "f32"
        if self._precision == "bf16" and any(_is_exact(each) for each in model.get_ops()):
            self._source = _with_exact_parts(model)
        self._compiled: dict[tuple[Any, ...], Any] = {}
        self._lock = threading.Lock()
        self.name = f"openvino on CPU, {self._precision}"

    def __call__(self, **inputs: Array) -> list[Array]:
        """Return its outputs for its named inputs."""
        try:
            request = self._for(inputs).create_infer_request()
            # Nothing is copied: the outputs belong to this request, which nobody runs again.
            results = request.infer(inputs, share_inputs=True, share_outputs=True)
            return [results[number] for number in range(len(results))]
        except Exception as error:
            raise failure(error) from error

    def _for(self, inputs: dict[str, Array]) -> Any:  # noqa: ANN401
        shapes = tuple((name, array.shape) for name, array in sorted(inputs.items()))
        with self._lock:
            if shapes not in self._compiled:
                model = self._core.read_model(*self._source)
                model.reshape({name: list(shape) for name, shape in shapes})
                hints = {"INFERENCE_PRECISION_HINT": self._precision, "PERFORMANCE_HINT": "LATENCY"}
                if _THREADS:
                    hints["INFERENCE_NUM_THREADS"] = str(_THREADS)
                while len(self._compiled) >= _KEPT:
                    del self._compiled[next(iter(self._compiled))]
                self._compiled[shapes] = self._core.compile_model(model, "CPU", hints)
            return self._compiled[shapes]
