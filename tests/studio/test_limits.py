"""What is left behind, what is given up, and how much one visitor may have."""

import asyncio
import errno
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from PIL import Image
from tests.studio.conftest import HERE, Client, opened, turn_taken

from impasto.images import open_picture
from impasto.studio import run_routes, store, works
from impasto.studio.store import File, Kept
from impasto.studio.studio import Studio

MOSAIC = [{"name": "mosaic"}]
LONG = {"size": 64, "min_size": 64, "steps": [3000]}


def studio_of(client: Client) -> Studio:
    studio: Studio = client.app._app.state.studio  # type: ignore[attr-defined]
    return studio


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def a_run(client: Client, picture: Path) -> str:
    """Begin a long run, and return its id when it works."""
    body = {"kind": "picture", "content": client.upload(picture)["id"], "styles": MOSAIC}
    id: str = client.post("/api/runs", json={**body, "settings": LONG}).json()["id"]
    until(lambda: client.get(f"/api/runs/{id}").json()["done"])
    return id


class Asked:
    """A request whose client can go."""

    def __init__(self, client: Client, method: str, path: str, body: bytes = b"") -> None:
        address, _, query = path.partition("?")
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        headers = {"host": "127.0.0.1", "content-type": "application/json", "cookie": cookies}
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": address,
            "query_string": query.encode(),
            "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
            "client": ("testclient", 50000),
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "raw_path": address.encode(),
        }
        self.app: Any = client.app
        self.body: bytes | None = body
        self.told: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self.task = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        await self.app(self.scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if self.body is not None:
            body, self.body = self.body, None
            return {"type": "http.request", "body": body}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:  # noqa: ANN401
        self.told.append(message)

    async def status(self) -> int:
        while not self.told:
            await asyncio.sleep(0.01)
        return int(self.told[0]["status"])


async def lined_up(studio: Studio, number: int) -> None:
    while len(studio.engine.turns._waiting) != number:
        await asyncio.sleep(0.01)


def test_a_run_that_is_deleted_while_it_works_leaves_nothing(tmp_path: Path, picture: Path) -> None:
    with opened(tmp_path) as client:
        id = a_run(client, picture)
        folder = tmp_path / "files" / "kept" / id
        assert folder.is_dir()
        assert client.delete(f"/api/runs/{id}").status_code == 204
        assert client.get(f"/api/runs/{id}").status_code == 404
        until(lambda: not folder.exists())


def test_results_count_and_make_room_for_what_is_new(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"method": "fast", "size": 96}
    with opened(tmp_path) as client:
        content = client.upload(picture)["id"]
        body = {"kind": "picture", "content": content, "styles": MOSAIC, "settings": settings}
        old, new = (client.run_to_the_end(**body)["id"] for _ in range(2))
        sizes = {each.id: each.size for each in studio_of(client).store.of("testclient", Kept)}
        assert sizes[old] > 1000
        room = sum(sizes.values()) + picture.stat().st_size - 1
        monkeypatch.setattr(store, "MOST_BYTES", room)
        client.upload(picture)
        assert client.get(f"/api/runs/{old}").status_code == 404
        assert client.get(f"/api/runs/{new}").status_code == 200
        monkeypatch.setattr(store, "MOST_IN_ALL", 1000)
        answer = client.post("/api/runs", json=body)
        assert (answer.status_code, "no room" in answer.json()["error"]) == (429, True)


def test_who_paints_much_is_not_refused(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.studio.studio._MOST_RUNS", 2)
    with opened(tmp_path) as client:
        content = client.upload(picture)["id"]
        body = {"content": content, "styles": MOSAIC, "settings": {"method": "fast", "size": 64}}
        ids = [client.run_to_the_end(kind="picture", **body)["id"] for _ in range(3)]
        assert [client.get(f"/api/runs/{id}").status_code for id in ids] == [404, 200, 200]


def test_nobody_makes_room_with_what_is_anothers(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as client:
        other = Client(client.app, base_url=HERE)  # behind the same address

        def body(browser: Client) -> dict[str, Any]:
            content = browser.upload(picture)["id"]
            settings = {"method": "fast", "size": 64}
            return {"kind": "picture", "content": content, "styles": MOSAIC, "settings": settings}

        first, second = body(client), body(other)
        kept = client.run_to_the_end(**first)["id"]
        monkeypatch.setattr("impasto.studio.studio._MOST_RUNS", 1)
        assert other.post("/api/runs", json=second).status_code == 429
        assert client.get(f"/api/runs/{kept}").status_code == 200
        monkeypatch.setattr(store, "MOST_BYTES", 1000)
        data = {"file": picture.read_bytes()}
        assert other.post("/api/files", files=data).status_code == 429
        assert client.get(f"/api/runs/{kept}").status_code == 200


def test_many_uploads_leave_room_for_a_run(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as client:
        content = client.upload(picture)["id"]
        monkeypatch.setattr(store, "MOST_THINGS", 1)
        data = {"file": picture.read_bytes()}
        assert client.post("/api/files", files=data).status_code == 429
        settings = {"method": "fast", "size": 64}
        body = {"content": content, "styles": MOSAIC, "settings": settings}
        assert client.run_to_the_end(kind="picture", **body)["state"] == "done"


def test_an_upload_that_fails_leaves_nothing(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: object, target: IO[bytes]) -> None:
        target.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with opened(tmp_path) as client:
        text = {"file": ("text.jpg", b"no picture")}
        assert client.post("/api/files", files=text).status_code == 400
        monkeypatch.setattr(shutil, "copyfileobj", full)
        data = {"file": picture.read_bytes()}
        assert client.post("/api/files", files=data).status_code >= 500
        assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


def test_tuned_networks_do_not_pile_up(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def tuned(_style: object, _settings: object, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        made.append(folder / f"tuned-{len(made)}.onnx")
        made[-1].write_bytes(b"network")
        return made[-1]

    monkeypatch.setattr(works, "tuned", tuned)
    monkeypatch.setattr(works, "MOST", 2)
    with opened(tmp_path) as client:
        style = {"file": client.upload(picture)["id"]}
        states = [client.run_to_the_end(kind="tune", style=style, minutes=1) for _ in range(4)]
        assert [path.exists() for path in made] == [False, False, True, True]
        assert client.get("/" + states[0]["result"]).content == b"network"
        assert made[0].is_relative_to(tmp_path)


def test_requests_of_clients_that_have_gone_are_not_painted(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as client:
        studio = studio_of(client)
        content = client.upload(picture)["id"]
        body = json.dumps({"content": content, "styles": MOSAIC, "settings": {"size": 64}})
        painted = []
        monkeypatch.setattr(studio.engine, "stylizer", lambda *_: painted.append(1))

        async def visit() -> None:
            frame = picture.read_bytes()
            asked = [
                Asked(client, "POST", "/api/paint", body.encode()),
                Asked(client, "POST", "/api/plan", body.encode()),
                Asked(client, "POST", "/api/frame?styles=mosaic", frame),
            ]
            await lined_up(studio, 3)
            for each in asked:
                each.gone.set()
            await lined_up(studio, 0)  # while somebody else has the turn
            await asyncio.gather(*(each.task for each in asked))

        with turn_taken(studio.engine.turns):
            asyncio.run(asyncio.wait_for(visit(), 60))
        assert painted == []


def test_the_newest_frame_of_a_camera_takes_the_place_of_the_one_that_waits(
    client: Client, picture: Path
) -> None:
    studio = studio_of(client)
    client.get("/api/studio")

    async def visit() -> list[int]:
        old = Asked(client, "POST", "/api/frame?styles=mosaic&size=64", picture.read_bytes())
        await lined_up(studio, 1)
        new = Asked(client, "POST", "/api/frame?styles=mosaic&size=64", picture.read_bytes())
        refused = await old.status()
        await lined_up(studio, 1)
        painting.set()
        return [refused, await new.status()]

    until(lambda: not studio.engine.turns.busy)
    with turn_taken(studio.engine.turns) as painting:
        assert asyncio.run(asyncio.wait_for(visit(), 60)) == [429, 200]
    assert studio.frames == {}


def test_streams_of_events_have_a_limit_and_end_with_their_run(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_routes, "MOST_STREAMS", 2)
    with opened(tmp_path) as client:
        id = a_run(client, picture)

        async def watch() -> None:
            first, second = (Asked(client, "GET", f"/api/runs/{id}/events") for _ in range(2))
            assert [await first.status(), await second.status()] == [200, 200]
            third = Asked(client, "GET", f"/api/runs/{id}/events")
            assert await third.status() == 429
            assert b"too many pages watch" in third.told[1]["body"].lower()
            second.gone.set()
            await second.task
            again = Asked(client, "GET", f"/api/runs/{id}/events")
            assert await again.status() == 200
            await Asked(client, "DELETE", f"/api/runs/{id}").task
            await asyncio.gather(first.task, again.task)

        asyncio.run(asyncio.wait_for(watch(), 60))
        assert not studio_of(client).watching


def test_what_a_waiting_job_is_made_of_is_kept(tmp_path: Path, picture: Path) -> None:
    with opened(tmp_path) as client:
        studio = studio_of(client)
        content, style = client.upload(picture)["id"], client.upload(picture)["id"]
        body = {"kind": "picture", "content": content, "styles": [{"file": style}]}
        with turn_taken(studio.engine.turns):
            answer = client.post("/api/runs", json={**body, "settings": LONG})
            id = answer.json()["id"]
            files = studio.store.of("testclient", File)
            for _ in range(3):  # somebody watches, for hours
                for file in files:
                    file.used -= studio.options.lasting - 10
                assert client.get(f"/api/runs/{id}").json()["state"] == "waiting"
            assert all(studio.store.has(file) for file in files)
            client.delete(f"/api/runs/{id}")


@pytest.mark.parametrize("end", ["delete", "stop"])
def test_a_job_that_is_given_up_while_it_waits_counts_no_longer(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr("impasto.studio.studio._MOST_ALIVE", 2)
    with opened(tmp_path) as client:
        body = {"kind": "picture", "content": client.upload(picture)["id"], "styles": MOSAIC}
        with turn_taken(studio_of(client).engine.turns):

            def start() -> Any:  # noqa: ANN401
                return client.post("/api/runs", json={**body, "settings": LONG})

            first, second = (start().json()["id"] for _ in range(2))
            assert start().status_code == 429
            if end == "delete":
                assert client.delete(f"/api/runs/{first}").status_code == 204
                assert not (tmp_path / "files" / "kept" / first).exists()
            else:
                assert client.post(f"/api/runs/{first}/stop").json()["state"] == "stopped"
            assert start().status_code == 201
            assert client.get(f"/api/runs/{second}").json()["state"] == "waiting"


@pytest.mark.parametrize("end", ["delete", "stop"])
def test_a_picture_is_kept_whose_page_takes_everything_away(
    tmp_path: Path, picture: Path, end: str
) -> None:
    with opened(tmp_path) as client:
        id = a_run(client, picture)
        (content,) = studio_of(client).store.of("testclient", File)
        assert client.delete(f"/api/files/{content.id}").status_code == 204
        assert client.get(f"/api/files/{content.id}").status_code == 404
        assert content.path.is_file()
        assert client.get(f"/api/runs/{id}").json()["state"] == "running"
        if end == "delete":
            assert client.delete(f"/api/runs/{id}").status_code == 204
        else:
            client.post(f"/api/runs/{id}/stop")
        until(lambda: not content.folder.exists())
        (entry,) = client.get("/api/history").json()
        assert client.get(f"/api/history/{entry['id']}/content").status_code == 200
        assert studio_of(client).store.of("testclient", File) == []


def test_a_household_has_one_share_however_many_addresses(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_THINGS", 1)
    with opened(tmp_path) as client:

        def upload(address: str) -> int:
            browser = Client(client.app, base_url=HERE, client=(address, 50000))
            return browser.post("/api/files", files={"file": picture.read_bytes()}).status_code

        addresses = ["2001:db8:1:2::3", "2001:db8:1:2:ffff::4", "2001:db8:1:3::3"]
        assert [upload(each) for each in addresses] == [201, 429, 201]
        mapped = ["::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2"]
        assert [upload(each) for each in mapped] == [201, 429, 201]


def test_a_quick_picture_takes_masks(client: Client, picture: Path, tmp_path: Path) -> None:
    half = Image.new("L", (128, 128))
    half.paste(255, (0, 0, 128, 64))
    half.save(tmp_path / "half.png")
    content, mask = client.upload(picture)["id"], client.upload(tmp_path / "half.png")["id"]

    def painted(styles: list[dict[str, Any]], **more: object) -> np.ndarray:
        body = {"content": content, "styles": styles, "settings": {"size": 128}, **more}
        answer = client.post("/api/paint", json=body)
        assert answer.status_code == 200, answer.text
        return open_picture(answer.content).to_array().astype(int)

    styles = [{"name": "mosaic"}, {"name": "waves"}]
    mosaic, waves = painted([styles[0]]), painted([styles[1]])
    both = painted([{**styles[0], "mask": mask}, styles[1]])
    photo = open_picture(picture).to_array().astype(int)
    alone = painted([{**styles[0], "mask": mask}])
    kept = painted([styles[1]], keep=mask)
    above, below = slice(0, 60), slice(68, 128)
    for part, expected in ((above, mosaic), (below, waves)):
        assert abs(both[part] - expected[part]).mean() < 3  # JPEG
    assert abs(alone[below] - photo[below]).mean() < 3 < abs(alone[above] - photo[above]).mean()
    assert abs(kept[above] - photo[above]).mean() < 3
    assert abs(kept[below] - waves[below]).mean() < 3
    shares = {"size": 128, "style_weights": [1, 2]}
    assert painted([styles[0], {**styles[1], "mask": mask}], settings=shares).shape == photo.shape
