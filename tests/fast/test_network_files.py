"""Networks of one style from files that other programs, or nobody's friends, wrote."""

import os
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from impasto.errors import ImpastoError, WeightsError
from impasto.fast import FastStylizer, probing, single
from impasto.fast.reading import read_entries
from impasto.fast.sessions import open_session
from impasto.fast.single import johnson_graph
from impasto.fast.trial import tried
from impasto.images import open_picture
from impasto.settings.declaration import load
from impasto.weights import fetch
from impasto.weights.formats import load_pocket, load_vgg19

Shape = Sequence[int | str | None]
ANY: Shape = (1, 3, "height", "width")
FLOAT = TensorProto.FLOAT


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be tried in another process is tried in this one, which is faster."""

    def called(_what: Path, function: str, **arguments: Any) -> Any:  # noqa: ANN401
        return load(function)(**arguments)

    monkeypatch.setattr(single, "tried", called)
    monkeypatch.setattr(probing, "begin_step", lambda _times=1.0: None)
    monkeypatch.setattr(probing, "limit_memory", lambda _more: None)


def write(
    path: Path,
    nodes: Sequence[Any],
    shape: Shape | None = ANY,
    constants: dict[str, Any] | None = None,
    *,
    kind: int = FLOAT,
    entries: Sequence[Any] = (),
    opset: int = 17,
    domains: Sequence[str] = (),
) -> Path:
    """Write a network from `x` to `y`, and return its path."""
    kept = [numpy_helper.from_array(np.asarray(v), k) for k, v in (constants or {}).items()]
    given = [helper.make_tensor_value_info("x", kind, shape), *entries]
    given = given if shape is not None else [helper.make_tensor_value_info("x", kind, None)]
    made = [helper.make_tensor_value_info("y", kind, None)]
    network = helper.make_graph(nodes, "network", given, made, kept)
    versions = [helper.make_opsetid(name, opset) for name in ("", *domains)]
    model = helper.make_model(network, opset_imports=versions, ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


def node(kind: str, *inputs: str, to: str = "y", **attributes: Any) -> Any:  # noqa: ANN401
    return helper.make_node(kind, inputs, [to], **attributes)


def brightened(path: Path, shape: Shape | None, kind: int = FLOAT, add: float = 0.0) -> Path:
    """Write a network that makes a picture a little darker, or brighter."""
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=FLOAT),
        node("Mul", "wide", "factor", to="darker"),
        node("Add", "darker", "more", to="sum"),
        helper.make_node("Cast", ["sum"], ["y"], to=kind),
    ]
    return write(
        path, nodes, shape, {"factor": np.float32(0.8), "more": np.float32(add)}, kind=kind
    )


def reduced(path: Path, cell: int, shape: Shape = ANY) -> Path:
    """Write a network whose sides have to be multiples of a number."""
    kernel = np.zeros((3, 3, cell, cell), np.float32)
    kernel[range(3), range(3)] = 1 / cell**2
    nodes = [
        node("Conv", "x", "kernel", to="small", strides=[cell, cell]),
        node("Resize", "small", "", "scales", to="large", mode="nearest"),
        node("Mean", "x", "large"),
    ]
    scales = np.array([1, 1, cell, cell], np.float32)
    return write(path, nodes, shape, {"kernel": kernel, "scales": scales})


def blurred(path: Path, border: int, shape: Shape = ANY) -> Path:
    """Write a network that lacks borders, or has more."""
    kernel = np.zeros((3, 3, 5, 5), np.float32)
    kernel[range(3), range(3)] = 1 / 25
    return write(path, [node("Conv", "x", "kernel", pads=[border] * 4)], shape, {"kernel": kernel})


def resized(path: Path, factor: float) -> Path:
    scales = np.array([1, 1, factor, factor], np.float32)
    nodes = [node("Resize", "x", "", "scales", mode="linear")]
    return write(path, nodes, ANY, {"scales": scales})


def opened(path: Path, runtime: Any = "onnxruntime") -> FastStylizer:  # noqa: ANN401
    return FastStylizer([], method=str(path), size=75, runtime=runtime, device="cpu")


def likeness(path: Path, photo: NDArray[np.uint8]) -> float:
    """Return how alike a picture and what a network makes of it are; both have one size."""
    picture = open_picture(photo).resized(75)
    made = opened(path).paint(picture)
    assert made.shape == picture.pixels.shape
    return float(np.corrcoef(made.ravel(), picture.pixels.ravel())[0, 1])


@pytest.mark.usefixtures("direct")
@pytest.mark.parametrize("cell", [7, 12, 16, 20, 32, 64, 100])
@pytest.mark.slow
def test_sides_may_have_to_be_multiples(cell: int, photo: Any, tmp_path: Path) -> None:  # noqa: ANN401
    path = reduced(tmp_path / "unet.onnx", cell)
    assert likeness(path, photo) > 0.8
    network: Any = opened(path).network
    assert network.form.cell == cell
    # What is added at the borders is a picture, too: no edge that was not there.
    flat = open_picture(np.full((61, 43, 3), 99, np.uint8))
    assert np.ptp(opened(path).paint(flat)) < 1e-5


@pytest.mark.usefixtures("direct")
@pytest.mark.parametrize(
    "shape",
    [
        (-1, 3, -1, -1),
        (None, None, None, None),
        ("n", "c", "h", "w"),
        None,
        (4, 3, "h", "w"),
        (1, "h", "w", 3),
        (3, "h", "w"),
        ("h", "w", 3),
        (1, 3, 64, 96),
        (1, 3, 96, "w"),
        (1, "h", 64, 3),
    ],
)
@pytest.mark.slow
def test_shapes(shape: Shape | None, photo: Any, tmp_path: Path) -> None:  # noqa: ANN401
    assert likeness(brightened(tmp_path / "net.onnx", shape), photo) > 0.97


@pytest.mark.usefixtures("direct")
def test_sizes_that_are_fixed_are_said(tmp_path: Path) -> None:
    found = opened(brightened(tmp_path / "net.onnx", (1, 3, 64, 96))).describe()
    assert found.startswith("net.onnx, always at 96x64 pixels, onnxruntime")
    traced = write(
        tmp_path / "traced.onnx",
        [node("Add", "x", "zeros")],
        ANY,
        {"zeros": np.zeros((1, 3, 224, 224), np.float32)},
    )
    assert "always at 224x224 pixels" in opened(traced).describe()


@pytest.mark.usefixtures("direct")
@pytest.mark.parametrize("kind", ["FLOAT16", "DOUBLE", "UINT8", "INT32"])
def test_kinds_of_numbers(kind: str, photo: Any, tmp_path: Path) -> None:  # noqa: ANN401
    number = getattr(TensorProto, kind)
    assert likeness(brightened(tmp_path / "net.onnx", (1, "h", "w", 3), number), photo) > 0.97


@pytest.mark.usefixtures("direct")
@pytest.mark.slow
def test_results_of_other_sizes(photo: Any, tmp_path: Path) -> None:  # noqa: ANN401
    for factor in (2, 4, 0.5):
        assert likeness(resized(tmp_path / f"{factor}.onnx", factor), photo) > 0.97
    for border in (0, 1, 4):
        assert likeness(blurred(tmp_path / f"{border}.onnx", border), photo) > 0.9
    assert likeness(blurred(tmp_path / "fixed.onnx", 0, (1, 3, 80, 80)), photo) > 0.9
    turned = [node("Transpose", "x", perm=[0, 2, 3, 1])]
    assert likeness(write(tmp_path / "turned.onnx", turned), photo) > 0.97


@pytest.mark.usefixtures("direct")
def test_ranges_go_together(photo: Any, tmp_path: Path) -> None:  # noqa: ANN401
    tanh: Any = opened(write(tmp_path / "tanh.onnx", [node("Tanh", "x")])).network
    assert (tanh.convention.scale[0], tanh.convention.result_scale) == (2, 2)
    picture = open_picture(photo).resized(75)
    linear = opened(brightened(tmp_path / "darker.onnx", ANY)).paint(picture)
    np.testing.assert_allclose(linear.mean((0, 1)), 0.8 * picture.pixels.mean((0, 1)), atol=0.1)


@pytest.mark.usefixtures("direct")
def test_what_is_not_from_picture_to_picture(tmp_path: Path) -> None:
    pooled = node("GlobalAveragePool", "x", to="pooled")
    table = {"table": np.ones((9, 4), np.float32)}
    two = [helper.make_tensor_value_info("style", FLOAT, ANY)]
    for path, said in (
        (write(tmp_path / "a.onnx", [pooled, node("Flatten", "pooled")]), "it gives 1 x 3 numbers"),
        (
            write(tmp_path / "b.onnx", [node("Gather", "table", "x")], ("n", "s"), table, kind=7),
            "takes x .int64, any x any., which is not a picture",
        ),
        (write(tmp_path / "c.onnx", [node("Add", "x", "style")], entries=two), "takes x .*, style"),
        (write(tmp_path / "d.onnx", [node("Sub", "x", "x")]), "all it gives is one color"),
        (write(tmp_path / "e.onnx", [node("Foo", "x")]), "cannot be read as a network: .*Foo"),
        (write(tmp_path / "f.onnx", [node("Neg", "x")], opset=99), "needs a newer ONNX .opset 99"),
        (
            write(tmp_path / "g.onnx", [node("Foo", "x", domain="my.own")], domains=["my.own"]),
            "needs operators of my.own, which are not part of ONNX",
        ),
        (
            write(
                tmp_path / "h.onnx", [node("Mul", "x", "no")], constants={"no": np.float32("nan")}
            ),
            "parameters that are not numbers",
        ),
    ):
        with pytest.raises(WeightsError, match=said) as error:
            opened(path)
        assert "\n" not in str(error.value)


@pytest.mark.usefixtures("direct")
def test_the_largest_output_is_the_picture(photo: Any, tmp_path: Path) -> None:  # noqa: ANN401
    path = brightened(tmp_path / "net.onnx", ANY)
    model = onnx.load(path)
    model.graph.node.append(node("GlobalAveragePool", "x", to="mean"))
    model.graph.output.insert(0, helper.make_tensor_value_info("mean", FLOAT, None))
    onnx.save(model, path)
    assert likeness(path, photo) > 0.97


def external(path: Path, location: str, length: int = 4) -> Path:
    write(path, [node("Mul", "x", "factor")], constants={"factor": np.float32(0.8)})
    model = onnx.load(path)
    (tensor,) = model.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.usefixtures("direct")
def test_parameters_in_other_files(tmp_path: Path, photo: Any) -> None:  # noqa: ANN401
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(8))
    (folder / "data").write_bytes(struct.pack("<f", 0.8))
    (folder / "link").symlink_to(tmp_path / "secret")
    for location in ("../secret", str(tmp_path / "secret"), "..\\secret", "link", "a/../../secret"):
        with pytest.raises(WeightsError, match="outside its folder"):
            opened(external(folder / "net.onnx", location))
    with pytest.raises(WeightsError, match=r"needs the file .*gone: copy it there"):
        opened(external(folder / "net.onnx", "gone"))
    with pytest.raises(WeightsError, match=r"data is shorter than .*net.onnx says"):
        opened(external(folder / "net.onnx", "data", 10**12))
    path = external(folder / "net.onnx", "data")
    assert likeness(path, photo) > 0.97
    # A cache of downloads: links to files that are beside each other.
    (tmp_path / "cache").mkdir()
    for name in ("net.onnx", "data"):
        (tmp_path / "cache" / name).symlink_to(folder / name)
    assert likeness(tmp_path / "cache" / "net.onnx", photo) > 0.97


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 * 10**9)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("a text, and no network\n"), "is not an .onnx network"),
        (lambda path: path.write_bytes(b""), "is not an .onnx network"),
        (sparse, "has 2 GB at most"),
        (os.mkfifo, "is a pipe or a device"),
        (lambda path: path.symlink_to("/dev/zero"), "is a pipe or a device"),
        (Path.mkdir, "is a folder"),
        (lambda path: None, "does not exist"),
    ],
)
def test_what_is_no_network(make: Callable[[Path], Any], said: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    make(path)
    with pytest.raises(WeightsError, match=said):
        opened(path)


@pytest.mark.parametrize("suffix", [".safetensors", ".h5", ".pth"])
def test_a_pipe_is_not_waited_for(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{suffix}"
    os.mkfifo(path)
    for read in (load_vgg19, load_pocket, johnson_graph):
        with pytest.raises(WeightsError, match="is a pipe or a device"):
            read(path)


def test_parameters_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(struct.pack("<Q", 10**12) + b"{}")
    with pytest.raises(WeightsError, match="cannot be read"):
        opened(path)
    with pytest.raises(WeightsError, match="cannot be read as a pocket encoder"):
        load_pocket(path)
    kernel = np.zeros((9, 9, 3, 4), np.float32)
    for array, said in (
        (kernel, "it has no conv1.scale"),
        (kernel + np.float32("nan"), "numbers that are not finite"),
    ):
        save_file({"conv1.kernel_hwio": array}, path)
        with pytest.raises(WeightsError, match=said):
            opened(path)
    ones = {"conv1.scale": np.ones(4, np.float32), "conv1.shift": np.ones(5, np.float32)}
    save_file({"conv1.kernel_hwio": kernel, **ones}, path)
    with pytest.raises(WeightsError, match="conv1 has other shapes"):
        opened(path)


@pytest.mark.slow
def test_one_that_never_ends_is_ended(tmp_path: Path) -> None:
    going_on = helper.make_graph(
        [node("Identity", "go", to="on"), node("Identity", "value", to="next")],
        "body",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", FLOAT, None),
        ],
    )
    loop = node("Loop", "", "yes", "x", body=going_on)
    with pytest.raises(WeightsError, match="took too long"):
        opened(write(tmp_path / "loop.onnx", [loop], constants={"yes": np.array(True)}))


def of_one_size(path: Path, height: int, width: int) -> Path:
    """Write a network that says it takes any size, and runs at one."""
    kernel = np.random.default_rng(0).normal(0, 0.1, (3, 3, 3, 3)).astype(np.float32)
    nodes = [
        node("Conv", "x", "kernel", to="z", pads=[1, 1, 1, 1]),
        node("Reshape", "z", "shape", to="y"),
    ]
    return write(path, nodes, constants={"kernel": kernel, "shape": [1, 3, height, width]})


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
@pytest.mark.slow
def test_one_size_is_found_out_with_few_tries(
    runtime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if runtime == "openvino":
        pytest.importorskip("openvino")
    tries: list[tuple[int, int]] = []

    def counted(height: int, width: int) -> Any:  # noqa: ANN401
        tries.append((height, width))
        return patches(height, width)

    patches = probing._patches
    monkeypatch.setattr(probing, "_patches", counted)
    monkeypatch.setattr(probing, "begin_step", lambda _times=1.0: None)
    monkeypatch.setattr(probing, "limit_memory", lambda _more: None)
    _, form, _ = probing.probe(str(of_one_size(tmp_path / "net.onnx", 224, 224)), [runtime])
    assert form.fixed == (224, 224)
    assert len(tries) < 30
    assert sum(height * width for height, width in tries) < 2e6


@pytest.mark.usefixtures("direct")
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_a_size_that_its_constants_state_is_found(
    runtime: str, tmp_path: Path, photo: NDArray[np.uint8]
) -> None:
    if runtime == "openvino":
        pytest.importorskip("openvino")
    odd = of_one_size(tmp_path / "odd.onnx", 200, 300)
    made = opened(odd, runtime)
    assert made.describe().startswith("odd.onnx, always at 300x200 pixels")
    assert made(photo).size == (75, 50)
    # Twice and three times 128, which one may take for the cell.
    assert "always at 384x256 pixels" in opened(of_one_size(odd, 256, 384), runtime).describe()


def of_a_hidden_size(path: Path) -> Path:
    """Write a network that runs at one size, which it does not say."""
    nodes = [node("Add", "less", "more", to="shape"), node("Reshape", "x", "shape")]
    return write(
        path, nodes, constants={"less": np.array([1, 3, 301, 203]) - 77, "more": np.array([77])}
    )


def test_looking_for_a_size_ends(tmp_path: Path) -> None:
    path = of_a_hidden_size(tmp_path / "net.onnx")
    begun = time.process_time()
    with pytest.raises(WeightsError, match="runs with no size of picture"):
        probing._running(
            open_session(path, "onnxruntime", "cpu"),
            list(probing.possible_forms(path, read_entries(path))),
            path,
            begun,
        )
    assert time.process_time() - begun < 1


@pytest.mark.slow
def test_one_size_that_is_not_found_is_refused_in_seconds(tmp_path: Path) -> None:
    path = of_a_hidden_size(tmp_path / "net.onnx")
    begun = time.process_time(), os.times().children_user
    with pytest.raises(WeightsError, match="no size of picture: The input tensor cannot be resh"):
        opened(path, "auto")
    used = time.process_time() - begun[0] + os.times().children_user - begun[1]
    assert used < 6


@pytest.mark.slow
def test_one_that_wants_all_memory_is_refused(tmp_path: Path) -> None:
    nodes = [
        node("ConstantOfShape", "size", to="zeros"),
        node("ReduceSum", "zeros", to="sum", keepdims=0),
        node("Add", "x", "sum"),
    ]
    path = write(tmp_path / "large.onnx", nodes, constants={"size": np.array([10**9, 25])})
    with pytest.raises(WeightsError, match="needs more memory"):
        opened(path)


@pytest.mark.slow
def test_one_that_is_sound_is_tried_in_a_process_of_its_own(photo: Any, tmp_path: Path) -> None:  # noqa: ANN401
    assert likeness(brightened(tmp_path / "net.onnx", (-1, 3, -1, -1)), photo) > 0.97


@pytest.mark.slow
def test_a_process_that_crashes_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match=r"net.onnx ended the process that tried it \(-6\)"):
        tried(tmp_path / "net.onnx", "os:abort")


def test_weights_that_are_of_another_network(photo: Any, tmp_path: Path) -> None:  # noqa: ANN401
    path, reader = tmp_path / "any_style.onnx", tmp_path / "style_reader.onnx"
    brightened(path, ANY)
    for given, said in ((None, r"is not an any_style\.onnx"), (b"text", "is not an .onnx network")):
        if given:
            path.write_bytes(given)
        with pytest.raises(WeightsError, match=said):
            FastStylizer(photo, weights=path)
    path.write_bytes(fetch("any-style").read_bytes())
    with pytest.raises(WeightsError, match=r"style_reader.onnx does not exist"):
        FastStylizer(photo, weights=path)
    brightened(reader, ANY)
    with pytest.raises(WeightsError, match=r"is not a style_reader\.onnx"):
        FastStylizer(photo, weights=path)
