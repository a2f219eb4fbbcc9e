"""What the studio does for a visitor who asks for it."""

import io
import json
import time
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image
from tests.studio.conftest import Client, opened

import impasto
from impasto.batch import explore
from impasto.images import save_animation
from impasto.settings import FIELDS
from impasto.studio.bodies import LEFT_OUT
from impasto.studio.studio import Studio
from impasto.video.pictures import open_reader
from impasto.video.writers import recipe_in

MOSAIC = [{"name": "mosaic"}]
QUICK = {"method": "fast", "size": 96}


def pixels(answer_content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(answer_content)).convert("RGB")).astype(int)


def test_it_says_what_it_is(client: Client) -> None:
    about = client.get("/api/studio").json()
    assert about["max_size"] == 2048
    assert client.get("/api/openapi.json").json()["info"]["title"] == "impasto studio"


def test_it_is_healthy_once_it_has_warmed_up(tmp_path: Path) -> None:
    with opened(tmp_path, warm=True) as client:
        busy_until = time.monotonic() + 60  # 0: another picture is being painted
        while not (seconds := client.get("/api/health").json()["seconds"]):
            assert time.monotonic() < busy_until
            time.sleep(0.02)
        assert seconds < 30
        studio: Studio = client.app._app.state.studio  # type: ignore[attr-defined]
        assert studio.engine.warm.cache_info().currsize == 3  # fast, in steps, and of a size


def test_styles_and_examples_have_pictures(client: Client) -> None:
    styles = {each["name"]: each for each in client.get("/api/styles").json()}
    answer = client.get("/" + styles["mosaic"]["thumbnail"])
    assert pixels(answer.content).shape[2] == 3
    for each in client.get("/api/examples").json():
        assert client.get("/" + each["picture"]).headers["content-type"] == "image/jpeg"


