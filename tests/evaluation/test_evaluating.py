"""Stylized pictures measured: anchors, matching, tables, and networks that users bring."""

import csv
import os
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from PIL import Image

from impasto import stylize
from impasto.batch import make_pairs
from impasto.errors import ImageError, MissingExtraError, SettingsError, WeightsError
from impasto.evaluation.evaluating import (
    averages,
    features_of,
    rows_of,
    save_table,
    set_distances,
    summary_lines,
)
from impasto.evaluation.judging import MEASURES, Judge, find_lpips, open_network
from impasto.evaluation.triples import Triple, labels, match_triples
from impasto.tables import read_table

TO_STYLE = ("style", "texture", "patches", "colors")


@pytest.fixture
def triple(files: tuple[Path, Path], tmp_path: Path) -> Triple:
    painted = stylize(*files, method="fast", size=96, runtime="onnxruntime")
    return Triple(*files, painted.save(tmp_path / "photo-painting.png"))


def average(path: Path, inputs: int) -> Path:
    """Write an ONNX network: the mean color of the last picture."""
    shape: list[str | int | None] = [1, 3, "h", "w"]
    given = [
        helper.make_tensor_value_info(f"x{n}", TensorProto.FLOAT, shape) for n in range(inputs)
    ]
    nodes = [helper.make_node("GlobalAveragePool", [f"x{inputs - 1}"], ["y"])]
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 1, 1])]
    graph = helper.make_graph(nodes, "average", given, made)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, str(path))
    return path


@pytest.mark.slow
def test_copies_win_one_half_and_lose_the_other(triple: Triple, judge: Judge) -> None:
    (row,) = rows_of([triple], judge)
    assert list(row.measured) == [name for name in MEASURES if name != "lpips"]
    for name in ("content", "structure", "tile_seams"):
        assert row.photo[name] == pytest.approx(0, abs=1e-6)
    assert row.photo["ssim"] == pytest.approx(1)
    for name in TO_STYLE:
        assert row.style[name] == 0
        assert row.photo[name] > row.measured[name] > 0
    assert row.style["content"] > row.measured["content"] > 0
    assert row.style["ssim"] < row.measured["ssim"] < 1


@pytest.mark.slow
def test_summaries_have_means_medians_and_no_total(triple: Triple, judge: Judge) -> None:
    copied = triple._replace(output=triple.style)
    rows = list(rows_of([triple, triple, copied], judge))
    means, medians, _, styles = averages(rows)
    values = [row.measured["style"] for row in rows]
    assert means["style"] == pytest.approx(sum(values) / 3)
    assert medians["style"] == sorted(values)[1]
    assert styles["style"] == 0
    lines = summary_lines(rows)
    assert lines[0].split() == ["N", "=", "3", "mean", "median", "the", "photo", "the", "style"]
    assert [line.split("↓")[0].split("↑")[0].strip() for line in lines[1:]] == list(means)


