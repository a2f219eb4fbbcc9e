"""What paints on the first page: previews, the result, the history."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from impasto.errors import ImageError, ImpastoError
from impasto.images import Picture
from impasto.records import Records
from impasto.runs import Plan
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS
from impasto.studio.atelier import WORK, Atelier, progress
from impasto.studio.engine import Order, Step
from impasto.studio.history import Entry
from impasto.studio.result import ResultView


class Painter:
    """Paints orders, and shows how they come on."""

    def __init__(self, atelier: Atelier, view: ResultView, cancel: gr.Button) -> None:
        self.atelier, self.view, self.cancel = atelier, view, cancel

    @property
    def outputs(self) -> list[Any]:
        """All controls that a work changes."""
        return [*self.view.outputs, self.cancel]

    @property
    def work(self) -> dict[str, Any]:
        """How an event that paints is connected."""
        return {"outputs": self.outputs, **WORK}

    def plan(self, request: gr.Request, order: Callable[[], Order]) -> str:
        """Return what painting an order would take, or why not; nothing if that is little."""
        try:
            made = order()
            if not is_large(made.settings):
                return ""
            planned = self.atelier.engine.plan(self.atelier.who(request), made)
        except ImpastoError as error:
            return f"**This cannot be painted:** {error}."
        return plan_in_words(planned, self.atelier.options.minutes)

    def painted(self, request: gr.Request, token: str, order: Order) -> Iterator[dict[Any, Any]]:
        """Work, show previews, and at the end the result, kept in the history."""
        with tempfile.TemporaryDirectory(dir=self.atelier.folder) as place:
            records = Records(Path(place) / "process.webp", Path(place) / "losses.png")
            yield from self._worked(request, token, order, records)

    def _worked(
        self, request: gr.Request, token: str, order: Order, records: Records
    ) -> Iterator[dict[Any, Any]]:
        atelier, view = self.atelier, self.view
        plan: list[str] = []
        job = atelier.engine.start(
            atelier.who(request), lambda: _recorded(atelier, order, records, plan)
        )
        before = atelier.shelf.small(order.content)
        yield {self.cancel: gr.Button(visible=True), view.status: "Beginning …", view.plan: ""}
        seen = 0
        for _ in atelier.watched(request, job, "paint"):
            shown: dict[Any, Any] = {view.status: progress(job)}
            if plan:
                shown[view.plan] = plan.pop()
            if job.latest is not None and job.made > seen:
                seen = job.made
                shown[view.slider] = (before, atelier.shelf.preview(job.latest.picture))
            yield shown
        last = job.latest
        if last is None:
            yield {self.cancel: gr.Button(visible=False), view.status: "Stopped.", view.plan: ""}
            return
        yield from self._ended(request, token, order, records, last)

    def _ended(
        self, request: gr.Request, token: str, order: Order, records: Records, last: Step
    ) -> Iterator[dict[Any, Any]]:
        state, picture = last.state, last.picture
        entry, kept = self._kept(request, token, order, picture)
        ended = "" if state.done == state.planned else f" of {state.planned}"
        text = f"{state.done}{ended} steps in {state.seconds:.0f} s; {kept}."
        shown = self.view.shown(order, picture, text, kept=entry is not None)
        yield {**shown, self.cancel: gr.Button(visible=False), self.view.plan: ""}
        if state.planned > 1:
            yield self.view.process(entry, records, last)

    def _kept(
        self, request: gr.Request, token: str, order: Order, picture: Picture
    ) -> tuple[Entry | None, str]:
        """Keep a result, and tell whether that was possible; it is shown in any case."""
        try:
            return self.atelier.keep(request, token, picture, order), "kept in the history"
        except ImageError as error:
            return None, str(error)


def _recorded(atelier: Atelier, order: Order, records: Records, plan: list[str]) -> Iterator[Step]:
    """Paint, and record it; what takes long is planned first."""
    run = atelier.engine.run(order)
    if is_large(order.settings):
        plan.append(plan_in_words(run.plan, atelier.options.minutes))
    for step in atelier.engine.steps(run):
        if step.state.planned > 1:
            records.add(*step)
        yield step


def is_large(settings: Settings) -> bool:
    """Return whether a work may take long; not, if it has a time limit of its own."""
    if not settings.row.steps or settings.time is not None:
        return False
    return settings.size > min(ENCODERS[each].planned_from for each in settings.encoders)


def plan_in_words(plan: Plan, minutes: float) -> str:
    """Return what a page says of a plan."""
    *octaves, total = plan.lines()
    text = f"**This will take {total}.**<br>{'; '.join(octaves)}."
    if plan.seconds <= 60 * minutes:
        return text
    return f"{text}<br>It will be ended after {minutes:g} minutes: what is painted then is kept."