def test_the_settings_are_a_schema(client: Client) -> None:
    schema = client.get("/api/settings").json()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(FIELDS) - set(LEFT_OUT)
    jsonschema.validate({"size": 512, "strength": 0.5, "steps": [4, 5]}, schema)
    for wrong in ({"size": 0}, {"strength": 2}, {"nothing": 1}, {"optimizer": "none"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_a_tap_paints_at_once(client: Client, picture: Path) -> None:
    content = client.upload(picture)
    assert (content["kind"], content["width"], content["name"]) == ("picture", 128, "cat.jpg")
    body = {"content": content["id"], "styles": MOSAIC, "settings": {"size": 96}}
    answer = client.post("/api/paint", json=body)
    assert answer.headers["content-type"] == "image/jpeg"
    assert float(answer.headers["x-impasto-seconds"]) > 0
    expected = impasto.stylize(picture, "mosaic", method="fast", size=96).to_array().astype(int)
    assert abs(pixels(answer.content) - expected).mean() < 4  # JPEG


def test_without_a_size_a_picture_keeps_its_own(tmp_path: Path, picture: Path) -> None:
    with opened(tmp_path, max_size=96) as client:
        content = client.upload(picture)
        body = {"content": content["id"], "styles": MOSAIC}
        assert max(pixels(client.post("/api/paint", json=body).content).shape) == 96
    with opened(tmp_path, max_size=512) as client:
        content = client.upload(picture)
        body["content"] = content["id"]
        answer = client.post("/api/paint", json=body)
        assert pixels(answer.content).shape == (content["height"], content["width"], 3)
        refused = client.post("/api/paint", json={**body, "settings": {"size": "original"}})
        assert refused.status_code == 400


def test_a_photograph_is_decoded_once_for_all_taps(tmp_path: Path, picture: Path) -> None:
    with opened(tmp_path) as client:
        content = client.upload(picture)["id"]
        body = {"content": content, "styles": MOSAIC, "settings": {"size": 96}}
        assert client.post("/api/paint", json=body).status_code == 200
        (decoded,) = (tmp_path / "files" / "kept" / content).glob("*.png")
        decoded.unlink()
        body["styles"] = [{"name": "waves"}]
        assert client.post("/api/paint", json=body).status_code == 200
        assert client.post("/api/paint", json={**body, "content": "other"}).status_code == 404


def test_a_run_is_what_the_library_makes_and_is_kept(tmp_path: Path, picture: Path) -> None:
    settings = {"size": 64, "min_size": 64, "steps": [3], "seed": 5}
    with opened(tmp_path) as client:
        content = client.upload(picture)["id"]
        run = {"kind": "picture", "content": content, "styles": MOSAIC, "settings": settings}
        state = client.run_to_the_end(**run)
        assert (state["state"], state["done"], state["message"]) == ("done", 3, "Done")
        made = client.get("/" + state["result"])
        assert 'filename="cat-mosaic.png"' in made.headers["content-disposition"]
        decoded = tmp_path / "cat.png"
        decoded.write_bytes(client.get(f"/api/files/{content}").content)
        expected = impasto.stylize(decoded, "mosaic", **settings)  # type: ignore[arg-type]
        np.testing.assert_array_equal(pixels(made.content), expected.to_array())
        assert client.get("/" + state["preview"]).headers["content-type"] == "image/jpeg"
        (entry,) = client.get("/api/history").json()
        assert entry["id"] == state["history"]
        assert entry["command"].startswith("impasto stylize cat.jpg mosaic --size 64")
        recipe = client.get(f"/api/history/{entry['id']}/recipe").json()
        assert recipe["content"] == expected.recipe["content"]  # type: ignore[index]
        kept = client.get(f"/api/history/{entry['id']}/content").content
        assert kept == decoded.read_bytes()
        assert client.get("/" + entry["process"]).headers["content-type"] == "image/webp"
        again = client.post(f"/api/history/{entry['id']}/open").json()
        assert (again["styles"], again["settings"]) == (MOSAIC, settings)
        repeated = client.run_to_the_end(
            kind="picture", **{**again, "content": again["content"]["id"]}
        )
        second = pixels(client.get("/" + repeated["result"]).content)
        np.testing.assert_array_equal(second, pixels(made.content))
        assert client.delete(f"/api/history/{entry['id']}").status_code == 204
        assert len(client.get("/api/history").json()) == 1
    with opened(tmp_path) as client:
        assert len(client.get("/api/history").json()) == 1


def test_parts_take_styles_of_their_own(client: Client, picture: Path, tmp_path: Path) -> None:
    half = Image.new("L", (128, 128))
    half.paste(255, (0, 0, 128, 64))
    half.save(tmp_path / "half.png")
    content, mask = client.upload(picture)["id"], client.upload(tmp_path / "half.png")["id"]
    settings = {"size": 64, "min_size": 64, "steps": [2]}
    body = {"kind": "picture", "content": content, "styles": MOSAIC, "settings": settings}
    kept = pixels(client.get("/" + client.run_to_the_end(**body, keep=mask)["result"]).content)
    original = np.asarray(Image.open(picture).resize((64, 64), Image.Resampling.LANCZOS)).astype(
        int
    )
    assert abs(kept[:28] - original[:28]).mean() < 4 < abs(kept[36:] - original[36:]).mean()
    two = [{"name": "mosaic", "mask": mask}, {"name": "waves"}]
    state = client.run_to_the_end(**{**body, "styles": two})
    recipe = client.get(f"/api/history/{state['history']}/recipe").json()
    assert recipe["settings"]["masks"][1] == "rest"


def test_regions_are_found(client: Client, tmp_path: Path) -> None:
    photo = np.full((96, 128, 3), (90, 60, 30), np.uint8)
    photo[:40] = (120, 170, 230)
    Image.fromarray(photo).save(tmp_path / "sky.png")
    address = f"/api/files/{client.upload(tmp_path / 'sky.png')['id']}/regions"
    found = pixels(client.get(f"{address}/sky").content)
    assert found[:36].min() > 200 > 50 > found[44:].max()
    assert client.get(f"{address}/etc").status_code == 422
    Image.fromarray(photo[::-1].copy()).save(tmp_path / "none.png")
    none = client.upload(tmp_path / "none.png")["id"]
    answer = client.get(f"/api/files/{none}/regions/face")
    assert (answer.status_code, "o face was found" in answer.json()["error"]) == (400, True)


def test_looks(client: Client, picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = client.run_to_the_end(
        kind="explore",
        content=client.upload(picture)["id"],
        styles=MOSAIC,
        settings=QUICK,
        vary={"strength": [0.5, 1.0]},
    )
    assert [each["settings"] for each in state["items"]] == [{"strength": 0.5}, {"strength": 1.0}]
    assert client.get("/" + state["items"][0]["thumbnail"]).status_code == 200
    with zipfile.ZipFile(io.BytesIO(client.get("/" + state["result"]).content)) as file:
        assert file.namelist() == ["01.json", "01.png", "02.json", "02.png"]
    wrong = {"kind": "explore", "content": client.upload(picture)["id"], "styles": MOSAIC}
    state = client.run_to_the_end(
        **wrong, settings={"quality": "draft", "color": "content", "size": 64}
    )
    drafts = state["items"]
    assert len(drafts) == 6
    with zipfile.ZipFile(io.BytesIO(client.get("/" + state["result"]).content)) as file:
        assert json.loads(file.read("06.json"))["settings"]["color"] == "content"
    assert (
        len({(each["settings"]["style_scale"], each["settings"]["strength"]) for each in drafts})
        == 6
    )
    monkeypatch.setattr(explore, "_PREVIEW_STEPS", 1)
    state = client.run_to_the_end(
        **wrong, settings={"style_scale": 0.7, "size": 64, "min_size": 64}
    )
    titles = [each["title"] for each in state["items"]]
    assert titles == ["as it comes", "bold", "fine", "faithful", "abstract", "soft"]
    scales = [each["settings"]["style_scale"] for each in state["items"]]
    assert scales == [1.0, 2.0, 0.5, 1.0, 1.3, 1.0]
    answer = client.post("/api/runs", json={**wrong, "vary": {"size": [512, 1024]}})
    assert "Variants are small previews" in answer.json()["error"]


def test_many_pictures_in_many_styles(client: Client, picture: Path) -> None:
    contents = [client.upload(picture)["id"] for _ in range(2)]
    styles = [*MOSAIC, {"file": contents[0]}]
    state = client.run_to_the_end(kind="batch", contents=contents, styles=styles, settings=QUICK)
    assert [each["title"] for each in state["items"]] == ["cat-mosaic", "cat-cat"] * 2
    with zipfile.ZipFile(io.BytesIO(client.get("/" + state["result"]).content)) as file:
        assert len(file.namelist()) == 4
    chosen = {"quality": "good", "size": 64, "steps": [1]}
    body = {"kind": "batch", "contents": contents[:1], "styles": MOSAIC, "settings": chosen}
    assert len(client.run_to_the_end(**body)["items"]) == 1


def test_pictures_of_a_batch_have_their_own_size_as_far_as_allowed(
    tmp_path: Path, picture: Path
) -> None:
    Image.open(picture).crop((0, 0, 48, 32)).save(tmp_path / "small.png")
    with opened(tmp_path, max_size=64) as client:
        contents = [client.upload(each)["id"] for each in (picture, tmp_path / "small.png")]
        body = {"kind": "batch", "contents": contents, "styles": MOSAIC}
        items = client.run_to_the_end(**body, settings={"method": "fast"})["items"]
        painted = [client.get("/" + each["picture"]).content for each in items]
    assert [Image.open(io.BytesIO(each)).size for each in painted] == [(64, 64), (48, 32)]


def test_a_video_is_no_larger_than_allowed(tmp_path: Path) -> None:
    clip = save_animation([np.zeros((72, 96, 3), np.uint8)] * 2, tmp_path / "clip.mp4", fps=5)
    with opened(tmp_path, max_size=64) as client:
        body = {"kind": "video", "clip": client.upload(clip)["id"], "styles": MOSAIC}
        state = client.run_to_the_end(**body)
        (tmp_path / "made.mp4").write_bytes(client.get("/" + state["result"]).content)
    frame = next(iter(open_reader(str(tmp_path / "made.mp4")).frames()))
    assert frame.pixels.shape == (48, 64, 3)


def test_a_video(client: Client, tmp_path: Path) -> None:
    frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)]
    clip = client.upload(save_animation(frames, tmp_path / "clip.mp4", fps=5))
    assert (clip["kind"], clip["width"]) == ("clip", 64)
    state = client.run_to_the_end(
        kind="video", clip=clip["id"], styles=MOSAIC, settings={"strength": 0.5}
    )
    assert state["state"] == "done", state
    assert state["done"] >= 3  # the last one is held
    made = client.get("/" + state["result"])
    assert made.headers["content-type"] == "video/mp4"
    assert made.content[4:8] == b"ftyp"


def test_a_video_of_best_quality_is_optimized(client: Client, tmp_path: Path) -> None:
    frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(2)]
    clip = client.upload(save_animation(frames, tmp_path / "clip.mp4", fps=5))["id"]
    body = {"kind": "video", "clip": clip, "styles": MOSAIC}
    state = client.run_to_the_end(**body, settings={"quality": "best", "steps": [2]})
    assert state["state"] == "done", state
    made = tmp_path / "painted.mp4"
    made.write_bytes(client.get("/" + state["result"]).content)
    settings = recipe_in(made)["settings"]
    assert (settings["method"], settings["steps"]) == ("optimize", [2])
    for wrong in ({"quality": "best", "method": "fast"}, {"keyframes": "/etc/passwd"}):
        answer = client.post("/api/runs", json={**body, "settings": wrong})
        assert (answer.status_code, next(iter(wrong)) in answer.json()["error"].lower()) == (
            400,
            True,
        )