def test_tables_have_each_picture(triple: Triple, judge: Judge, tmp_path: Path) -> None:
    rows = list(rows_of([triple, triple], judge))
    with save_table(rows, tmp_path / "table.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == 2
    assert read[0]["output file"] == str(triple.output)
    assert float(read[0]["style"]) == pytest.approx(rows[0].measured["style"], abs=1e-6)
    assert float(read[0]["ssim of the photo"]) == 1


def test_alpha_is_seen_on_white_and_narrow_pictures_are_refused(
    triple: Triple, judge: Judge, tmp_path: Path
) -> None:
    clear, white, narrow = (tmp_path / f"{name}.png" for name in ("clear", "white", "narrow"))
    Image.new("RGBA", (96, 64), (255, 0, 0, 0)).save(clear)
    Image.new("RGB", (96, 64), "white").save(white)
    assert judge(*triple[:2], clear) == judge(*triple[:2], white)
    Image.new("RGB", (96, 20)).save(narrow)
    with pytest.raises(ImageError, match="too narrow"):
        judge(*triple[:2], narrow)


def test_vgg_judges_where_it_is_at_hand(vgg_at_hand: None, triple: Triple) -> None:
    judge = Judge(48)
    assert judge.describe().startswith("VGG-19 (vgg19.safetensors, ")
    assert judge(triple.content, triple.style, triple.style)["style"] == 0


def test_without_scikit_image_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(MissingExtraError, match=r'-m pip install .*"scikit-image>='):
        Judge(96)


def matched(
    contents: list[Path], styles: list[Path], outputs: list[Path], by: str = "auto"
) -> tuple[list[Triple], str]:
    return match_triples(dict.fromkeys(contents, "."), styles, dict.fromkeys(outputs, "."), by)


def test_matching() -> None:
    contents = [Path(f"c/{name}.jpg") for name in ("a", "a-b", "x")]
    styles = [Path(f"s/{name}.jpg") for name in ("b", "c")]
    outputs = [Path(f"o/{name}.png") for name in ("a-b-c", "x-c", "a-c")]
    found, way = matched(contents, styles, outputs)
    assert way == "name"
    assert [(t.content.stem, t.style.stem) for t in found] == [("a-b", "c"), ("x", "c"), ("a", "c")]
    found, way = matched(contents, styles[:1], outputs)
    assert way == "order"
    assert [t.content for t in found] == contents
    assert {t.style for t in found} == {styles[0]}
    mixed = [Path(f"o/{name}.png") for name in ("x-b", "a-b-b", "a")]
    found, way = matched(contents, styles[:1], mixed)
    assert way == "name"
    assert [t.content.stem for t in found] == ["x", "a-b", "a"]
    (one,), _ = matched(contents, styles[:1], [Path("o/x.png")], "name")
    assert one.content == contents[2]
    with pytest.raises(ImageError, match="not as many"):
        matched(contents, styles, outputs, "order")
    with pytest.raises(ImageError, match=r"z\.png is called after nothing"):
        matched(contents, styles, [Path("z.png")])
    with pytest.raises(ImageError, match="2 pairs"):
        matched([*contents, Path("d/x.jpg")], styles, [Path("x-b.png")])
    with pytest.raises(SettingsError, match="auto, order, name"):
        matched(contents, styles, outputs, "magic")
    assert labels([(Path("a"), Path("b"))] * 2) == ["a × b (1)", "a × b (2)"]


def test_contents_of_one_name_are_matched_as_a_batch_calls_them() -> None:
    contents = {Path("c/x.jpg"): ".", Path("c/x.png"): ".", Path("c/d/x.jpg"): "d"}
    styles = [Path("s/b.jpg"), Path("s/c.jpg")]
    pairs = make_pairs(contents, styles, ".jpg")
    outputs = {Path("o", pair.name): str(Path(pair.name).parent) for pair in pairs}
    found, way = match_triples(contents, styles, outputs, "auto")
    assert way == "name"
    assert [t[:2] for t in found] == [(p.content, styles[p.style or 0]) for p in pairs]
    del outputs[Path("o/x.png-b.jpg")]
    with pytest.raises(ImageError, match=r"x-b\.jpg is called after"):
        match_triples(contents, styles, outputs, "name")


def test_tables_of_files(tmp_path: Path) -> None:
    path = tmp_path / "triples.csv"
    path.write_text("content,style,output\na.jpg,b.jpg,c.png\n")
    assert read_table(path, ("content", "output")) == [[tmp_path / "a.jpg", tmp_path / "c.png"]]
    for text in ("", "content,style\na,b\n", "content,style,output\na,b\n"):
        path.write_text(text)
        with pytest.raises(ImageError, match="is not a table of content, style, output"):
            read_table(path, ("content", "style", "output"))
    with pytest.raises(ImageError, match="cannot be read"):
        read_table(tmp_path / "none.csv", ("content",))


@pytest.mark.slow
def test_sets_are_compared_with_a_network_that_is_given(
    triple: Triple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = open_network(average(tmp_path / "inception.onnx", 1))
    with Image.open(triple.output) as image:
        mean = np.asarray(image.resize((299, 299), Image.Resampling.LANCZOS)).mean((0, 1)) / 255
    np.testing.assert_allclose(features_of([triple.output], network)[0], mean, atol=0.01)
    weights = tmp_path / "weights"
    weights.mkdir()
    monkeypatch.setenv("IMPASTO_WEIGHTS", os.fspath(weights))
    assert find_lpips() is None
    average(weights / "lpips.onnx", 2)
    lpips = find_lpips()
    assert lpips is not None
    rows = list(rows_of([triple, triple], Judge(96, lpips=lpips)))
    assert "lpips" in rows[0].measured
    found = set_distances(rows, network)
    assert found.warn
    assert found.dimensions == 3
    assert found.fid[1] > found.fid[0] > 0
    assert found.art_fid is not None
    assert found.art_fid[2] == pytest.approx(1 + rows[0].style["lpips"]) != 1
    expected = (1 + found.fid[0]) * (1 + rows[0].measured["lpips"])
    assert found.art_fid[0] == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.slow
def test_networks_of_torchscript(tmp_path: Path) -> None:
    path = tmp_path / "network.pt"
    module = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    traced = torch.jit.trace(module, torch.zeros(1, 3, 8, 8))  # type: ignore[no-untyped-call]
    traced.save(str(path))
    assert open_network(path)(np.ones((1, 3, 8, 8), np.float32)).tolist() == [[1, 1, 1]]
    path.write_bytes(b"no network")
    with pytest.raises(WeightsError, match="cannot be opened"):
        open_network(path)
    with pytest.raises(WeightsError, match=r"name an \.onnx"):
        open_network(tmp_path / "network.pkl")
    odd = open_network(average(tmp_path / "two.onnx", 2))
    with pytest.raises(WeightsError, match="cannot take these pictures"):
        odd(np.ones((1, 3, 8, 8), np.float32))
