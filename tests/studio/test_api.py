"""The studio's API, through its client and through plain HTTP, and what it refuses."""

import json
import random
import shutil
import struct
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from tests.studio.conftest import running
from tests.studio.test_uploads import bomb

import impasto
from impasto.gallery import open_style
from impasto.images import save_animation
from impasto.video.setup import open_reader


@pytest.fixture(scope="module")
def client(studio: str) -> Iterator[Client]:
    made = Client(studio, verbose=False)
    yield made
    made.close()


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("styles") / "waves.png"
    return open_style("strokes", 96).save(path)


def stylize(client: Client, content: Path, names: str = "mosaic", **settings: Any) -> Any:  # noqa: ANN401
    return client.predict(
        handle_file(content), [], names, {"size": 96, **settings}, api_name="/stylize"
    )


def test_styles_are_listed(client: Client) -> None:
    listed = client.predict(api_name="/styles")
    assert {"mosaic", "strokes", "starry_night"} <= {each["name"] for each in listed}


def test_a_picture_is_what_the_library_makes(client: Client, picture: Path, drawing: Path) -> None:
    settings = {"size": 96, "method": "fast", "strength": 0.8}
    path, recipe = client.predict(
        handle_file(picture), [handle_file(drawing)], "", settings, api_name="/stylize"
    )
    expected = impasto.stylize(picture, drawing, **settings)  # type: ignore[arg-type]
    # The threads of both differ, so the last bit of a sum does, and with it what it is rounded to.
    difference = np.abs(np.asarray(Image.open(path)).astype(int) - expected.to_array())
    assert difference.max() <= 4
    assert difference.mean() < 0.05
    assert recipe["settings"]["strength"] == 0.8
    assert recipe["styles"][0]["name"] == "waves.png"


def test_a_painting_shows_how_it_forms(client: Client, picture: Path) -> None:
    settings = {"size": 96, "steps": [12], "min_size": 96}
    job = client.submit(handle_file(picture), [], "mosaic", settings, api_name="/paint")
    path, recipe = job.result(60)
    assert Image.open(path).size == (96, 96)
    assert sum(recipe["settings"]["steps"]) == 12
    assert len(job.outputs()) >= 1


def test_many_pictures_in_many_styles(client: Client, picture: Path, drawing: Path) -> None:
    contents, styles = [handle_file(picture)], [handle_file(drawing)]
    path, report = client.predict(contents, styles, "mosaic", {"size": 64}, api_name="/batch")
    assert report.startswith("2 of 2")
    assert len(zipfile.ZipFile(path).namelist()) == 2


def test_masks_that_do_not_fit(client: Client, picture: Path, tmp_path: Path) -> None:
    wide, bad = tmp_path / "wide.png", tmp_path / "bad.png"
    Image.new("L", (128, 64), 255).save(wide)
    bad.write_text("no picture")
    for mask, count, message in (
        (wide, 1, "another shape"),
        (bad, 1, "mask"),
        (wide, 2, "2 masks"),
    ):
        masks = [handle_file(mask)] * count
        with pytest.raises(AppError, match=message) as caught:
            client.predict(
                handle_file(picture), [], "mosaic", {"size": 96}, None, masks, api_name="/compose"
            )
        assert "Traceback" not in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


def test_what_is_varied_is_names_and_lists(client: Client, picture: Path) -> None:
    for vary, message in (([1], "lists of values"), ({"strenth": [1, 0.5]}, "did you mean")):
        with pytest.raises(AppError, match=message):
            client.predict(handle_file(picture), [], "mosaic", {}, vary, api_name="/explore")


def test_one_pass_has_a_plan(client: Client, picture: Path) -> None:
    fast = {"method": "fast"}
    plan = client.predict(handle_file(picture), [], "mosaic", fast, api_name="/plan")
    assert "one pass of " in plan["lines"][0]
    assert 0 < plan["seconds"] < 60


def test_a_video(client: Client, tmp_path: Path) -> None:
    frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(5)]
    clip = save_animation(frames, tmp_path / "clip.mp4", fps=5)
    path = client.predict(handle_file(clip), [], "mosaic", 1.0, 0.9, 64, api_name="/video")
    made = list(open_reader(path).frames())
    assert len(made) >= 5
    assert made[0].pixels.shape == (48, 64, 3)


def test_plain_http(studio: str, picture: Path) -> None:
    (path,) = upload(studio, [("cat.jpg", picture.read_bytes())])
    lines = answered(studio, "stylize", [one(path), [], "mosaic", {"size": 64, "method": "fast"}])
    assert "event: complete" in lines
    result, recipe = json.loads(lines[lines.index("event: complete") + 1].removeprefix("data: "))
    assert recipe["settings"]["size"] == 64
    with urllib.request.urlopen(result["url"], timeout=60) as answer:
        assert answer.read(8) == b"\x89PNG\r\n\x1a\n"


