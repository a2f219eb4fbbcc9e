"""Requests about runs, and about the history of results."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from impasto.images import read_recipe
from impasto.studio.bodies import PaintBody, RunBody
from impasto.studio.history import PROCESS, RESULT, THUMBNAIL
from impasto.studio.processes import small_copy
from impasto.studio.responses import Jpeg, RunOf, StudioOf, VisitorOf, in_turn, jpeg
from impasto.studio.runs import ENDED
from impasto.studio.store import GoneError, LimitError

#: Seconds between two looks at a run.
_LOOK = 0.15
#: Longest side of what is shown while it is painted, in pixels.
_PREVIEW = 768
#: Streams of events that one visitor may watch, and all together.
MOST_STREAMS, MOST_STREAMS_IN_ALL = 24, 200
router = APIRouter(prefix="/api")


@router.post("/plan")
async def plan(
    request: Request, body: PaintBody, studio: StudioOf, visitor: VisitorOf
) -> dict[str, Any]:
    """What painting would take."""
    order = studio.order(visitor, body)
    found = await in_turn(request, studio, visitor, lambda: studio.engine.run(order).plan)
    return {"seconds": found.seconds, "bytes": found.bytes, "lines": found.lines()}


@router.post("/runs", status_code=201)
def start(body: RunBody, studio: StudioOf, visitor: VisitorOf) -> dict[str, Any]:
    """Begin a run; somebody has to look at it, or it is stopped."""
    return studio.start(visitor, body).described()


@router.get("/runs/{id}")
def run(found: RunOf) -> dict[str, Any]:
    """How far a run is."""
    return found.described()


@router.get("/runs/{id}/events", response_class=StreamingResponse)
async def events(found: RunOf, studio: StudioOf) -> StreamingResponse:
    """How far a run is, again and again until it has ended: server-sent events."""
    watching, who = studio.watching, found.visitor.who
    if watching[who] >= MOST_STREAMS or watching.total() >= MOST_STREAMS_IN_ALL:
        raise LimitError("too many pages watch jobs at once: close some, or ask for the state")

    async def told() -> AsyncIterator[str]:
        last, state = "", ""
        watching[who] += 1
        try:
            while state not in ENDED and studio.store.has(found):
                described = found.described()
                text, state = json.dumps(described), described["state"]
                if text != last:
                    yield f"data: {text}\n\n"
                last = text
                await asyncio.sleep(0 if state in ENDED else _LOOK)
        finally:
            watching[who] -= 1
            if not watching[who]:
                del watching[who]

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told(), media_type="text/event-stream", headers=headers)


@router.post("/runs/{id}/stop")
def stop(found: RunOf) -> dict[str, Any]:
    """Stop a run; what there is stays."""
    found.stopped = True
    return found.described()


@router.delete("/runs/{id}", status_code=204)
def delete_run(found: RunOf, studio: StudioOf) -> None:
    """Stop a run, and delete what it has made."""
    studio.store.remove(found)
    studio.engine.turns.drop_unwanted()


@router.get("/runs/{id}/preview", response_class=Jpeg)
def preview(found: RunOf) -> Response:
    """What a run has painted so far, small."""
    picture = found.preview()
    if picture is None:
        raise GoneError("there is nothing to see yet")
    return jpeg(picture.resized(min(_PREVIEW, max(picture.size))))


@router.get("/runs/{id}/result")
def result(found: RunOf) -> Response:
    """What a run has made."""
    path = found.result
    if path is None or found.busy or not path.is_file():
        raise GoneError("there is no result yet")
    return FileResponse(path, media_type=found.type, filename=found.name + path.suffix)


def _item(number: int, found: RunOf) -> Path:
    items = found.items
    if not 0 <= number < len(items) or "path" not in items[number]:
        raise GoneError("there is no such picture")
    return cast("Path", items[number]["path"])


@router.get("/runs/{id}/items/{number}")
def item(path: Annotated[Path, Depends(_item)]) -> Response:
    """One of several pictures."""
    return FileResponse(path)


@router.get("/runs/{id}/items/{number}/thumbnail", response_class=Jpeg)
def item_thumbnail(path: Annotated[Path, Depends(_item)]) -> Response:
    """A small copy of one of several pictures."""
    return Jpeg(small_copy(path))


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
        return JSONResponse(read_recipe(entry.path(RESULT)))
    file, name = {
        "picture": (RESULT, f"{entry.title}.png"),
        "content": (entry.content, f"{Path(entry.names[0]).stem}.png"),
        "thumbnail": (THUMBNAIL, None),
        "process": (PROCESS, None),
    }[part]
    if not entry.path(file).is_file():
        raise GoneError("this was not kept")
    return FileResponse(entry.path(file), filename=name)


@router.post("/history/{id}/open")
def open_entry(id: str, studio: StudioOf, visitor: VisitorOf) -> dict[str, Any]:
    """Make files again of what a kept result was made of, to go on from it."""
    return studio.opened(visitor, id)


@router.delete("/history/{id}", status_code=204)
def delete_entry(id: str, studio: StudioOf, visitor: VisitorOf) -> None:
    """Delete a kept result."""
    studio.history.delete(studio.keeper(visitor), id)
