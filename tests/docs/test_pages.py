"""Links lead somewhere; commands, options, pictures, quoted code and messages are there."""

import json
import posixpath
import re
import shlex
from pathlib import Path

import pytest
import typer
from tests.cli.conftest import Impasto
from tests.docs.conftest import DOCS, OWN, PAGES, README, ROOT
from tools.site.sheets import NOTE
from tools.site.sources import ELSEWHERE, code_of, link_in_site

from impasto.cli.app import app
from impasto.optimize import schedule

#: What is read in the repository itself.
FOLDERS = (".github", "benchmarks", "deploy", "docs", "src")
COMMITTED = sorted(
    {*ROOT.glob("*.md"), *(p for name in FOLDERS for p in (ROOT / name).rglob("*.md"))}
)
EVERYTHING = {**OWN, "README": README}


def slug(title: str) -> str:
    """The anchor of a heading, as Python-Markdown makes it."""
    plain = re.sub(r"[^\w\s-]", "", title.replace("`", "")).strip().lower()
    return re.sub(r"[-\s]+", "-", plain)


def fenced(kind: str, text: str) -> list[str]:
    """The blocks of a kind."""
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {*map(slug, titles), *re.findall(r"^::: (\S+)", text, re.MULTILINE)}


def linked(text: str) -> list[str]:
    """Where the links and pictures of a page lead within the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)
    return [target for target in found if not re.match(r"https?:", target)]


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    for target in linked(path.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        there = path.parent / name if name else path
        assert there.exists(), target
        # Those of a name in Python are there in the site alone.
        assert not anchor or anchor in anchors(there.read_text("utf-8")), target


@pytest.mark.parametrize("name", [*OWN, *ELSEWHERE])
def test_links_lead_to_pages_of_the_site(name: str) -> None:
    known = {*PAGES, *ELSEWHERE}
    known |= {f"notebooks/{path.stem}.md" for path in DOCS.glob("notebooks/*.ipynb")}
    known |= {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("[ip]*s/*.*")}
    file = ELSEWHERE.get(name, DOCS / name)
    for target in linked(file.read_text("utf-8")):
        path = link_in_site(name, target).partition("#")[0]
        there = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        assert not path or there in known, target


def test_nothing_is_said_to_be_on_the_index() -> None:
    """There is no release yet."""
    code = [*(ROOT / "src").rglob("*.py"), *ROOT.glob("benchmarks/*.py"), ROOT / "CITATION.cff"]
    for path in [*COMMITTED, *DOCS.glob("notebooks/*.ipynb"), *code]:
        assert not re.search(r"pip install [^`\n]*\bimpasto(?!/)", path.read_text("utf-8")), path


def test_every_page_has_its_place() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    listed = re.findall(r"(\S+\.md)$", nav, re.MULTILINE)
    notebooks = {f"notebooks/{path.stem}.md" for path in DOCS.glob("notebooks/*.ipynb")}
    assert sorted(listed) == sorted({*PAGES, *ELSEWHERE, *notebooks})


def test_pictures_are_those_that_are_made_and_small() -> None:
    program = (ROOT / "tools" / "site" / "pictures" / "__main__.py").read_text("utf-8")
    made = set(re.findall(r'^    "([\w-]+\.(?:webp|svg))": ', program, re.MULTILINE))
    shown = {each for text in OWN.values() for each in re.findall(r"pictures/([\w.-]+)\)", text)}
    there = {path.name: path for path in (DOCS / "pictures").iterdir()}
    assert shown == made == set(there) - {NOTE}
    assert set(json.loads(there[NOTE].read_text("utf-8"))) == made
    assert sum(path.stat().st_size for path in there.values()) < 4e6


def test_quoted_code_is_there() -> None:
    names = [name for text in OWN.values() for name in " ".join(fenced("source", text)).split()]
    assert len(names) > 12
    for name in names:
        assert code_of(name).startswith(("def ", "class ")), name
        assert '"""' not in code_of(name).partition("\n")[2][:40]
    with pytest.raises(LookupError, match="has no nothing"):
        code_of("impasto.losses.gatys.nothing")


def test_messages_are_those_of_the_program() -> None:
    table = OWN["reference/errors.md"].partition("## Messages")[2]
    messages = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    paths = (ROOT / "src" / "impasto").rglob("*.py")
    source = "".join(re.sub(r'"\n\s+f?"', "", path.read_text("utf-8")) for path in paths)
    source = re.sub(r"\{name\}", "cuda", source)
    for message in messages:
        assert message in source, message


def test_options_exist() -> None:
    pattern = r"(?<![\w-])--[a-z][a-z-]+"
    known = set(re.findall(pattern, PAGES["reference/commands.md"]))
    others = {"--like-this", "--no-deps"}  # the latter is pip's
    for name, text in EVERYTHING.items():
        plain = re.sub(r"^(?:docker|ray|python|git) .*$", "", text, flags=re.MULTILINE)
        assert set(re.findall(pattern, plain)) <= known | others, name


def commands() -> list[tuple[str, str]]:
    """All commands that pages tell readers to type."""
    found = []
    for name, text in EVERYTHING.items():
        lines = [line for block in fenced("sh", text) for line in block.splitlines()]
        lines += re.findall(r"`(impasto [^`]+)`", text)
        typed = [line for line in lines if re.match("impasto [^…]*$", line)]
        found += [(name, line) for line in typed if "--help" not in line]
    return found


def test_commands_are_understood() -> None:
    """Each is parsed as the program does, and not run."""
    root = typer.main.get_command(app)
    for name, line in commands():
        words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
        command = root
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
        try:
            if words:  # else it is only named
                command.make_context(line, words, resilient_parsing=False)
        except Exception as error:  # whatever it is, the reader would meet it
            pytest.fail(f"{name}: {line}: {error!r}")


@pytest.mark.slow
def test_start_as_it_stands(
    impasto: Impasto, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands of the first page, one after the other, on small pictures and in few steps."""
    monkeypatch.setattr(schedule, "DEFAULT_STEPS", (2, 1))
    monkeypatch.setattr(schedule, "LONE_STEPS", 2)
    monkeypatch.chdir(files[0].parent)
    lines = [line for name, line in commands() if name == "index.md" and " photo.jpg" in line]
    assert len(lines) >= 3
    for line in lines[:3]:
        words = shlex.split(line.replace("photo.jpg", "photo.png"))[1:]
        outcome = impasto(*words, "--size", "64", "-q")
        assert outcome.status == 0, outcome.err
        assert Path(outcome.out.strip()).is_file()
    code = re.findall(r"```python\n(.*?)```", OWN["index.md"], re.DOTALL)[0]
    code = code.replace("size=256", "size=64, steps=2").replace("photo.jpg", "photo.png")
    exec(compile(code, "index.md", "exec"), {})
    assert Path("steps.png").is_file()