def test_regions_are_refused_where_each_picture_has_one_style(
    client: Client, picture: Path
) -> None:
    body = {"kind": "batch", "contents": [client.upload(picture)["id"]], "styles": MOSAIC * 2}
    answer = client.post("/api/runs", json={**body, "settings": {"masks": ["sky", "rest"]}})
    said = "Masks has several, but here each picture has one style: name one"
    assert (answer.status_code, answer.json()["error"]) == (400, said)


def test_a_mask_holds_in_a_video_and_is_refused_where_it_would_do_nothing(
    client: Client, tmp_path: Path
) -> None:
    frames = [np.full((64, 64, 3), (200, 40, 40), np.uint8)] * 2
    clip = client.upload(save_animation(frames, tmp_path / "clip.mp4", fps=5))["id"]
    half = Image.new("L", (64, 64))
    half.paste(255, (0, 0, 64, 32))
    half.save(tmp_path / "half.png")
    mask = client.upload(tmp_path / "half.png")["id"]
    masked = [{**MOSAIC[0], "mask": mask}]
    state = client.run_to_the_end(kind="video", clip=clip, styles=masked)
    assert state["state"] == "done", state
    made = tmp_path / "painted.mp4"
    made.write_bytes(client.get("/" + state["result"]).content)
    for frame in open_reader(str(made)).frames():
        apart = np.abs(frame.pixels.astype(int) - frames[0])
        assert apart[:28].mean() > 15 > 8 > apart[36:].mean()
    half.resize((64, 16)).save(tmp_path / "flat.png")
    flat = client.upload(tmp_path / "flat.png")["id"]
    state = client.run_to_the_end(kind="video", clip=clip, styles=[{**MOSAIC[0], "mask": flat}])
    assert (state["state"], "another shape" in state["message"]) == ("failed", True), state
    assert "/" not in state["message"], state
    batch = {"kind": "batch", "contents": [mask], "styles": masked}
    for body in (batch, {"kind": "tune", "style": masked[0]}):
        answer = client.post("/api/runs", json=body)
        assert (answer.status_code, "mask" in answer.json()["error"]) == (422, True)


