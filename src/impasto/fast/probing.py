"""Finding by trial how a network of one style takes pictures: layout, sizes, range of values."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from impasto.errors import ImpastoError, WeightsError
from impasto.fast.reading import Entry, read_entries, read_sides
from impasto.fast.sessions import Array, Session, open_session
from impasto.fast.single import GIVEN, TAKEN, Convention, Form
from impasto.fast.trial import SECONDS, begin_step, limit_memory

Sides: TypeAlias = tuple[int, int]  # height and width
Sized: TypeAlias = tuple[Form, Sides]
_KINDS = {"float32", "float16", "float64", "uint8", "int32", "int64"}
#: What sides may have to be multiples of: the likely ones, and others.
_LIKELY = (8, 16, 32, 64, 128)
_PARTS = (part for n in range(12, 129, 4) for part in (n // 4, n // 2, n))
_OTHERS = tuple(n for n in dict.fromkeys((*_PARTS, 256, *range(33, 65))) if n not in _LIKELY)
#: Sides of squares that a network may run at alone; times that the sides of what it holds, a map
#: of features perhaps, are smaller than the picture's; sides, and the area, of what is tried.
_SQUARES, _HALVED = (256, 512, 224, 384, 128), (1, 2, 4, 8, 16, 32)
_LEAST_SIDE, _MOST_AREA = 32, 512 * 512
#: What part of a side a result has at least; how much more likely it is that a network gives
#: numbers in the range that it takes.
_LEAST_PART, _MATCH = 8, 0.2
#: Shorter side at least, in pixels, of what is tried; side of what conventions are found with.
_LEAST, _SIDE = 64, 128
#: Bytes that a trial may take, and more for each byte of the file and each pixel.
_BYTES, _PER_BYTE, _PER_PIXEL = 1.5e9, 6, 4e3
#: Pixels and bytes of a file that a step of a trial has the usual time for; the most times that;
#: how many times that opening has, and looking for a size that runs.
_PIXELS, _FILE, _MOST_TIMES, _OPENING, _LOOKING = 256 * 256, 10e6, 20.0, 3.0, 2.0


def _watched(path: Path, runtime: str) -> Callable[..., list[Array]]:
    """Open a session whose every run must end in time."""
    times = _size(path) / _FILE
    begin_step(min(_OPENING + times, _MOST_TIMES))
    session = open_session(path, runtime, "cpu")

    def run(**inputs: Array) -> list[Array]:
        pixels = max(array.size for array in inputs.values()) / 3
        begin_step(min(max(1.0, pixels / _PIXELS) + times, _MOST_TIMES))
        return session(**inputs)

    return run


def probe(path: str, runtimes: list[str]) -> tuple[str, Form, Convention]:
    """Return the first runtime that can run a network, and how it takes pictures and gives them.

    A `WeightsError` says why none can, or that it is not from picture to picture.
    """
    file = Path(path)
    forms = list(possible_forms(file, read_entries(file)))
    largest = max((f.fixed[0] * f.fixed[1] for f in forms), default=0)
    limit_memory(_BYTES + _PER_BYTE * _size(file) + _PER_PIXEL * max(largest, _PIXELS))
    try:  # it compiles nothing for a size, and so tries many in the time of one
        session: Any = _watched(file, "onnxruntime")
    except ImpastoError:
        session = _watched(file, runtimes[0])
    form = _running(session, forms, file, time.process_time() + SECONDS * _LOOKING)
    for runtime in runtimes:
        try:
            session = _watched(file, runtime)
            return runtime, form, convention_of(form, session, file.name)
        except ImpastoError:
            if runtime == runtimes[-1]:
                raise
    raise WeightsError(f"{path} was not tried: name a runtime")


def _size(file: Path) -> int:
    """Return the bytes of a file and of those beside it that may have its parameters."""
    beside = [each for each in file.parent.glob("*") if each.name.startswith(file.stem)]
    return sum(each.stat().st_size for each in {file, *beside} if each.is_file())


def possible_forms(path: Path, entries: Mapping[str, Entry]) -> Iterator[Form]:
    """Yield the forms that a network may have by its declared input: of one picture."""
    if len(entries) != 1:
        taken = ", ".join(f"{name} ({entry})" for name, entry in entries.items()) or "nothing"
        raise WeightsError(
            f"{path} takes {taken}, where a network of one style takes one picture and nothing else"
        )
    ((name, entry),) = entries.items()
    found = False
    for layout in ("NCHW", "NHWC", "CHW", "HWC"):
        given = entry.sizes if entry.sizes is not None else (0,) * len(layout)
        sizes = dict(zip(layout, given, strict=False))
        # Channels that are not stated may be anywhere, unless another dimension is three.
        sure = sizes.get("C") == (3 if 3 in given else 0)
        if len(given) == len(layout) and sure and entry.kind in _KINDS:
            found = True
            fixed = sizes["H"], sizes["W"]
            yield Form(name, layout, entry.kind, max(1, sizes.get("N", 1)), fixed)
    if not found:
        raise WeightsError(
            f"{path} takes {name} ({entry}), which is not a picture of three colors: "
            "name a network from picture to picture"
        )


def _running(session: Session, forms: list[Form], file: Path, until: float) -> Form:
    """Return the first form that a network runs with, or say why the first one did not work.

    It looks for one `until` this process has computed for so many seconds.
    """
    errors: list[ImpastoError] = []

    def found(sizes: Iterator[Sized]) -> tuple[Form, list[Any], Sides] | None:
        for form, sides in sizes:
            if errors and time.process_time() > until:
                break
            try:
                return _tried(session, form, sides)
            except ImpastoError as error:
                errors.append(error)
        return None

    for form in forms:
        ran = found(_sizes(form, file))
        if ran and ran[0].fixed != form.fixed:  # perhaps not at this square alone
            side = max(ran[0].fixed)
            ran = found(_in_cells(form, cell) for cell in _OTHERS if side % cell == 0) or ran
        if ran:
            return _completed(*ran, file.name)
    said = f"{errors[0]}".removeprefix("the network failed: ")
    raise WeightsError(f"{file.name} runs with no size of picture: {said}") from errors[0]


def _tried(session: Session, form: Form, sides: Sides) -> tuple[Form, list[Any], Sides]:
    """Return a form that a network runs with at these sides: of these alone, if at no others."""
    made = form.raw(session, _patches(*sides))
    wider = [n or side + form.cell for n, side in zip(form.fixed, sides, strict=True)]
    with suppress(ImpastoError):
        if tuple(wider) != sides:
            form.raw(session, _patches(*wider))
        return form, made, sides
    return form._replace(fixed=sides), made, sides


def _sizes(form: Form, file: Path) -> Iterator[Sized]:
    """Yield forms of one layout, likely ones first, each with a height and width to try."""
    if all(form.fixed):
        yield form, (form.fixed[0], form.fixed[1])
        return
    yield from (_in_cells(form, cell) for cell in _LIKELY)
    stated = product(read_sides(file), _HALVED)
    sizes = [(height * times, width * times) for (height, width), times in stated]
    fit = [size for size in sizes if min(size) >= _LEAST_SIDE and math.prod(size) <= _MOST_AREA]
    for height, width in dict.fromkeys([*fit, *((side, side) for side in _SQUARES)]):
        sides = form.fixed[0] or height, form.fixed[1] or width
        yield form._replace(fixed=sides), sides
    yield from (_in_cells(form, cell) for cell in _OTHERS)


def _in_cells(form: Form, cell: int) -> Sized:
    """Return the form of sides that are multiples of a cell, and such a height and width.

    These are numbers of cells that have no common divisor: nothing but the cell divides both.
    """
    count = max(2, -(-_LEAST // cell) | 1)
    sides = form.fixed[0] or count * cell, form.fixed[1] or (count + 1 + count % 2) * cell
    return form._replace(cell=cell), sides


def _completed(form: Form, made: list[Any], sides: Sides, name: str) -> Form:
    """Return a form that knows which output is the picture, and what its borders lack."""
    least = min(sides) // _LEAST_PART
    found = []
    for number, array in enumerate(made):
        with suppress(ValueError):
            height, width = form.picture(array).shape[:2]
            found.append((min(height, width), -number, height, width))
    if not found or max(found)[0] < max(least, 2):
        shapes = (" x ".join(map(str, np.shape(each))) or "one number" for each in made)
        raise WeightsError(
            f"{name} does not make pictures of pictures: it gives {' and '.join(shapes)} numbers"
        )
    _, number, height, width = max(found)
    lacks = sides[0] - height
    # As many rows as columns, and not for being smaller by a factor.
    margin = lacks if lacks == sides[1] - width and abs(lacks) < min(sides) / 4 else 0
    return form._replace(output=-number, margin=margin)


def convention_of(form: Form, session: Session, name: str) -> Convention:
    """Find the convention under which what comes out is most like a picture of what goes in."""
    side = -(-_SIDE // form.cell) * form.cell - max(form.margin, 0)
    picture = _patches(*form.shown(side, side))
    scores = {}
    for scale, offset in TAKEN:
        if not form.kind.startswith("float") and (scale, offset) != TAKEN[0]:
            continue
        made = form.run(session, Convention(scale, offset).given(picture))
        rows, columns = (
            np.arange(side) * has // side
            for side, has in zip(picture.shape[:2], made.shape[:2], strict=True)
        )
        made = made[rows[:, None], columns]
        if not np.isfinite(made).all():
            continue
        alike = dict(zip(TAKEN, GIVEN, strict=False)).get((scale, offset))
        for result in GIVEN:
            convention = Convention(scale, offset, *result)
            likeness = _likeness(convention.taken(made), picture)
            scores[convention] = likeness + _MATCH * (result == alike)
    best = max(scores, key=scores.__getitem__, default=None)
    if best is None or scores[best] == -np.inf:
        gives = "numbers that are not finite" if best is None else "one color"
        raise WeightsError(f"{name} does not make pictures of pictures: all it gives is {gives}")
    return best


def _patches(height: int, width: int) -> Array:
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    patches = ((rows // 32 + columns // 32) % 2) * 0.5
    down, across = patches + 0.5 * rows / height, patches + 0.5 * columns / width
    return (0.1 + 0.8 * np.stack([down, across, patches], -1)).astype(np.float32)


def _likeness(result: Array, picture: Array) -> float:
    """Return how alike brightness is, less how much of the result must be cut off."""
    with np.errstate(all="ignore"):
        alike = np.corrcoef(result.mean(-1).ravel(), picture.mean(-1).ravel())[0, 1]
    spread = float(result.clip(0, 1).std() / picture.std())
    spread = min(spread, 1 / max(spread, 1e-6))
    score = float(abs(alike)) + spread - 2 * float(np.abs(result - result.clip(0, 1)).mean())
    return score if np.isfinite(score) else -np.inf  # where the result is the same everywhere
