"""The notebooks run offline, in time, and show what they say."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))
#: With fewer steps than in the docs, which are made by `tools.site.notebooks` as they stand.
FEWER = {
    "layers-and-losses": {'144, "min_size": 72, "steps": 20': '48, "min_size": 24, "steps": 1'},
    "thirty-lines": {
        "resized((192, 128))": "resized((48, 32))",
        "range(40)": "range(2)",
        "size=192, min_size=96": "size=48, steps=1",
    },
}
#: In a process of its own: the kernel's client is not ours to check for warnings.
RUN = """
import sys
from pathlib import Path
from tools.site.notebooks import run
cells = run(Path(sys.argv[1]), 120).cells
shown = [output for cell in cells for output in cell.get("outputs", [])]
print(sum("image/png" in output.get("data", {}) for output in shown))
"""


def test_there_are_two() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["layers-and-losses", "thirty-lines"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.slow
def test_notebook(path: Path, tmp_path: Path) -> None:
    root, notebook = Path(__file__).parents[2], nbformat.read(path, as_version=4)
    for many, few in FEWER[path.stem].items():
        assert any(many in cell.source for cell in notebook.cells)
        for cell in notebook.cells:
            cell.source = cell.source.replace(many, few)
    nbformat.write(notebook, tmp_path / path.name)
    command = [sys.executable, "-c", RUN, str(tmp_path / path.name)]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) >= 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_committed_without_outputs(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def test_the_algorithm_takes_thirty_lines() -> None:
    """Code alone, from the targets to the last step."""
    cells = nbformat.read(NOTEBOOKS[1], as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    lines = [line for cell in code[2:4] for line in cell.splitlines() if line.strip()]
    assert len(lines) <= 30
