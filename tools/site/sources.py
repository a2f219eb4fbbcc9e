"""What the site takes from the repository: pages that live elsewhere, and code by its name."""

import ast
import posixpath
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Where what is made for the site is kept; not committed, but for the pictures.
BUILD = ROOT / "build" / "site"
#: Pages of the site that live elsewhere, and where.
ELSEWHERE = {
    "results.md": ROOT / "benchmarks" / "RESULTS.md",
    "history.md": ROOT / "benchmarks" / "HISTORY.md",
    "changes.md": ROOT / "CHANGELOG.md",
    "contributing.md": ROOT / "CONTRIBUTING.md",
    "models/pocket.md": ROOT / "src" / "impasto" / "weights" / "bundled" / "pocket.md",
    "models/any_style.md": ROOT / "src" / "impasto" / "weights" / "bundled" / "any_style.md",
}


def link_in_site(page: str, target: str) -> str:
    """Return where a link leads in the site that leads to a file of the repository.

    Args:
        page: The page that has it, by its path in the site.
        target: The link, relative to the file of that page.
    """
    path, sharp, anchor = target.partition("#")
    there = (ELSEWHERE.get(page, DOCS / page).parent / path).resolve()
    pages = {file: name for name, file in ELSEWHERE.items()}
    if ":" in target or not path or not (there in pages or there.is_relative_to(DOCS)):
        return target
    name = pages.get(there) or there.relative_to(DOCS).as_posix()
    name = f"{name.removesuffix('.ipynb')}.md" if name.endswith(".ipynb") else name
    return posixpath.relpath(name, posixpath.dirname(page) or ".") + sharp + anchor


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
