"""OpenVINO as a runtime of networks: it is faster than ONNX Runtime on the CPU."""

import importlib.util
import threading
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import numpy as np

from impasto.errors import ImpastoError, SettingsError
from impasto.fast.sessions import EXACT, Array, failure, thread_limit

#: Sizes that a network is kept compiled for.
_FIRST, _KEPT = threading.Lock(), 4
_KEEPS_FLOAT32 = {"name": "DisablePrecisionConversion", "version": "0", "value": "dynamic:f16,bf16"}


def speed(device: str) -> float:
    """Return how fast it is there, as the row of a runtime says."""
    # On a processor that knows bfloat16.
    return 2 * (device in ("auto", "cpu") and importlib.util.find_spec("openvino") is not None)


@cache
def _core() -> Any:  # noqa: ANN401
    """Return the one core of OpenVINO in this process.

    Each gives its thread another stack for signals, and when it goes puts back what was there
    before it: the stack of another core, perhaps, that has gone. The next signal then ends the
    process.
    """
    import openvino

    # The first array that it is given fills a table of types under a lock of its own, in which it
    # runs Python: two threads that both come first would wait for each other.
    openvino.Tensor(np.zeros(1, np.float32)).data.sum()
    openvino.Type.f32.to_dtype()
    return openvino.Core()


def _with_exact_parts(model: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return a model as OpenVINO's own format in memory, its exact operations kept in float32.

    There is no way in Python to mark an operation but in the text of that format.
    """
    import openvino

    with TemporaryDirectory() as folder:
        text, weights = Path(folder) / "model.xml", Path(folder) / "model.bin"
        try:
            openvino.save_model(model, text, compress_to_fp16=False)
        except RuntimeError as error:
            advice = "make room there, or set TMPDIR to another folder"
            raise ImpastoError(f"{folder} cannot be written to: {advice}") from error
        tree = ElementTree.parse(text)
        numbers = np.fromfile(weights, np.uint8)
    for layer in tree.iter("layer"):
        if layer.get("name", "").startswith(EXACT):
            info = layer.find("rt_info")
            if info is None:
                info = ElementTree.Element("rt_info")
                layer.insert(0 if layer.find("data") is None else 1, info)
            ElementTree.SubElement(info, "attribute", _KEEPS_FLOAT32)
    return ElementTree.tostring(tree.getroot()), openvino.Tensor(numbers)


class OpenVinoSession:
    """A network in OpenVINO, compiled for each size of picture: it is faster with fixed sizes."""

    def __init__(self, source: Path | bytes, device: str, *, precise: bool = False) -> None:
        if device not in ("auto", "cpu"):
            raise SettingsError(f"runtime openvino computes on the CPU: leave {device} out")
        with _FIRST:
            self._core = _core()
        model = self._core.read_model(source)
        self._source: tuple[Any, ...] = (source,)
        self.outputs = [each.get_any_name() for each in model.outputs]
        capable = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self._precision = "bf16" if "BF16" in capable and not precise else "f32"
        names = (each.get_friendly_name() for each in model.get_ops())
        if self._precision == "bf16" and any(name.startswith(EXACT) for name in names):
            self._source = _with_exact_parts(model)
        self._compiled: dict[tuple[Any, ...], Any] = {}
        self._lock = threading.Lock()
        self.name = f"openvino on CPU, {self._precision}"

    def __call__(self, **inputs: Array) -> list[Array]:
        """Return its outputs for its named inputs."""
        try:
            request = self._for(inputs).create_infer_request()
            # Nothing is copied: the outputs belong to this request, which is not run again.
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
                if thread_limit():
                    hints["INFERENCE_NUM_THREADS"] = str(thread_limit())
                while len(self._compiled) >= _KEPT:
                    del self._compiled[next(iter(self._compiled))]
                self._compiled[shapes] = self._core.compile_model(model, "CPU", hints)
            return self._compiled[shapes]
