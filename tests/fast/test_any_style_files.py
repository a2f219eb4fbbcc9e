"""The graphs of our own network run wherever ONNX does, in browsers too."""

import onnx
import pytest

from impasto.weights import fetch

#: Operators that have a WebGPU kernel in ONNX Runtime Web 1.30 (its docs/webgpu-operators.md).
WEBGPU = frozenset(
    {
        "Abs",
        "Add",
        "AveragePool",
        "Cast",
        "Clip",
        "Concat",
        "Conv",
        "DepthToSpace",
        "Div",
        "Gemm",
        "Log",
        "MatMul",
        "MaxPool",
        "Mul",
        "Neg",
        "Pad",
        "Pow",
        "ReduceMean",
        "ReduceSum",
        "ReduceSumSquare",
        "Relu",
        "Reshape",
        "Shape",
        "Slice",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Transpose",
    }
)
#: Operators that only its WebAssembly build has, which has all of ONNX.
WEBASSEMBLY = frozenset(["Identity", "Max", "Min", "Mod", "SpaceToDepth"])
#: The newest version of ONNX's operators that is counted on.
OPSET = 21


@pytest.mark.parametrize("name", ["any-style", "style-reader"])
def test_browsers_know_all_operators(name: str) -> None:
    model = onnx.load(fetch(name))
    onnx.checker.check_model(model, full_check=True)
    (opset,) = model.opset_import
    assert (opset.domain, opset.version <= OPSET) == ("", True)
    assert not model.functions
    assert {node.domain for node in model.graph.node} == {""}
    assert {node.op_type for node in model.graph.node} <= WEBGPU | WEBASSEMBLY


def test_inputs_and_outputs() -> None:
    painter, reader = (onnx.load(fetch(name)).graph for name in ("any-style", "style-reader"))
    inputs = ["picture", "code", "strength", "grain", "held", "pace"]
    assert [each.name for each in painter.input] == inputs
    assert [each.name for each in painter.output] == ["stylized", "statistics"]
    assert [each.name for each in reader.input] == ["picture"]
    assert [each.name for each in reader.output] == ["code"]