def upload(studio: str, files: list[tuple[str, bytes]]) -> list[str]:
    """Upload files by their names; return where they are."""
    boundary = "of-which-no-picture-knows"
    body = b""
    for name, content in files:
        head = f'Content-Disposition: form-data; name="files"; filename="{name}"'
        lines = f"--{boundary}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n"
        body += lines.encode() + content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    paths: list[str] = post(studio, "upload", body, f"multipart/form-data; boundary={boundary}")
    assert len(paths) == len(files)
    return paths


def one(path: object) -> dict[str, Any]:
    """Return a file as an endpoint takes it."""
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


def post(studio: str, path: str, body: bytes, kind: str = "application/json") -> Any:  # noqa: ANN401
    request = urllib.request.Request(
        f"{studio}gradio_api/{path}", body, {"Content-Type": kind}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.parametrize(
    ("names", "settings", "message"),
    [
        ("mosiac", {}, "no style 'mosiac'.*mean mosaic"),
        ("", {}, "Choose a style first"),
        ("mosaic", {"size": 100_000}, "at most 2048"),
        ("mosaic", {"content_wieght": 1}, "did you mean 'content_weight'"),
        ("mosaic", {"method": "fast", "steps": [3]}, "does nothing with method fast"),
        ("mosaic", {"strength": 3, "method": "fast"}, "at most 1"),
        ("../../etc/passwd", {}, "no style"),
    ],
)
def test_errors_are_clear(
    client: Client, picture: Path, names: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(AppError, match=message) as caught:
        stylize(client, picture, names, **settings)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("name", ["stylize", "video", "batch"])
def test_no_file_of_the_machine_is_read(
    studio: str, folder: Path, picture: Path, tmp_path: Path, name: str
) -> None:
    """Not by plain HTTP: the client would upload it."""
    frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)]
    foreign = save_animation(frames, tmp_path / "clip.mp4", fps=5) if name == "video" else picture
    kept = Path(shutil.copy(foreign, folder / foreign.name))
    for path in (foreign, kept, "../" * 9 + str(foreign)[1:], "/etc/passwd"):
        data: dict[str, list[Any]] = {
            "stylize": [one(path), [], "mosaic", {"size": 64, "method": "fast"}],
            "video": [one(path), [], "mosaic", 1.0, 0.9, 64],
            "batch": [[one(path)], [], "mosaic", {"size": 64}],
        }
        assert answered(studio, name, data[name])[-2] == "event: error"


def answered(studio: str, name: str, data: list[Any]) -> list[str]:
    """Return the lines of an answer by plain HTTP."""
    event = post(studio, f"call/{name}", json.dumps({"data": data}).encode())["event_id"]
    with urllib.request.urlopen(f"{studio}gradio_api/call/{name}/{event}", timeout=60) as answer:
        lines: list[str] = answer.read().decode().split("\n")
    return [line for line in lines if line]


@pytest.mark.parametrize("path", ["http://127.0.0.1:1/x.png"])
def test_no_address_of_the_network_is_read(client: Client, path: str) -> None:
    content = {"path": path, "meta": {"_type": "gradio.FileData"}}
    with pytest.raises((AppError, ValueError, OSError)):
        client.predict(content, [], "mosaic", {}, api_name="/stylize")