def test_a_kept_result_of_own_styles_is_opened_whole_or_not_at_all(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (128, 128), 255).save(tmp_path / "mask.png")
    with opened(tmp_path) as client:
        content, own = client.upload(picture)["id"], client.upload(picture)["id"]
        mask = client.upload(tmp_path / "mask.png")["id"]
        styles = [{"file": own, "weight": 0.25}, {**MOSAIC[0], "mask": mask}]
        body = {"content": content, "styles": styles, "settings": {"method": "fast", "size": 64}}
        state = client.run_to_the_end(kind="picture", **body)
        address = f"/api/history/{state['history']}/open"
        again = client.post(address).json()
        assert [each.get("weight") for each in again["styles"]] == [0.25, 1.0]
        again["content"] = again["content"]["id"]
        repeated = client.run_to_the_end(kind="picture", **again)
        first, second = (pixels(client.get("/" + s["result"]).content) for s in (state, repeated))
        np.testing.assert_array_equal(first, second)
        before = set((tmp_path / "files" / "kept").iterdir())
        monkeypatch.setattr("impasto.studio.store.MOST_THINGS", len(before))
        answer = client.post(address)
        assert (answer.status_code, "too much here" in answer.json()["error"]) == (429, True)
        # Runs have made room; of what was being opened nothing is left.
        assert set((tmp_path / "files" / "kept").iterdir()) <= before


