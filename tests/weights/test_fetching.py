"""Where files are looked for, in which order, and what is said when they are nowhere."""

import os
from pathlib import Path

import pytest

from impasto.errors import WeightsError
from impasto.weights import fetch, find
from impasto.weights.catalogue import CATALOGUE
from impasto.weights.folders import bundled_folder, cache_folder, is_offline, search_folders

KERAS = CATALOGUE["vgg19-keras"]
TORCHVISION = CATALOGUE["vgg19-torchvision"]


def put(folder: Path, name: str, size: int | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with path.open("wb") as stream:
        stream.truncate(size or 10)  # sparse: the real sizes cost nothing
    return path


def test_the_folders_in_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", os.pathsep.join(["/one", "", "~/two"]))
    assert [folder.path for folder in search_folders()] == [
        bundled_folder(),
        Path("/one"),
        home / "two",
        cache_folder(),
        home / ".keras" / "models",
        home / ".cache" / "torch" / "hub" / "checkpoints",
    ]
    assert [folder.foreign for folder in search_folders()] == [False] * 4 + [True] * 2


def test_the_cache_is_in_the_users_home_or_where_it_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home in cache_folder().parents
    monkeypatch.setenv("IMPASTO_HOME", "~/elsewhere")
    assert cache_folder() == home / "elsewhere" / "weights"


def test_keras_and_torch_may_have_moved(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(home / "k"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "x"))
    assert list(search_folders())[-2].path == home / "k" / "models"
    assert list(search_folders())[-1].path == home / "x" / "torch" / "hub" / "checkpoints"
    monkeypatch.setenv("TORCH_HOME", str(home / "t"))
    assert list(search_folders())[-1].path == home / "t" / "hub" / "checkpoints"


def test_an_existing_path_is_returned_as_it_is(tmp_path: Path) -> None:
    path = put(tmp_path, "anything.bin")
    assert find(path) == path
    assert fetch(str(path)) == path


def test_each_place_hides_the_ones_after_it(
    home: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}")
    size = KERAS.size_bytes
    places = [home / ".keras" / "models", cache, tmp_path / "b", tmp_path / "a"]
    assert find("vgg19-keras") is None
    for folder in places:
        path = put(folder, KERAS.filename, size)
        assert find("vgg19-keras") == find(KERAS.filename) == fetch("vgg19-keras") == path


def test_a_group_prefers_its_first_file(home: Path, cache: Path) -> None:
    hub = home / ".cache" / "torch" / "hub" / "checkpoints"
    pickled = put(hub, TORCHVISION.filename, TORCHVISION.size_bytes)
    assert find("vgg19") == pickled
    keras = put(home / ".keras" / "models", KERAS.filename, KERAS.size_bytes)
    assert find("vgg19") == keras
    own = put(cache, "vgg19.safetensors")
    assert find("vgg19") == fetch("vgg19") == own
    assert find("vgg19-torchvision") == pickled


def test_an_earlier_folder_beats_a_preferred_file(
    home: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(tmp_path / "mine"))
    in_cache = put(cache, "vgg19.safetensors")
    assert find("vgg19") == in_cache
    keras = put(tmp_path / "mine", KERAS.filename)
    assert find("vgg19") == fetch("vgg19") == keras
    own = put(tmp_path / "mine", "vgg19.safetensors")
    assert find("vgg19") == fetch("vgg19") == own


@pytest.mark.parametrize("name", ["vgg19", "vgg19-keras"])
def test_a_file_in_the_current_folder_does_not_hide_the_catalogue(
    name: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    mine = put(Path(), name)
    assert find(name) is None
    path = put(cache, KERAS.filename)
    assert find(name) == fetch(name) == path
    assert find(f"./{name}") is not None  # asked for as a path it is one
    assert find(mine.resolve()) == mine.resolve()


def test_unfinished_downloads_of_other_programs_are_passed_over(home: Path) -> None:
    put(home / ".keras" / "models", KERAS.filename, 1000)
    assert find("vgg19") is None


def test_a_file_of_the_users_own_folder_is_never_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(tmp_path))
    path = put(tmp_path, KERAS.filename, 1000)
    assert find("vgg19") == path


def test_names_that_no_disk_can_hold_are_unknown_names() -> None:
    for name in ("x" * 5000, "", "a\0b"):
        with pytest.raises(WeightsError, match="known: pocket, any-style"):
            find(name)


def test_offline_the_error_says_everything(
    cache: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(home / "mine"))
    with pytest.raises(WeightsError) as caught:
        fetch("vgg19")
    message = str(caught.value)
    assert KERAS.url is not None
    for part in (
        KERAS.filename,
        TORCHVISION.filename,
        *(str(folder.path) for folder in search_folders()),
        KERAS.url,
        "md5:253f8cb515780f3b799900260a226db6",
        "80 MB",
        "`impasto weights fetch vgg19-keras`",
        "IMPASTO_WEIGHTS",
        "unset IMPASTO_OFFLINE",
    ):
        assert part in message
    assert "\n" not in message
    assert not cache.exists()


@pytest.mark.parametrize(
    ("value", "offline"), [("1", True), ("yes", True), ("0", False), ("", False)]
)
def test_what_counts_as_offline(value: str, offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_offline()
    monkeypatch.setenv("IMPASTO_OFFLINE", value)
    assert is_offline() is offline


def test_a_file_without_a_url_asks_for_a_folder(cache: Path) -> None:
    with pytest.raises(WeightsError, match="not on the network, so set IMPASTO_WEIGHTS"):
        fetch("vgg19-safetensors")
    assert not cache.exists()
