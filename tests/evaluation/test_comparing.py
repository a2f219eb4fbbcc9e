"""Methods compared: the file, going on, the report."""

import json
import re
from pathlib import Path

import pytest

from impasto import Settings
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.evaluation.comparing import Result, compare, front, read_comparison, table_lines
from impasto.evaluation.judging import Judge
from impasto.evaluation.report import anchors_of, markdown, save_report
from impasto.images import open_picture

ROOT = Path(__file__).parents[2]


def test_a_comparison_is_read(comparison: Path) -> None:
    found = read_comparison(comparison)
    folder = comparison.parent
    assert found.pairs == ((folder / "photo.png", folder / "painting.png"),)
    assert found.methods["half"] == Settings(
        method="fast", runtime="onnxruntime", strength=0.5, size=48
    )
    small = read_comparison(comparison, only=["optimize"], size=64)
    assert list(small.methods) == ["optimize"]
    assert small.methods["optimize"].size == 64


def test_pairs_from_a_table_in_another_folder(
    comparison: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pairs.csv").write_text("content,style\nphoto.png,painting.png\n")
    methods = comparison.with_name("other.toml")
    text = '[pairs]\nfolder = "$PLACE"\ncsv = "pairs.csv"\n[methods.a]\nmethod = "fast"\n'
    methods.write_text(text)
    monkeypatch.delenv("PLACE", raising=False)
    with pytest.raises(SettingsError, match=r"\$PLACE is not set"):
        read_comparison(methods)
    expected = ((tmp_path / "photo.png", tmp_path / "painting.png"),)
    assert read_comparison(methods, tmp_path).pairs == expected
    monkeypatch.setenv("PLACE", str(tmp_path))
    assert read_comparison(methods).pairs == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("methods", "is not TOML"),
        ("[pears]", "did you mean 'pairs'"),
        ("pairs = 3", "pairs must be a table"),
        ('[pairs]\ncontents = ["a.png"]\n', "has no methods"),
        ('[methods.a]\nmethod = "fast"\n', r"pairs needs contents = "),
        ('[methods.a]\nmetod = "fast"\n', "method a: there is no setting 'metod'"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message):
        read_comparison(path)


def test_the_methods_of_the_benchmarks_are_settings(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("content,style\na.jpg,b.jpg\n")
    found = read_comparison(ROOT / "benchmarks" / "methods.toml", tmp_path)
    assert {each.method for each in found.methods.values()} == {
        *("fast", "optimize", "fast+optimize", "magenta", "adain", "microast", "wct")
    }


@pytest.mark.slow
def test_only_what_changed_is_painted_again(
    comparison: Path, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    found = read_comparison(comparison)

    def run() -> list[Result]:
        return list(compare(found, folder, judge))

    first = run()
    assert [each.method for each in first] == list(found.methods)
    assert len({open_picture(each.path).to_array().tobytes() for each in first}) == 3
    assert all(each.seconds > 0 for each in first)
    with monkeypatch.context() as patch:
        patch.setattr("impasto.evaluation.comparing._paint", None)
        patch.setattr(Judge, "__call__", None)
        assert run() == first
    first[1].path.unlink()
    with (folder / "compare.jsonl").open("a") as journal:
        journal.write('\n{"key": "torn')
    second = run()
    assert [a == b for a, b in zip(first, second, strict=True)][::2] == [True, True]
    assert second[1].measured == first[1].measured
    assert second[1].path.is_file()
    changed = read_comparison(comparison, size=40)
    assert all(
        a.path != b.path for a, b in zip(compare(changed, folder, judge), first, strict=True)
    )


def test_two_methods_of_the_same_settings_are_two(
    comparison: Path, judge: Judge, tmp_path: Path
) -> None:
    fast = '[methods.again]\nmethod = "fast"\nruntime = "onnxruntime"\n'
    comparison.write_text(comparison.read_text() + fast)
    found = read_comparison(comparison, only=["fast", "again"])
    for _ in range(2):
        first, second = compare(found, tmp_path / "out", judge)
        assert first.path != second.path
        assert first.measured == second.measured


def test_another_network_measures_again(
    comparison: Path, tmp_path: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, seen = read_comparison(comparison, only=["fast"]), list[str | None]()

    def measured(judge: Judge, *_: Path) -> dict[str, float]:
        seen.append(judge.lpips_sha256)
        return {}

    monkeypatch.setattr(Judge, "__call__", measured)
    for name in ("a", "b", "b"):
        judge.lpips_sha256 = name
        list(compare(found, tmp_path / "out", judge))
    assert seen == ["a", "b"]


def test_a_method_that_fails_is_named(comparison: Path, judge: Judge, tmp_path: Path) -> None:
    text = comparison.read_text() + '[methods.mine]\nmethod = "none.onnx"\n'
    comparison.write_text(text)
    found = read_comparison(comparison, only=["mine"])
    assert found.methods["mine"].method == str(comparison.parent / "none.onnx")
    with pytest.raises(ImpastoError, match=r"method mine: .*none\.onnx"):
        list(compare(found, tmp_path / "out", judge))
    with pytest.raises(ImageError, match="cannot be made"):
        list(compare(found, comparison, judge))


@pytest.mark.slow
def test_the_report_needs_nothing_but_itself(
    comparison: Path, judge: Judge, tmp_path: Path
) -> None:
    found, folder = read_comparison(comparison), tmp_path / "out"
    results = list(compare(found, folder, judge))
    page = save_report(found, results, judge, folder).read_text()
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert page.count("data:image/jpeg;base64,") == 5
    assert page.count("<svg") == 1
    for words in ("the photo itself", "the style itself", "pocket encoder", "strength 0.5"):
        assert words in page
    assert str(tmp_path) not in page
    assert open_picture(folder / "sheet.jpg").size == (8 + 5 * 232, 8 + 20 + 80 + 8)
    assert (folder / "table.csv").read_text().count("\n") == 4
    assert len(json.loads((folder / "comparison.json").read_text())["results"]) == 3
    lines = markdown(table_lines(results), anchors_of(found, judge), 1).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        *("| fast", "| half", "| optimize", "| the photo itself", "| the style itself")
    ]
    assert len({line.count("|") for line in lines}) == 1


def test_times_of_several_runs_are_marked() -> None:
    made = [
        Result(method, pair, Path(), seconds, run, {"style": 0.1 * pair})
        for method, pair, seconds, run in (
            *(
                ("a", 0, 1.0, "2026-01-01"),
                ("a", 1, 3.0, "2026-01-02"),
                ("a", 2, 9.0, "2026-01-02"),
            ),
            ("b", 0, 2.0, "2026-01-02"),
        )
    ]
    first, second = table_lines(made)
    assert (first.seconds, first.mixed, second.mixed) == (3.0, True, False)
    assert first.mean == pytest.approx({"style": 0.1})
    assert first.median == pytest.approx({"style": 0.1})


def test_the_front_is_what_nothing_beats() -> None:
    points = [(1, 1), (0, 2), (2, 0), (1, 2), (1, 1)]
    assert front(points) == [0, 1, 2, 4]