def test_no_address_is_fetched_offline(client: Client, studio: str) -> None:
    content = {"path": f"{studio}gradio_api/info", "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(AppError, match="IMPASTO_OFFLINE is set"):
        client.predict(content, [], "mosaic", {}, api_name="/stylize")


@pytest.mark.parametrize("data", [[None] * 6, ["", [], "mosaic", 1.0, 0.9, None]])
def test_a_video_without_numbers_is_a_clear_message(client: Client, data: list[Any]) -> None:
    with pytest.raises(AppError, match="are numbers"):
        client.predict(None, *data[1:], api_name="/video")


def test_settings_that_are_none(client: Client, picture: Path) -> None:
    content = handle_file(picture)
    for name, given in (("/stylize", content), ("/batch", [content])):
        with pytest.raises(AppError, match="names and their values"):
            client.predict(given, [], "mosaic", [1], api_name=name)


def test_no_file_of_the_machine_is_served(studio: str, folder: Path) -> None:
    assert (folder / "history" / "secret").exists()
    for path in ("/etc/passwd", str(folder / "history" / "secret"), str(folder / "log"), __file__):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{studio}gradio_api/file={path}", timeout=20)
        assert caught.value.code in (403, 404)


def malformed(number: int, picture: bytes) -> tuple[str, bytes]:
    """Return the name and the bytes of something that is not a picture, or hardly."""
    dice = random.Random(number)
    name = dice.choice(["a.png", "a.jpg", "a.gif", "a.webp", "a.tiff", "a.svg", "a.heic", "a"])
    heads = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x10\0\0\0WEBP", b"II*\0"]
    kinds: dict[str, Callable[[], bytes]] = {
        "random": lambda: dice.randbytes(dice.randrange(1, 3000)),
        "head": lambda: dice.choice(heads) + dice.randbytes(dice.randrange(2000)),
        "cut": lambda: picture[: dice.randrange(20, len(picture) // 3)],
        "flipped": lambda: flipped(picture, dice),
        "bomb": lambda: bomb(dice.randrange(20_000, 2**31 - 1), dice.randrange(20_000, 2**31 - 1)),
        "polyglot": lambda: b"GIF89a/*" + struct.pack("<HH", 9, 9) + b"*/=1;alert(1)" + picture,
        "page": lambda: b"<html><script>alert(1)</script><svg onload=alert(1)>",
        "empty": lambda: b"",
    }
    return name, kinds[list(kinds)[number % len(kinds)]]()


def flipped(picture: bytes, dice: random.Random) -> bytes:
    """Return a picture whose head is damaged."""
    damaged = bytearray(picture)
    for _ in range(60):
        damaged[dice.randrange(2, 300)] = dice.randrange(256)
    return bytes(damaged)


def test_malformed_uploads(studio: str, folder: Path, picture: Path) -> None:
    """None of 200 ends the studio or stays behind, and none is answered with a traceback."""
    before, failed = uploads_of(folder), 0
    told = len((folder / "log").read_text())
    # Some at a time, none of them the same; by plain HTTP, as the client takes longer than we do.
    for begin in range(0, 200, 8):
        files = [malformed(number, picture.read_bytes()) for number in range(begin, begin + 8)]
        for (name, _), path in zip(files, upload(studio, files), strict=True):
            message = refusal(studio, path)
            assert "Traceback" not in message
            assert "Something went wrong" not in message, (begin, name)
            failed += bool(message)
    assert failed > 150
    assert before  # the uploads of other tests: this is where they are
    assert len(uploads_of(folder) - before) <= 200 - failed
    assert "Traceback" not in (folder / "log").read_text()[told:]


def refusal(studio: str, path: str) -> str:
    """Return what a studio says of a picture that it does not take; nothing if it does."""
    data = [one(path), [], "mosaic", {"size": 96, "method": "fast"}]
    *_, event, answer = answered(studio, "stylize", data)
    if event == "event: complete":
        return ""
    assert event == "event: error"
    message = json.loads(answer.removeprefix("data: "))["error"]
    assert isinstance(message, str)
    return message


def uploads_of(folder: Path) -> set[Path]:
    return {p for p in (folder / "tmp").rglob("*") if p.is_file() and "uploads" in p.parts}


def test_an_upload_that_is_too_large_is_refused(studio: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    with pytest.raises((urllib.error.HTTPError, urllib.error.URLError)):
        post(
            studio,
            "upload",
            body + bytes(8_000_000) + b"\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        )


def test_eight_at_once(studio: str, tmp_path: Path) -> None:
    """Every request is answered, and nobody gets what is somebody else's."""
    answers: dict[int, Any] = {}

    def visit(number: int) -> None:
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (64 + 8 * number, 64), (20 * number, 90, 200 - 20 * number)).save(path)
        client = Client(studio, verbose=False)
        for _ in range(3):
            made, recipe = stylize(client, path, method="fast", size=64 + 8 * number)
            answers.setdefault(number, []).append(
                (Image.open(made).size, recipe["content"]["name"])
            )
        client.close()

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert answers == {n: [((64 + 8 * n, 64), f"{n}.png")] * 3 for n in range(8)}


def test_a_studio_beside_another_ends_in_the_middle_of_a_work(
    studio: str, tmp_path: Path, picture: Path
) -> None:
    with running(tmp_path) as url:
        # A port that is taken is answered with the next one.
        assert url != studio
        client = Client(url, verbose=False)
        settings = {"size": 96, "time": 60}
        job = client.submit(handle_file(picture), [], "mosaic", settings, api_name="/paint")
        for _ in job:
            break
    client.close()


def test_a_studio_with_a_password(tmp_path: Path) -> None:
    with running(tmp_path, "--auth", "ann:secret", "--public") as url:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{url}gradio_api/info", timeout=20)
        assert caught.value.code == 401
        with pytest.raises(Exception, match=r"(?i)credential|login|auth|401"):
            Client(url, verbose=False, auth=("ann", "wrong"))
        client = Client(url, verbose=False, auth=("ann", "secret"))
        assert client.predict(api_name="/styles")
        client.close()
