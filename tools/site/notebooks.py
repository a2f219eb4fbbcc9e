"""Run the notebooks, and write them as pages of the site with what they showed.

Usage: python -m tools.site.notebooks
"""

import base64
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from tools.site.sheets import fingerprint
from tools.site.sources import BUILD, DOCS
from traitlets.config import Config

NOTEBOOKS = DOCS / "notebooks"


def run(path: Path, seconds: int = 600) -> Any:  # noqa: ANN401
    """Return a notebook after all its cells have run.

    Args:
        path: The file, which stays as it is.
        seconds: That a cell may take.

    Raises:
        CellExecutionError: A cell raised.
    """
    notebook = nbformat.read(path, as_version=4)
    # Over sockets of the file system: nobody else can take the ports between choice and use.
    config = Config()
    config.AsyncKernelManager.transport = "tcp" if sys.platform == "win32" else "ipc"
    NotebookClient(notebook, config=config, kernel_name="python3", timeout=seconds).execute()
    return notebook


def page(notebook: Any, name: str, folder: Path) -> str:  # noqa: ANN401
    """Write the pictures that a notebook showed, and return it as Markdown."""
    parts = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                file = f"{name}-{number}.png"
                (folder / file).write_bytes(base64.b64decode(data["image/png"]))
                parts.append(f"![What the cell shows]({file})")
            else:
                text = output.get("text") or data.get("text/plain", "")
                parts.append(f"```text\n{text.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Run the notebooks whose pages are not there or no longer true."""
    folder = BUILD / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        target, note = folder / f"{path.stem}.md", folder / f"{path.stem}.key"
        key = fingerprint(page) + path.read_text("utf-8")
        if target.is_file() and note.is_file() and note.read_text("utf-8") == key:
            continue
        begun = time.monotonic()
        target.write_text(page(run(path), path.stem, folder), "utf-8")
        note.write_text(key, "utf-8")
        print(f"{path.name}: {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
