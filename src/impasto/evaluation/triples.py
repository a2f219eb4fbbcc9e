"""Which photograph and which style each stylized picture was made from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from impasto.batch import find_pictures, make_pairs
from impasto.batch.pairs import RESERVED
from impasto.errors import ImageError, SettingsError
from impasto.gallery.names import find_style
from impasto.images import output_name

COLUMNS = ("content", "style", "output")
MATCHES = ("auto", "order", "name")
_MANY = 100_000  # the most pairs whose names are tried where the order would do as well


class Triple(NamedTuple):
    """One stylized picture and what it was made from."""

    content: Path
    style: Path
    output: Path


def find_triples(
    contents: Sequence[str], styles: Sequence[str], outputs: Sequence[str], match: str = "auto"
) -> tuple[list[Triple], str]:
    """Find files, folders, patterns and names of styles, and match them: see `match_triples`."""
    pictures = list(find_pictures(str(find_style(each)) for each in styles))
    found = find_pictures(outputs)
    made = {path: below for path, below in found.items() if path.stem not in RESERVED}
    return match_triples(find_pictures(contents), pictures, made or {Path(outputs[0]): "."}, match)


def match_triples(
    contents: Mapping[Path, str], styles: Sequence[Path], outputs: Mapping[Path, str], by: str
) -> tuple[list[Triple], str]:
    """Return a triple for each stylized picture, and which way they were matched.

    In order, the first output is of the first content and the first style, and so on; a single
    content or style is that of all. By name, an output is called as `impasto batch` calls it,
    `content-style`, or as its content where there is one style. `auto` is by name where each output
    is called after one pair, else in order where there are as many of each; what cannot be matched
    is an `ImageError`. Contents and outputs come with their folders, as from `find_pictures`.
    """
    if by not in MATCHES:
        raise SettingsError(f"match must be one of {', '.join(MATCHES)}; not {by!r}")
    number = len(outputs)
    fits = all(len(each) in (1, number) for each in (contents, styles))
    if by == "order" and not fits:
        raise ImageError(
            f"{len(contents)} contents, {len(styles)} styles and {number} outputs are not as "
            "many: match them by name, or give a table"
        )
    named = by == "name" or not fits
    if named or (by == "auto" and len(contents) * len(styles) <= _MANY):
        found = _pairs_by_name(contents, styles, outputs)
        if named or all(len(each) == 1 for each in found):
            return list(map(_triple, outputs, found)), "name"
    columns = (list(each) * (number if len(each) == 1 else 1) for each in (contents, styles))
    return [Triple(*row) for row in zip(*columns, outputs, strict=True)], "order"


def _pairs_by_name(
    contents: Mapping[Path, str], styles: Sequence[Path], outputs: Mapping[Path, str]
) -> list[list[tuple[Path, Path]]]:
    """Return for each output the contents and styles that it may be called after."""
    results = {
        (pair.content, styles[pair.style or 0]): _key(".", pair.name)
        for pair in make_pairs(contents, styles, ".png")
    }
    called = defaultdict(list)
    for content, style in results:
        names = {output_name(content.name, [style.name])}
        if len(styles) == 1:
            names.add(content.stem)
        for name in names:
            for key in {_key(".", f"{name}.png"), _key(contents[content], f"{name}.png")}:
                called[key].append((content, style))
    pair_of = {name: pair for pair, name in results.items()}
    made = {_key(below, path.name) for path, below in outputs.items()}
    found = []
    for path, below in outputs.items():
        key = _key(below, path.name)
        pairs = called[key] or called[_key(".", path.name)]
        # Contents of one name: the results of a batch of all of them tell which is which.
        if len(pairs) != 1 and key in pair_of and made.issuperset(results[each] for each in pairs):
            pairs = [pair_of[key]]
        found.append(pairs)
    return found


def _key(folder: str, name: str) -> str:
    return PurePath(folder, name).with_suffix("").as_posix().lower()


def _triple(output: Path, pairs: Sequence[tuple[Path, Path]]) -> Triple:
    if len(pairs) != 1:
        trouble = f"{len(pairs)} pairs" if pairs else "nothing that was given"
        raise ImageError(
            f"{output.name} is called after {trouble}: name it content-style, or give a table"
        )
    return Triple(*pairs[0], output)


def labels(pairs: Sequence[tuple[Path, Path]]) -> list[str]:
    """Return a name for each content and style, with a number where two have the same name."""
    names = [f"{pair[0].stem} \N{MULTIPLICATION SIGN} {pair[1].stem}" for pair in pairs]
    return [
        name if names.count(name) == 1 else f"{name} ({names[:place].count(name) + 1})"
        for place, name in enumerate(names)
    ]
