"""What mkdocs asks for while it builds: pictures, pages of the repository, formulas, sources.

- ```` ```math ```` is a formula in LaTeX, turned into MathML, which browsers read without a script.
- ```` ```source ```` names functions, one a line: their code as it is, without the docstring.
- Pages that live elsewhere in the repository (`ELSEWHERE`) and the notebooks join the site.
"""

import ast
import html
import inspect
import re
from pathlib import Path
from typing import Any

from latex2mathml import converter
from mkdocs.structure.files import File, Files
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "site"
#: Pages of the site that live elsewhere, and where.
ELSEWHERE = {
    "results.md": ROOT / "benchmarks" / "RESULTS.md",
    "changes.md": ROOT / "CHANGELOG.md",
    "contributing.md": ROOT / "CONTRIBUTING.md",
    "models/pocket.md": ROOT / "src" / "impasto" / "weights" / "bundled" / "pocket.md",
    "models/painter.md": ROOT / "src" / "impasto" / "weights" / "bundled" / "painter.md",
}


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401
    """Add what does not lie in docs/: pages, pictures, notebooks as pages."""
    for name, path in ELSEWHERE.items():
        files.append(File.generated(config, name, content=path.read_text("utf-8")))
    for folder in ("pictures", "notebooks"):
        for path in sorted((BUILD / folder).glob("*")):
            if path.suffix != ".key":
                target = f"{folder}/{path.name}"
                files.append(File.generated(config, target, abs_src_path=str(path)))
    return files


def math_block(source: str, *_: object, **__: object) -> str:
    """Return a formula as MathML."""
    formula = converter.convert(source.strip(), display="block")
    return f'<div class="formula">{formula}</div>'


def source_block(source: str, *_: object, **__: object) -> str:
    """Return the code of the named functions, side by side with their names."""
    parts = []
    for name in source.split():
        code = highlight(code_of(name), PythonLexer(), HtmlFormatter(nowrap=True))
        title = html.escape(name)
        parts.append(
            f'<div class="highlight source"><span class="filename">{title}</span>'
            f"<pre><code>{code}</code></pre></div>"
        )
    return "".join(parts)


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
            return inspect.cleandoc("\n".join(lines)) + "\n"
    raise LookupError(f"{module} has no {wanted}")


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:  # noqa: ANN401
    """Let links of pages that live elsewhere lead where they lead in the site."""
    if page.file.src_uri in ELSEWHERE:
        markdown = re.sub(r"\]\((?:docs/)([^)]+)\)", r"](\1)", markdown)
    return markdown
