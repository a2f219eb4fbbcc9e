"""The pages, and the command to try what they say."""

from pathlib import Path

from tests.cli.conftest import impasto  # noqa: F401

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: All pages but those that the program writes.
WRITTEN = ("commands.md", "python.md", "settings.md")
PAGES = {
    path.relative_to(DOCS).as_posix(): path.read_text("utf-8")
    for path in sorted(DOCS.rglob("*.md"))
}
OWN = {name: text for name, text in PAGES.items() if Path(name).name not in WRITTEN}
README = (ROOT / "README.md").read_text("utf-8")
