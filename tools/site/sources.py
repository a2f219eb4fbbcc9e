"""What the site takes from the repository: pages that live elsewhere, and code by its name."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Where what is made for the site is kept; not committed.
BUILD = ROOT / "build" / "site"
#: Pages of the site that live elsewhere, and where.
ELSEWHERE = {
    "results.md": ROOT / "benchmarks" / "RESULTS.md",
    "changes.md": ROOT / "CHANGELOG.md",
    "contributing.md": ROOT / "CONTRIBUTING.md",
    "models/pocket.md": ROOT / "src" / "impasto" / "weights" / "bundled" / "pocket.md",
    "models/painter.md": ROOT / "src" / "impasto" / "weights" / "bundled" / "painter.md",
}


def code_of(name: str) -> str:
    """Return the code of a function or class by its full name, without its docstring.

    Raises:
        LookupError: There is none of that name.
    """
    module, _, wanted = name.rpartition(".")
    path = ROOT / "src" / Path(*module.split(".")).with_suffix(".py")
    if not path.is_file():
        raise LookupError(f"{name}: there is no {path}")
    text = path.read_text("utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == wanted:
            lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
            first = node.body[0]
            if ast.get_docstring(node) is not None and first.end_lineno is not None:
                del lines[first.lineno - node.lineno : first.end_lineno - node.lineno + 1]
            return "\n".join(lines) + "\n"
    raise LookupError(f"{module} has no {wanted}")
