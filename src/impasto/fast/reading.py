"""Reading what an .onnx file declares, before anything runs it."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

import numpy as np
import onnx

from impasto.errors import WeightsError
from impasto.files import check_file

#: Bytes that a protobuf message, and so an .onnx file, has at most.
MOST_BYTES = 2**31 - 1
#: Whose operators the runtimes know.
_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "org.openvinotoolkit"}
_FLOATS: dict[int, np.dtype[Any]] = {
    onnx.TensorProto.FLOAT: np.dtype(np.float32),
    onnx.TensorProto.FLOAT16: np.dtype(np.float16),
}
#: Bytes, about, of a constant that is a shape; side of the largest kernels.
_FEW, _KERNEL = 64, 3
_OPTIONAL = {"optional_type", "sequence_type", "map_type", "sparse_tensor_type", "opaque_type"}


class Entry(NamedTuple):
    """An input of a network: numpy's name for the type of its numbers, and its dimensions.

    A size is 0 where any will do; sizes are None where even their number is not stated.
    """

    kind: str
    sizes: tuple[int, ...] | None

    def __str__(self) -> str:
        if self.sizes is None:
            return f"{self.kind}, any shape"
        return f"{self.kind}, {' x '.join(str(n or 'any') for n in self.sizes) or 'one number'}"


def read_entries(path: Path) -> dict[str, Entry]:
    """Return what an .onnx network takes, by name; see `read_model`."""
    graph = read_model(path).graph
    constants = {each.name for each in graph.initializer}
    return {each.name: _entry(each) for each in graph.input if each.name not in constants}


def read_sides(path: Path) -> list[tuple[int, int]]:
    """Return heights and widths that an .onnx network's constants have, or name as a shape."""
    found = list[list[int]]()
    for tensor in messages(read_model(path).graph, onnx.TensorProto):
        found.append(list(tensor.dims))
        size = len(tensor.raw_data or tensor.int64_data)  # 0: it is in another file
        if tensor.data_type == tensor.INT64 and 0 < size < _FEW:
            with suppress(Exception):  # a runtime says what is wrong with it
                found.append(onnx.numpy_helper.to_array(tensor).ravel().tolist())
    # Of maps with the channels first, and last; kernels are smaller.
    pairs = (sides for each in found if len(each) > 2 for sides in (each[-2:], each[-3:-1]))
    return [(height, width) for height, width in pairs if min(height, width) > _KERNEL]


def read_model(path: Path) -> onnx.ModelProto:
    """Return what is in an .onnx file, which something here can run.

    Nothing of it runs, and no other file is read: those with its parameters must only be there.
    What is missing, damaged, something else, or cannot be run here is a `WeightsError`.
    """
    check_file(path, WeightsError)
    wrong = f"{path} is not an .onnx network, or it is damaged: export or copy it again"
    if path.stat().st_size > MOST_BYTES:
        raise WeightsError(f"{path} is not an .onnx network: such a file has 2 GB at most")
    try:
        with path.open("rb") as file:
            first = file.read(1)
            # Zeros, among others, are the key of no field, and need not be read to the end.
            sound = first and first[0] >= 8 and first[0] & 7 in (0, 2)
            model = onnx.load_model_from_string(first + file.read() if sound else b"")
    except Exception as error:  # protobuf's own, of many kinds
        raise WeightsError(wrong) from error
    if not (model.graph.node and model.graph.output):
        raise WeightsError(wrong)
    _check_versions(path, model)
    _check_external_data(path, model)
    if any(map(_is_spoiled, model.graph.initializer)):
        raise WeightsError(f"{path} has parameters that are not numbers: train or copy it again")
    return model


def _is_spoiled(tensor: onnx.TensorProto) -> bool:
    """Return whether parameters of the usual kinds, in the file itself, are not numbers."""
    kind = _FLOATS.get(tensor.data_type)
    raw = tensor.raw_data
    if kind is None or len(raw) % kind.itemsize:
        return False
    return bool(np.isnan(np.frombuffer(raw, kind)).any())


def _check_versions(path: Path, model: onnx.ModelProto) -> None:
    """Refuse operators that are too new, or custom: no library with any is ever loaded."""
    newest = onnx.defs.onnx_opset_version()
    opset = max((each.version for each in model.opset_import if not each.domain), default=0)
    if opset > newest or model.ir_version > onnx.IR_VERSION:
        raise WeightsError(
            f"{path} needs a newer ONNX (opset {opset}, IR version {model.ir_version}) than is "
            f"installed (opset {newest}, IR version {onnx.IR_VERSION}): "
            "export it with an older opset, or update onnx and onnxruntime"
        )
    own = {each.domain for each in model.functions}
    used = {each.domain for each in messages(model, onnx.NodeProto)}
    if unknown := sorted(used - own - _DOMAINS):
        raise WeightsError(
            f"{path} needs operators of {', '.join(unknown)}, which are not part of ONNX: "
            "export it with standard operators"
        )


def _check_external_data(path: Path, model: onnx.ModelProto) -> None:
    """Refuse parameters in files that are outside the network's folder, or not there."""
    # Caches of downloads have links, to files that are beside each other.
    folders = path.parent.resolve(), path.resolve().parent
    for tensor in messages(model, onnx.TensorProto):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        stated = {each.key: each.value for each in tensor.external_data}
        name = stated.get("location", "")
        parts = PurePosixPath(name).parts + PureWindowsPath(name).parts
        anchored = PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor
        inside = {(path.parent / name).resolve().is_relative_to(f) for f in folders}
        if anchored or ".." in parts or not name or not any(inside):
            raise WeightsError(
                f"{path} wants parameters from {name!r}, outside its folder, which is refused"
            )
        data = path.parent / name
        if not data.is_file():
            raise WeightsError(f"{path} needs the file {data}: copy it there as well")
        numbers = (stated.get(key, "") for key in ("offset", "length"))
        if data.stat().st_size < sum(int(text) for text in numbers if text.isdecimal()):
            raise WeightsError(f"{data} is shorter than {path} says: copy it again")


def messages(message: Any, kind: type[Any]) -> Iterator[Any]:  # noqa: ANN401
    """Yield all messages of a kind that are within another one, however deep."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in [value] if hasattr(value, "ListFields") else value:
                if isinstance(each, kind):
                    yield each
                yield from messages(each, kind)


def _entry(given: onnx.ValueInfoProto) -> Entry:
    if given.type.WhichOneof("value") in _OPTIONAL:
        return Entry("no array", ())
    tensor = given.type.tensor_type
    names = {number: name.lower() for name, number in onnx.TensorProto.DataType.items()}
    kind = names.get(tensor.elem_type, "unknown")
    kind = {"float": "float32", "double": "float64"}.get(kind, kind)
    if not tensor.HasField("shape"):
        return Entry(kind, None)
    # A name, nothing, 0 and -1 all stand for a size that is not fixed.
    return Entry(kind, tuple(max(0, each.dim_value) for each in tensor.shape.dim))
