"""What mkdocs asks for while it builds: pictures, pages of the repository, formulas, sources.

- ```` ```math ```` is a formula in LaTeX, turned into MathML, which browsers read without a script.
- ```` ```source ```` names functions, one a line: their code as it is, without the docstring.
- Pages that live elsewhere in the repository (`ELSEWHERE`) and the notebooks join the site; links
  to their files become links to their pages.
"""

import html
import re
from typing import Any

from latex2mathml import converter
from mkdocs.structure.files import File, Files
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from tools.site.sources import BUILD, ELSEWHERE, code_of, link_in_site


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401
    """Add what does not lie in docs/: pages, and notebooks as pages."""
    for name, path in ELSEWHERE.items():
        files.append(File.generated(config, name, content=path.read_text("utf-8")))
    for path in sorted((BUILD / "notebooks").glob("*")):
        if path.suffix != ".key":
            target = f"notebooks/{path.name}"
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


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:  # noqa: ANN401
    """Let links to files of the repository lead where these are in the site."""
    name = page.file.src_uri
    return re.sub(r"\]\(([^)\s]+)\)", lambda link: f"]({link_in_site(name, link[1])})", markdown)


def on_post_page(output: str, page: Any, **_: object) -> str:  # noqa: ANN401
    """Let the search work from files by a script of ours: the theme takes one from the network."""
    up = "../" * page.file.dest_uri.count("/")
    return re.sub(r'src="https://unpkg.com/iframe-worker/[^"]*"', f'src="{up}search.js"', output)
