"""The table of files, and the promise that looking at it costs nothing."""

import re
import subprocess
import sys

import pytest

from impasto.errors import WeightsError
from impasto.weights.catalogue import CATALOGUE, files_named


def test_hashes_have_the_length_of_their_kind() -> None:
    digits = r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}|sha256:[0-9a-f]{8,63}\.\.\."
    for file in CATALOGUE.values():
        assert file.published_hash is None or re.fullmatch(digits, file.published_hash)


def test_what_can_be_downloaded_has_a_hash_a_size_a_license_and_https() -> None:
    for file in CATALOGUE.values():
        assert file.license
        assert file.source
        if file.url:
            assert file.url.startswith("https://")
            assert file.url.endswith(file.filename)
            # A url that names a commit holds the content; these publishers state nothing.
            held = file.published_hash or re.search("/raw/[0-9a-f]{40}/", file.url)
            assert held or file.group.startswith(("magenta", "adain"))
            assert file.size_bytes or not file.published_hash


def test_pickled_files_are_kept_as_safetensors() -> None:
    for file in CATALOGUE.values():
        assert file.filename.endswith((".pth", ".pth.tar")) == (file.kept_as is not None)
        assert file.kept_as is None or file.kept_as.endswith(".safetensors")


def test_a_group_lists_its_files_in_the_order_of_preference() -> None:
    names = [file.name for file in files_named("vgg19")]
    assert names == ["vgg19-safetensors", "vgg19-keras", "vgg19-torchvision"]


@pytest.mark.parametrize(
    "name", ["vgg19-torchvision", "vgg19-dcbb9e9d.pth", "vgg19-dcbb9e9d.safetensors"]
)
def test_one_file_goes_by_short_name_file_name_and_copy(name: str) -> None:
    assert [file.name for file in files_named(name)] == ["vgg19-torchvision"]


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(WeightsError, match=r"vgg91.*known: pocket, any-style, style-reader, vgg19"):
        files_named("vgg91")


def test_sizes_are_told_in_megabytes() -> None:
    assert CATALOGUE["vgg19-keras"].size == "80 MB"
    assert CATALOGUE["vgg19-torchvision"].size == "575 MB"
    assert CATALOGUE["vgg19-safetensors"].size == "unknown"


def test_imports_and_the_list_load_nothing_heavy() -> None:
    program = (
        "import sys, impasto.weights, impasto.cli.weights as cli; cli.list_files();"
        "heavy = {'numpy', 'torch', 'h5py', 'safetensors', 'requests'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
    assert "vgg19-keras" in done.stdout
