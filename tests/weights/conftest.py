"""A machine of its own for every test: empty home, a web server, and a VGG-19 that ends early."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from impasto.weights import downloading
from impasto.weights.catalogue import CATALOGUE, WeightsFile

Weights = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]

SMALL_LAYERS = {"conv1_1": (3, 64), "conv1_2": (64, 64), "conv2_1": (64, 128)}
FEATURES = {"conv1_1": 0, "conv1_2": 2, "conv2_1": 5}


@dataclass
class Answer:
    """What the server says: a status and a body, perhaps shorter than it claims."""

    body: bytes = b""
    status: int = 200
    missing_bytes: int = 0


@dataclass
class Server:
    """A web server that gives its answers in turn, the last one for ever."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    requests: int = 0

    def next_answer(self) -> Answer:
        answer = self.answers[min(self.requests, len(self.answers) - 1)]
        self.requests += 1
        return answer


REAL_WEIGHTS = os.environ.get("IMPASTO_WEIGHTS", "")  # before `home` hides it


@pytest.fixture
def real_weights() -> Path:
    """The first folder of real weights that the person running the tests has named."""
    if not REAL_WEIGHTS:
        pytest.skip("IMPASTO_WEIGHTS names no folder of real weights")
    return Path(REAL_WEIGHTS.split(os.pathsep)[0]).expanduser()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and none of the variables that point out of it."""
    folder = tmp_path / "home"
    folder.mkdir()
    variables = "IMPASTO_WEIGHTS IMPASTO_HOME IMPASTO_OFFLINE KERAS_HOME TORCH_HOME XDG_CACHE_HOME"
    for variable in variables.split():
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setenv("LOCALAPPDATA", str(folder / "local"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(downloading, "PAUSE_SECONDS", 0.0)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of impasto's cache, which does not exist yet."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "impasto"))
    return tmp_path / "impasto" / "weights"


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = state.next_answer()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body) + answer.missing_bytes))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.url = f"http://127.0.0.1:{http.server_port}"
        yield state
        http.shutdown()
        thread.join()


@pytest.fixture
def catalogued(monkeypatch: pytest.MonkeyPatch) -> Callable[[WeightsFile], WeightsFile]:
    """Adds a file to the catalogue for the length of the test."""

    def add(file: WeightsFile) -> WeightsFile:
        monkeypatch.setitem(CATALOGUE, file.name, file)
        return file

    return add


@pytest.fixture(scope="session")
def small_vgg() -> Weights:
    """VGG-19 to conv2_1 at its real widths, with seeded numbers that half floats can hold."""
    rng = np.random.default_rng(19)

    def numbers(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal(shape).astype(np.float16).astype(np.float32)

    return {
        name: (numbers(outputs, inputs, 3, 3), numbers(outputs))
        for name, (inputs, outputs) in SMALL_LAYERS.items()
    }


def save_own(weights: Weights, path: Path, metadata: dict[str, str]) -> None:
    tensors: dict[str, NDArray[np.float32]] = {}
    for name, (kernel, bias) in weights.items():
        tensors |= {f"{name}.weight": kernel, f"{name}.bias": bias}
    save_file(tensors, path, metadata)


def save_keras(weights: Weights, path: Path, *, as_bytes: bool, root: str = "/") -> None:
    def texts(names: list[str]) -> list[bytes] | list[str]:
        return [name.encode() for name in names] if as_bytes else names

    with h5py.File(path, "w") as file:
        group = file.require_group(root)
        layers = {name: name.replace("conv", "block").replace("_", "_conv") for name in weights}
        group.attrs["layer_names"] = texts(["input_1", *layers.values(), "block1_pool"])
        for name, layer in layers.items():
            # The published file names its arrays so; nothing may rely on it.
            names = [f"{layer}_W_1:0", f"{layer}_b_1:0"]
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = texts(names)
            inner[names[0]] = weights[name][0].transpose(2, 3, 1, 0)
            inner[names[1]] = weights[name][1]


def save_torch(weights: Weights, path: Path, *, legacy: bool = False) -> None:
    state = {"classifier.0.weight": torch.ones(2, 2)}
    for name, (kernel, bias) in weights.items():
        key = f"features.{FEATURES[name]}"
        state |= {f"{key}.weight": torch.tensor(kernel), f"{key}.bias": torch.tensor(bias)}
    torch.save(state, path, _use_new_zipfile_serialization=not legacy)


@pytest.fixture
def own_file(tmp_path: Path, small_vgg: Weights) -> Path:
    path = tmp_path / "own.safetensors"
    metadata = {"input": "BGR, 0..255, minus (103.939,116.779,123.68), as Caffe", "source": "here"}
    save_own(small_vgg, path, metadata)
    return path


@pytest.fixture
def keras_file(tmp_path: Path, small_vgg: Weights) -> Path:
    path = tmp_path / "keras.h5"
    save_keras(small_vgg, path, as_bytes=True)
    return path


@pytest.fixture
def torch_file(tmp_path: Path, small_vgg: Weights) -> Path:
    path = tmp_path / "vgg19-torch.pth"
    save_torch(small_vgg, path)
    return path


@dataclass(frozen=True)
class Savers:
    """The three writers, for tests that need a variant."""

    own: Callable[..., None] = save_own
    keras: Callable[..., None] = save_keras
    torch: Callable[..., None] = save_torch


@pytest.fixture
def savers() -> Savers:
    return Savers()


@pytest.fixture
def answer() -> type[Answer]:
    return Answer
