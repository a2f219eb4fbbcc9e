"""Nobody gets what is somebody else's, and no other site acts for a visitor."""

import base64
import threading
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from tests.studio.conftest import HERE, Client, opened

from impasto.studio import store
from impasto.studio.guard import COOKIE


def other(client: Client) -> Client:
    """Return another browser of the same studio."""
    return Client(client.app, base_url=HERE, raise_server_exceptions=False)


def test_ids_are_their_visitors_only(tmp_path: Path, picture: Path) -> None:
    with opened(tmp_path, public=True) as client:
        id = client.upload(picture)["id"]
        body = {"content": id, "styles": [{"name": "mosaic"}], "settings": {"size": 64}}
        state = client.run_to_the_end(
            kind="picture", **{**body, "settings": {"method": "fast", "size": 64}}
        )
        stranger = other(client)
        assert stranger.get(f"/api/files/{id}").status_code == 404
        assert stranger.delete(f"/api/files/{id}").status_code == 404
        assert stranger.post("/api/paint", json=body).status_code == 404
        assert stranger.get(f"/api/runs/{state['id']}").status_code == 404
        assert stranger.get("/" + state["result"]).status_code == 404
        assert stranger.get("/api/history").json() == []
        assert stranger.get(f"/api/history/{state['history']}/picture").status_code == 404
        assert stranger.delete(f"/api/history/{state['history']}").status_code == 204
        assert len(client.get("/api/history").json()) == 1


def test_the_cookie_is_for_this_site_and_no_script(client: Client) -> None:
    told = other(client).get("/api/studio").headers["set-cookie"]
    assert told.startswith(f"{COOKIE}=")
    assert "HttpOnly" in told
    assert "SameSite=Strict" in told
    client.get("/api/studio")
    assert "set-cookie" not in client.get("/api/studio").headers


@pytest.mark.parametrize("cookie", ["", "x", "a" * 43 + "/../..", "\x00", "é" * 43])
def test_a_cookie_that_is_none_is_replaced(client: Client, cookie: str) -> None:
    answer = other(client).get("/api/studio", headers=[(b"cookie", f"{COOKIE}={cookie}".encode())])
    assert "set-cookie" in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"host": "evil.example"}, 421),
        ({"sec-fetch-site": "same-origin"}, 404),
        ({"origin": HERE}, 404),
        ({"host": "localhost:7860", "origin": "http://localhost:7860"}, 404),
        ({}, 404),
    ],
)
def test_other_sites_and_names_are_refused(
    client: Client, headers: dict[str, str], status: int
) -> None:
    assert client.delete("/api/files/none", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/studio", {}, 200),
        ("/api/studio", {"host": "evil.example"}, 421),
        ("/api/nothing", {}, 404),
        ("/api/studio", {"content-length": "999999999"}, 413),
        ("/api/history/x/nothing", {}, 422),
    ],
)
def test_answers_and_refusals_say_what_browsers_may_load(
    client: Client, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.get(path, headers=headers)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/api/examples/..%2f..%2fetc%2fpasswd",
        "/api/styles/%2fetc%2fpasswd/thumbnail",
        "/api/history/..%2f..%2fentry/picture",
        "/api/files/..%2fpicture.png",
        "/api/runs/x/items/-1",
    ],
)
def test_no_address_leads_to_a_file_of_the_machine(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (404, 405, 422)
    assert b"root:" not in answer.content


def test_an_upload_has_limits(client: Client, tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(bytes(6_000_000))
    with (tmp_path / "large.png").open("rb") as file:
        answer = client.post("/api/files", files={"file": file})
    assert answer.status_code == 413
    assert "5 MB" in answer.json()["error"]
    answer = client.post("/api/paint", content=b" " * 5_000_000)
    assert answer.status_code == 413


def test_a_visitor_has_limits(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_THINGS", 2)
    with opened(tmp_path) as client:
        first = client.upload(picture)["id"]
        client.upload(picture)
        refused = other(client).post("/api/files", files={"file": picture.read_bytes()})
        assert refused.status_code == 429  # a new cookie makes no new visitor
        assert "too much" in refused.json()["error"]
        client.delete(f"/api/files/{first}")
        client.upload(picture)


def test_uploads_go_after_a_while(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as client:
        id = client.upload(picture)["id"]
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 1e5)
        assert client.get(f"/api/files/{id}").status_code == 404
        assert not list((tmp_path / "files" / "kept").iterdir())


def test_a_password(tmp_path: Path) -> None:
    def login(user: str, word: str) -> dict[str, str]:
        return {"authorization": "Basic " + base64.b64encode(f"{user}:{word}".encode()).decode()}

    with opened(tmp_path, auth=["ann:secret"]) as client:
        for wrong in ({}, login("ann", "wrong"), login("bob", "secret"), login("ann", "")):
            answer = client.get("/api/studio", headers=wrong)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic")
        strange = {b"authorization": b"Basic \xe9"}
        assert client.get("/api/studio", headers=strange).status_code == 401
        assert client.get("/api/studio", headers=login("ann", "secret")).status_code == 200


@pytest.mark.parametrize("prefix", ["", "/impasto"])
def test_a_proxy_may_pass_its_path_on_or_not(tmp_path: Path, prefix: str) -> None:
    with opened(tmp_path, root_path="/impasto") as client:
        assert client.get(f"{prefix}/api/studio").status_code == 200
        assert client.get("/impastor/api/studio").status_code == 404
        page = client.get("/impasto?a=1")
        assert (page.status_code, page.url.path) == (200, "/impasto/")
        assert "<html" in page.text


def test_eight_at_once_get_their_own(tmp_path: Path, picture: Path) -> None:
    sizes: dict[int, set[int]] = {}
    with opened(tmp_path) as client:

        def visit(number: int) -> None:
            browser = other(client)
            body = {"content": browser.upload(picture)["id"], "styles": [{"name": "mosaic"}]}
            for _ in range(3):
                settings = {"size": 64 + 8 * number}
                answer = browser.post("/api/paint", json={**body, "settings": settings})
                width, _ = Image.open(BytesIO(answer.content)).size
                sizes.setdefault(number, set()).add(width)

        threads = [threading.Thread(target=visit, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert sizes == {number: {64 + 8 * number} for number in range(8)}
