"""What requests are told apart by, wait with, and are answered with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.responses import Response

from impasto.images import Picture
from impasto.studio.runs import StudioRun
from impasto.studio.store import File, Visitor
from impasto.studio.studio import Studio
from impasto.studio.turns import Ticket

#: How the OpenAPI document describes an answer that is a picture.
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}
T = TypeVar("T")


async def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


StudioOf = Annotated[Studio, Depends(_studio)]


async def _visitor(request: Request) -> Visitor:
    return Visitor(request.state.visitor, request.state.who)


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
    left = asyncio.Event()

    def wanted() -> bool:
        visitor.look()
        return not left.is_set() and (not newest or studio.frames.get(visitor.id) is ticket)

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        left.set()

    ticket = Ticket(visitor.who, wanted)
    watching = asyncio.create_task(watch())
    if newest:
        studio.frames[visitor.id] = ticket
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(studio.threads, studio.engine.in_turn, ticket, act)
    finally:
        watching.cancel()
        if studio.frames.get(visitor.id) is ticket:
            del studio.frames[visitor.id]


def jpeg(picture: Picture, begun: float | None = None) -> Response:
    """Answer with a picture; `begun` is `time.perf_counter()` when its painting began."""
    seconds = {} if begun is None else {"X-Impasto-Seconds": f"{time.perf_counter() - begun:.3f}"}
    data = picture.on_white().encode("jpg")
    return Response(data, media_type="image/jpeg", headers=seconds)
