"""A pickle is read once; afterwards there is a safetensors copy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors import safe_open

from impasto.errors import WeightsError
from impasto.weights import fetch, find, load_vgg19
from impasto.weights.catalogue import WeightsFile
from impasto.weights.fetching import converted

if TYPE_CHECKING:
    from tests.weights.conftest import Answer, Server


@pytest.fixture
def pickled(
    server: Server,
    answer: type[Answer],
    torch_file: Path,
    catalogued: Callable[[WeightsFile], WeightsFile],
) -> WeightsFile:
    body = torch_file.read_bytes()
    server.answers = [answer(body)]
    return catalogued(
        WeightsFile(
            name="small",
            filename="vgg19-small.pth",
            group="small",
            purpose="testing",
            license="CC0",
            source="here",
            url=f"{server.url}/vgg19-small.pth",
            size_bytes=len(body),
            published_hash=f"sha256:{hashlib.sha256(body).hexdigest()[:8]}...",
            kept_as="vgg19-small.safetensors",
        )
    )


@pytest.fixture
def in_hub(home: Path, torch_file: Path, pickled: WeightsFile) -> Path:
    """The pickle where torch.hub would have put it."""
    hub = home / ".cache" / "torch" / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    return torch_file.rename(hub / pickled.filename)


def forbid_unpickling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: pytest.fail("unpickled again"))


def test_a_download_is_kept_as_safetensors_only(
    pickled: WeightsFile, server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch("small")
    assert path == cache / "vgg19-small.safetensors"
    assert list(cache.iterdir()) == [path]
    forbid_unpickling(monkeypatch)
    assert fetch("small") == find("small") == find("vgg19-small.pth") == path
    assert list(load_vgg19(path).weights) == ["conv1_1", "conv1_2", "conv2_1"]
    assert server.requests == 1


def test_the_copy_says_what_it_is(pickled: WeightsFile, torch_file: Path, cache: Path) -> None:
    with safe_open(fetch("small"), framework="numpy") as file:
        metadata = file.metadata()
    assert metadata["channel_order"] == "RGB"
    assert metadata["mean"] == "0.485,0.456,0.406"
    assert metadata["std"] == "0.229,0.224,0.225"
    assert float(metadata["scale"]) == 1
    assert metadata["license"] == "CC0"
    digest = hashlib.sha256(torch_file.read_bytes()).hexdigest()
    assert metadata["converted_from"] == f"{pickled.url}, sha256:{digest}"


def test_torch_hubs_pickle_is_converted_once_and_stays(
    in_hub: Path, server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = load_vgg19(in_hub)
    assert find("small") == in_hub
    path = fetch("small")
    assert path.parent == cache
    assert in_hub.is_file()
    forbid_unpickling(monkeypatch)
    assert fetch("small") == path
    copy = load_vgg19(path)
    assert copy.convention == expected.convention
    for name, (kernel, bias) in expected.weights.items():
        assert (copy.weights[name][0] == kernel).all()
        assert (copy.weights[name][1] == bias).all()
    assert server.requests == 0


def test_a_pickle_in_the_users_folder_does_not_hide_the_copy(
    in_hub: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = fetch("small")
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(in_hub.parent))
    forbid_unpickling(monkeypatch)
    assert fetch("small") == copy


def test_without_a_cache_the_pickle_itself_is_used(
    in_hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "taken"))
    assert fetch("small") == in_hub
    assert load_vgg19(fetch("small")).weights


def test_a_copy_that_is_needed_has_to_be_written(
    pickled: WeightsFile, torch_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "taken"))
    with pytest.raises(WeightsError, match=r"cannot be written .*set IMPASTO_HOME to a folder"):
        converted(replace(pickled, layout="wct"), torch_file)


def test_another_file_of_the_same_name_and_size_is_refused(in_hub: Path, cache: Path) -> None:
    content = bytearray(in_hub.read_bytes())
    content[len(content) // 2] ^= 1
    in_hub.write_bytes(content)
    with pytest.raises(WeightsError, match=r"not the published file.*impasto weights fetch small"):
        fetch("small")
    assert not cache.exists()
