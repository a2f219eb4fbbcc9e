"""What the site takes from the repository: pages that live elsewhere, and code by its name."""

import ast
import textwrap
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
    "models/any_style.md": ROOT / "src" / "impasto" / "weights" / "bundled" / "any_style.md",
    "models/tuned.md": ROOT / "src" / "impasto" / "weights" / "bundled" / "tuned.md",
}


def code_of(name: str) -> str:
    """Return the code of a function, class or method by its full name, without its docstring.

    Raises:
        LookupError: There is none of that name.
    """
    parts, package = name.split("."), ROOT / "src"
    length = next((n for n in range(len(parts)) if _file(package, parts[:n]).is_file()), None)
    if length is None:
        raise LookupError(f"{name}: there is no such module")
    text = _file(package, parts[:length]).read_text("utf-8")
    node: ast.AST = ast.parse(text)
    for part in parts[length:]:
        inside = [each for each in getattr(node, "body", []) if getattr(each, "name", "") == part]
        if not inside:
            raise LookupError(f"{'.'.join(parts[:length])} has no {part}")
        node = inside[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    lines, first = text.splitlines()[node.lineno - 1 : node.end_lineno], node.body[0]
    if ast.get_docstring(node) is not None and first.end_lineno is not None:
        del lines[first.lineno - node.lineno : first.end_lineno - node.lineno + 1]
    return textwrap.dedent("\n".join(lines)).strip() + "\n"


def _file(package: Path, parts: list[str]) -> Path:
    return package.joinpath(*parts).with_suffix(".py")
