"""Requests about runs, and about the history of results."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from impasto.images import read_recipe
from impasto.studio.bodies import PaintBody, RunBody
from impasto.studio.files import GoneError, small_copy
from impasto.studio.responses import JPEG, StudioOf, VisitorOf, jpeg
from impasto.studio.runs import ENDED
from impasto.studio.studio import Studio, Visitor
from impasto.studio.works import PREVIEW

#: Seconds between two looks at a run.
_LOOK = 0.15
router = APIRouter(prefix="/api")


@router.post("/plan")
def plan(body: PaintBody, studio: StudioOf, visitor: VisitorOf) -> dict[str, Any]:
    """What painting would take."""
    found = studio.engine.plan(visitor.who, studio.order(visitor, body))
    return {"seconds": found.seconds, "bytes": found.bytes, "lines": found.lines()}


@router.post("/runs", status_code=201)
def start(body: RunBody, studio: StudioOf, visitor: VisitorOf) -> dict[str, Any]:
    """Begin a run; somebody has to look at it, or it is stopped."""
    return studio.start(visitor, body).described()


@router.get("/runs/{id}")
def run(id: str, studio: StudioOf, visitor: VisitorOf) -> dict[str, Any]:
    """How far a run is."""
    return studio.runs.get(visitor.id, id).described()


@router.get("/runs/{id}/events", response_class=StreamingResponse)
async def events(id: str, studio: StudioOf, visitor: VisitorOf) -> StreamingResponse:
    """How far a run is, again and again until it has ended: server-sent events."""
    found = studio.runs.get(visitor.id, id)

    async def told() -> AsyncIterator[str]:
        last = ""
        while True:
            state = found.described()
            text = json.dumps(state)
            if text != last:
                yield f"data: {text}\n\n"
            if state["state"] in ENDED:
                return
            last = text
            await asyncio.sleep(_LOOK)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told(), media_type="text/event-stream", headers=headers)


@router.post("/runs/{id}/stop")
def stop(id: str, studio: StudioOf, visitor: VisitorOf) -> dict[str, Any]:
    """Stop a run; what there is stays."""
    found = studio.runs.get(visitor.id, id)
    found.job.stop()
    return found.described()


@router.delete("/runs/{id}", status_code=204)
def delete_run(id: str, studio: StudioOf, visitor: VisitorOf) -> None:
    """Stop a run, and delete what it has made."""
    studio.runs.delete(visitor.id, id)


@router.get("/runs/{id}/preview", responses=JPEG)
def preview(id: str, studio: StudioOf, visitor: VisitorOf) -> Response:
    """What a run has painted so far, small."""
    picture = studio.runs.get(visitor.id, id).work.preview()
    if picture is None:
        raise GoneError("there is nothing to see yet")
    return jpeg(picture.resized(min(PREVIEW, max(picture.size))))


@router.get("/runs/{id}/result")
def result(id: str, studio: StudioOf, visitor: VisitorOf) -> Response:
    """What a run has made."""
    found = studio.runs.get(visitor.id, id)
    path = found.work.result
    if path is None or found.job.alive:
        raise GoneError("there is no result yet")
    return FileResponse(path, media_type=found.work.type, filename=found.work.name + path.suffix)


@router.get("/runs/{id}/items/{number}")
def item(id: str, number: int, studio: StudioOf, visitor: VisitorOf) -> Response:
    """One of several pictures."""
    return FileResponse(_item(studio, visitor, id, number))


@router.get("/runs/{id}/items/{number}/thumbnail", responses=JPEG)
def item_thumbnail(id: str, number: int, studio: StudioOf, visitor: VisitorOf) -> Response:
    """A small copy of one of several pictures."""
    return Response(small_copy(_item(studio, visitor, id, number)), media_type="image/jpeg")


def _item(studio: Studio, visitor: Visitor, id: str, number: int) -> Path:
    items = studio.runs.get(visitor.id, id).work.items
    if not 0 <= number < len(items) or "path" not in items[number]:
        raise GoneError("there is no such picture")
    path: Path = items[number]["path"]
    return path


@router.get("/history")
def history(studio: StudioOf, visitor: VisitorOf) -> list[dict[str, Any]]:
    """Results that are kept, the newest first."""
    return [each.described() for each in studio.history.entries(studio.keeper(visitor))]


@router.get("/history/{id}/{part}")
def kept(
    id: str,
    part: Literal["picture", "content", "thumbnail", "process", "recipe"],
    studio: StudioOf,
    visitor: VisitorOf,
) -> Response:
    """A kept result, what it was made of, a small copy, how it came to be, or its recipe."""
    entry = studio.history.get(studio.keeper(visitor), id)
    if part == "recipe":
        return JSONResponse(read_recipe(entry.result))
    path, name = {
        "picture": (entry.result, f"{entry.title}.png"),
        "content": (entry.content, f"{Path(entry.names[0]).stem}.png"),
        "thumbnail": (entry.thumbnail, None),
        "process": (entry.animation, None),
    }[part]
    if not path.is_file():
        raise GoneError("this was not kept")
    return FileResponse(path, filename=name)


@router.post("/history/{id}/open")
def open_entry(id: str, studio: StudioOf, visitor: VisitorOf) -> dict[str, Any]:
    """Make files again of what a kept result was made of, to go on from it."""
    return studio.opened(visitor, id)


@router.delete("/history/{id}", status_code=204)
def delete_entry(id: str, studio: StudioOf, visitor: VisitorOf) -> None:
    """Delete a kept result."""
    studio.history.delete(studio.keeper(visitor), id)
