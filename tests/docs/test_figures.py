"""No page claims a measurement that is not written down with its date and command.

A figure is a number, in digits or as a word, with a unit (seconds, megabytes, frames a second,
percent, times), or a distance: a bare decimal like 0.061. It has to stand in `RESULTS.md` or
`HISTORY.md` of `benchmarks/` (not as what a benchmark itself took, or was planned), or in what a
model card says of its own training: within 15 % in the same unit; distances rounded, and all those
of one line in one line there.
"""

import re
from collections.abc import Iterator

import pytest
from tests.docs.conftest import OWN, README, ROOT

from impasto.weights.catalogue import CATALOGUE

CLOSE = 0.15
CARDS = sorted((ROOT / "src" / "impasto" / "weights" / "bundled").glob("*.md"))
#: Of a model card what it says of its training: these sections, and all tables.
RECORD = r"^## (?:Training|What was tried|What could be next)\n.*?(?=^## |\Z)|^\|.*?$"
TRAINING = re.compile(RECORD, re.DOTALL | re.MULTILINE)
#: What the program is told, or what it or others limit: nobody measured it.
TOLD = (
    *("## Five minutes", "a picture in 20 seconds", "twenty seconds", "takes 15 minutes, or"),
    *("(four times if", "runs of 2 GB", "above 4 GiB", "50 frames a second (GIF)"),
    *("up to 4.5 times as much", "0.05 lets the style take over", "rate of 0.03"),
    *("content weight 0.05", "`content_weight` (0.13)", "content weight from 0.02", "(1.32 and"),
)
WORDS = "2 two 3 three 4 four 5 five 6 six 7 seven 8 eight 9 nine 10 ten 11 eleven 15 fifteen "
WORDS += "20 twenty 30 thirty"
NUMBERS = {word: float(number) for number, word in re.findall(r"(\d+) (\w+)", WORDS)}
UNITS: dict[str, dict[str, float]] = {
    "time": {"s": 1, "second": 1, "ms": 1e-3, "millisecond": 1e-3, "minute": 60, "hour": 3600},
    "size": {"kB": 1e3, "MB": 1e6, "GB": 1e9, "GiB": 2**30},
    "rate": {"frames a second": 1, "pictures a second": 1, "fps": 1},
    "share": {"%": 1, "percent": 1},
    "ratio": {"times": 1},
}
SCALES = {name: (kind, scale) for kind, row in UNITS.items() for name, scale in row.items()}
NUMBER = rf"(?<![\w.])(\d[\d,]*(?:\.\d+)?|{'|'.join(NUMBERS)})(?: and a half)?"
NAME = "|".join(sorted(SCALES, reverse=True))
FIGURE = re.compile(rf"(?:{NUMBER}(?: to | and | or |\u2013))?{NUMBER}[ -]?({NAME})s?(?!\w)")
DISTANCE = re.compile(r"(?<![\w.,])[01]?\.\d{2,}(?![\d.])")
#: Of a line: values by kind of unit, and distances as they are written.
Figures = tuple[list[tuple[str, float]], list[str]]


def figures(text: str) -> Iterator[tuple[str, Figures]]:
    """Yield each line and what it claims; code claims nothing."""
    text = re.sub(r".* s in all\.$|.*as planned.*", "", text, flags=re.MULTILINE)
    for told in TOLD:
        text = text.replace(told, "")
    for line in re.sub(r"```.*?```", "", text, flags=re.DOTALL).splitlines():
        plain, values = re.sub(r"`[^`]*`|\]\([^)]*\)|\*\*", "", line), []
        for *numbers, name in FIGURE.findall(plain):
            kind, scale = SCALES[name]
            for each in filter(None, numbers):
                value = NUMBERS[each] if each in NUMBERS else float(each.replace(",", ""))
                values.append((kind, scale * value))
        yield line, (values, DISTANCE.findall(FIGURE.sub("", plain)))


def unknown(text: str, sources: list[Figures]) -> list[str]:
    """Return the lines of a page with a figure that is not in the sources."""
    there = [value for values, _ in sources for value in values]
    written = [{f"{float(d):.{n}f}" for d in line for n in (2, 3, 4)} for _, line in sources]

    def known(values: list[tuple[str, float]], distances: list[str]) -> bool:
        wanted = {f"{float(d):.{len(d.partition('.')[2])}f}" for d in distances}
        return any(wanted <= line for line in written) and all(
            any(k == kind and abs(v - value) <= CLOSE * v for k, v in there)
            for kind, value in values
        )

    return [line for line, found in figures(text) if not known(*found)]


PAGES = {path.name: TRAINING.sub("", path.read_text("utf-8")) for path in CARDS} | OWN
PAGES |= {"README.md": README, "CHANGELOG.md": (ROOT / "CHANGELOG.md").read_text("utf-8")}


@pytest.mark.parametrize("name", PAGES)
def test_figures_were_measured(name: str) -> None:
    paths = [ROOT / "benchmarks" / each for each in ("RESULTS.md", "HISTORY.md")]
    texts = [path.read_text("utf-8") for path in paths]
    texts += ["\n".join(TRAINING.findall(card.read_text("utf-8"))) for card in CARDS]
    texts += [file.size for file in CATALOGUE.values()]  # to download: nobody measures those
    assert unknown(PAGES[name], [found for text in texts for _, found in figures(text)]) == []


def test_a_figure_that_nobody_measured_is_found() -> None:
    sources = [found for _, found in figures("It took 10.4 s and 3.5 GiB: 0.061 and 0.573\n0.45")]
    for fine in ("eleven seconds", "3.3 GiB", "style 0.06, content 0.573", "`--time 99 s`"):
        assert unknown(fine, sources) == []
    for wrong in ("12.5 s", "two to ten seconds", "4 MB", "0.062", "0.061 / 0.45", "10 times"):
        assert unknown(wrong, sources) == [wrong]
    assert all(any(told in page for page in PAGES.values()) for told in TOLD)
