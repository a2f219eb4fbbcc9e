"""What runs make: pictures, variants of one, videos, or a style that is learned.

Each is a function that works for a run, and calls its `step` again and again.
"""

import itertools
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

from impasto.batch import explore
from impasto.batch.explore import DEFAULT_AXES, Variant, default_axes, preview_settings
from impasto.batch.pairs import reason_of
from impasto.errors import ImpastoError, SettingsError
from impasto.fast.tuned import show_tunings, tuned
from impasto.gallery.names import find_style
from impasto.images import open_picture, output_name
from impasto.records import Records
from impasto.settings import FIELDS, Settings
from impasto.settings.choices import LOOKS
from impasto.studio.engine import Engine, Order, Style, is_network, settings_for
from impasto.studio.history import History
from impasto.studio.processes import paint_clip
from impasto.studio.runs import StudioRun
from impasto.studio.store import File, Store
from impasto.studio.turns import UnwantedError

#: The most steps of a variant: it cannot be stopped before its end.
_MOST_STEPS = 60
#: The settings that looks stand for.
_LOOKED_AT = sorted({name for meaning in LOOKS.values() for name in meaning})
#: What looks in one pass vary; color has a switch of its own.
_OF_DRAFTS = DEFAULT_AXES.keys() - {"color"}
#: Networks, and beginnings of some, that are kept for those who ask for the same again.
MOST = 30


def paint_one(run: StudioRun, engine: Engine, order: Order, history: History, keeper: str) -> None:
    """Paint a picture, and keep it in the history of somebody."""
    process = run.folder / "process.webp"
    records, moves = Records(process), order.settings.method_row.steps
    painting, state = engine.run(order), None
    try:
        for state in painting:
            run.preview = lambda: painting.picture
            run.done, run.total, run.facts["size"] = state.done, state.planned, list(state.size)
            if moves:
                records.add(state, painting)
            run.step()
    finally:
        if state is not None:
            picture = painting.picture
            run.result = picture.save(run.folder / "result.png")
            if moves:
                records.save(state, painting, ())
            run.facts["history"] = history.add(keeper, picture, order, process).name


def variants(engine: Engine, order: Order, axes: Mapping[str, Any] | None) -> list[Variant]:
    """Return the variants of a picture; SettingsError: it cannot be varied so."""
    settings = order.settings.updated(steps=None, time=None)
    if axes is None:  # what is worth varying, whatever is said of it now
        varied = _LOOKED_AT if settings.method_row.steps else _OF_DRAFTS
        plain: dict[str, Any] = {name: FIELDS[name].default for name in varied}
        settings = settings.updated(**plain)
        if settings.method_row.steps:
            axes = {"look": (None, *LOOKS)}
        else:
            usual = default_axes(settings).items()
            axes = {name: values for name, values in usual if name in _OF_DRAFTS}
            if any(map(is_network, order.styles)):  # which has its scale
                axes.pop("style_scale", None)
    found = []
    for each in explore.vary(preview_settings(settings), axes):
        small = engine.checked(preview_settings(each.settings, each.settings.size_limit))
        steps = sum(small.steps or ())
        if small.size_limit > explore.PREVIEW_SIZE or small.time is not None or steps > _MOST_STEPS:
            raise SettingsError("variants are small previews: do not vary size, steps or time")
        found.append(each._replace(settings=order.masked(small)))
    return found


def paint_variants(run: StudioRun, order: Order, found: Sequence[Variant]) -> None:
    """Paint the variants of a picture, small, and put them and their recipes into one file."""
    content, styles = order.content.path, [each.source for each in order.styles]
    folder = run.folder / "looks"
    try:
        for variant, _ in explore.paint_variants(content, styles, found, folder):
            changes = dict(variant.changes)
            title = ", ".join(f"{name.replace('_', ' ')} {v}" for name, v in changes.items())
            if "look" in changes:  # what it stands for, so that each can be changed afterwards
                title = changes.pop("look") or "as it comes"
                changes |= {name: getattr(variant.settings, name) for name in _LOOKED_AT}
            path = folder / f"{variant.name}.png"
            run.items.append({"title": title, "path": path, "settings": changes})
            run.done += 1
            run.step()
    finally:
        _zip(run, sorted(folder.glob("*.*")))


def paint_batch(
    run: StudioRun, engine: Engine, files: list[File], styles: Sequence[Style], settings: Settings
) -> None:
    """Paint every content in every style; one that fails does not end the others."""
    try:
        for number, (content, style) in enumerate(itertools.product(files, styles), 1):
            title = output_name(content.name, [Path(style.name).stem])
            try:
                order = Order(content, (style,), settings_for([style], settings))
                painting = engine.run(order)
                for _ in painting:
                    run.step()
                path = painting.picture.save(run.folder / f"{number:03} {title}.jpg")
                run.items.append({"title": title, "path": path})
            except UnwantedError:
                raise
            except (ImpastoError, MemoryError, RuntimeError) as error:
                run.items.append({"title": title, "error": reason_of(error)})
            run.done = number
            run.step()
    finally:
        _zip(run, [each["path"] for each in run.items if "path" in each])


def _zip(run: StudioRun, paths: Sequence[Path]) -> None:
    if paths:
        run.result = run.folder / "painted.zip"
        with zipfile.ZipFile(run.result, "w", zipfile.ZIP_STORED) as file:
            for path in paths:
                file.write(path, path.name)


def paint_video(
    run: StudioRun, clip: Path, styles: Sequence[str | Path], asked: dict[str, Any]
) -> None:
    """Paint a clip frame by frame without flicker, in a process of its own."""
    target, last = run.folder / "painted.mp4", run.folder / "frame.jpg"
    run.preview = lambda: open_picture(last) if last.is_file() else None
    try:
        with closing(paint_clip(clip, styles, target, asked)) as frames:
            for done, total in frames:
                run.done, run.total = done, total
                run.step()
    finally:
        run.result = target if target.is_file() else None


def tune(run: StudioRun, style: Style, minutes: float, networks: Path, store: Store) -> None:
    """Learn a style: a network that paints in it better than any other, a file of the visitor's.

    One that is stopped is resumed when it is asked for again. The oldest of all `networks` are
    deleted to make room for it.
    """

    def watch(spent: float) -> None:
        run.done = round(60 * spent)
        run.step()

    show_tunings(lambda _name, _minutes: nullcontext(watch))
    try:
        network = tuned(find_style(style.source), Settings(method="fast", tune=minutes), networks)
    finally:
        show_tunings()
        _thin_out(networks)
    file = store.put(run.visitor, network, style.name, {"kind": "network"})
    run.result, run.facts["style"] = file.path, {"file": file.id}


def _thin_out(folder: Path) -> None:
    """Delete all networks but the newest."""
    for old in sorted(folder.glob("tuned-*"), key=lambda path: path.stat().st_mtime)[:-MOST]:
        shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink(missing_ok=True)
