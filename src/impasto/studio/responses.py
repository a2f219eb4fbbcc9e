"""What requests are told apart by, wait with, and are answered with."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request
from fastapi.responses import Response

from impasto.images import Picture
from impasto.studio.runs import StudioRun
from impasto.studio.store import File, Visitor
from impasto.studio.studio import Studio

T = TypeVar("T")


class Jpeg(Response):
    """A picture."""

    media_type = "image/jpeg"


async def _studio(request: Request) -> Studio:
    return cast("Studio", request.app.state.studio)


async def _visitor(request: Request) -> Visitor:
    return cast("Visitor", request.state.visitor)


StudioOf = Annotated[Studio, Depends(_studio)]
VisitorOf = Annotated[Visitor, Depends(_visitor)]


def _file(id: str, studio: StudioOf, visitor: VisitorOf) -> File:
    return studio.store.get(visitor, id, File)


def _run(id: str, studio: StudioOf, visitor: VisitorOf) -> StudioRun:
    return studio.store.get(visitor, id, StudioRun)


FileOf = Annotated[File, Depends(_file)]
RunOf = Annotated[StudioRun, Depends(_run)]


async def in_turn(
    request: Request, studio: Studio, visitor: Visitor, act: Callable[[], T], newest: bool = False
) -> T:
    """Do something short when it is this visitor's turn, unless the client goes before that.

    The `newest` takes the place of the visitor's last one that still waits, which is a BusyError.
    """
    turns, gone, mark = studio.engine.turns, asyncio.Event(), object()

    def wanted() -> bool:
        return not gone.is_set() and (not newest or studio.frames.get(visitor.id) is mark)

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()
        turns.drop_unwanted()

    watching = asyncio.create_task(watch())
    if newest:
        studio.frames[visitor.id] = mark
    try:
        job = turns.submit(visitor.who, act, wanted)
        visitor.hold(job)
        return await asyncio.shield(asyncio.wrap_future(job))
    finally:
        gone.set()
        watching.cancel()
        if studio.frames.get(visitor.id) is mark:
            del studio.frames[visitor.id]


def jpeg(picture: Picture, begun: float | None = None) -> Jpeg:
    """Answer with a picture; `begun` is `time.perf_counter()` when its painting began."""
    seconds = {} if begun is None else {"X-Impasto-Seconds": f"{time.perf_counter() - begun:.3f}"}
    return Jpeg(picture.on_white().encode("jpg"), headers=seconds)