def test_a_plan(client: Client, picture: Path) -> None:
    body = {"content": client.upload(picture)["id"], "styles": MOSAIC, "settings": QUICK}
    plan = client.post("/api/plan", json=body).json()
    assert plan["lines"][0].startswith("96x96: one pass of")


def test_frames_of_a_camera(client: Client, picture: Path) -> None:
    query = {"styles": "mosaic", "size": "64"}
    answer = client.post("/api/frame", params=query, content=picture.read_bytes())
    assert pixels(answer.content).shape == (64, 64, 3)
    for wrong in (b"", b"no picture", picture.read_bytes()[:200]):
        answer = client.post("/api/frame", params=query, content=wrong)
        assert answer.status_code == 400
        assert "JPEG" in answer.json()["error"]


def test_a_run_can_be_stopped_and_keeps_what_there_is(client: Client, picture: Path) -> None:
    settings = {"size": 64, "min_size": 64, "steps": [3000]}
    body = {"kind": "picture", "content": client.upload(picture)["id"], "styles": MOSAIC}
    id = client.post("/api/runs", json={**body, "settings": settings}).json()["id"]
    while not client.get(f"/api/runs/{id}").json()["done"]:
        time.sleep(0.05)
    client.post(f"/api/runs/{id}/stop")
    events = client.get(f"/api/runs/{id}/events").text
    state = json.loads(events.strip().splitlines()[-1].removeprefix("data: "))
    assert (state["state"], 0 < state["done"] < 3000) == ("stopped", True)
    assert client.get("/" + state["result"]).status_code == 200
    assert client.delete(f"/api/runs/{id}").status_code == 204
    assert client.get(f"/api/runs/{id}").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"content": "nothing"}, 404, "not here any more"),
        ({"styles": []}, 422, "styles"),
        ({"styles": [{"name": "nobody"}]}, 400, "there is no style 'nobody'"),
        ({"styles": [{}]}, 400, "has a name, or is the id"),
        ({"settings": {"strenght": 1}}, 400, "strength"),
        ({"settings": {"size": 99999}}, 400, "size is at most 2048"),
        ({"settings": {"weights": "/etc/passwd"}}, 400, "opens no files by name"),
        ({"settings": {"init": "/etc/passwd"}}, 400, "opens no files by name"),
        ({"settings": {"method": "/tmp/a.onnx"}}, 400, "opens no files by name"),
        ({"settings": {"method": "fast", "tune": 5}}, 400, "a job of its own"),
        ({"settings": [1]}, 422, "settings"),
        ({"extra": 1}, 422, "extra"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    client: Client, picture: Path, change: dict[str, object], status: int, message: str
) -> None:
    body = {"kind": "picture", "content": client.upload(picture)["id"], "styles": MOSAIC}
    answer = client.post("/api/runs", json={**body, "settings": {}, **change})
    assert answer.status_code == status
    said = answer.json()["error"]
    assert message.lower() in said.lower()
    assert "Traceback" not in said
