"""A style that was tuned: painted in whatever the quality, kept, and opened again."""

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.studio.conftest import opened

from impasto.studio import works


def test_a_tuned_style_is_painted_kept_and_opened(
    tmp_path: Path, picture: Path, style_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tuned(_style: object, _settings: object, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(style_network, folder / "tuned-1.onnx"))

    monkeypatch.setattr(works, "tuned", tuned)
    with opened(tmp_path) as client:
        content = client.upload(picture)["id"]
        style = client.run_to_the_end(kind="tune", style={"name": "mosaic"}, minutes=1)["style"]
        asked: dict[str, Any] = {"content": content, "styles": [style]}
        asked["settings"] = {"quality": "good", "size": 64}
        looks = client.run_to_the_end(kind="explore", **asked)
        assert looks["state"] == "done", looks
        both = {"contents": [content], "styles": [style, {"name": "mosaic"}]}
        batch = client.run_to_the_end(
            kind="batch", **both, settings={"quality": "good", "size": 32, "steps": [1]}
        )
        assert not any(item.get("error") for item in batch["items"]), batch
        for more in ({}, {"quality": "best", "steps": [3]}):
            asked["settings"] |= more
            made = client.run_to_the_end(kind="picture", **asked)
            assert made["state"] == "done", made
        again = client.post(f"/api/history/{made['history']}/open").json()
        assert again["settings"]["method"] == "fast"
        asked = {"content": again["content"]["id"], "styles": again["styles"]}
        answer = client.post("/api/paint", json=asked)
        assert answer.status_code == 200, answer.text
        mixed = {**asked, "styles": [*again["styles"], {"name": "mosaic"}]}
        for wrong in (mixed, {**asked, "settings": {"style_scale": 0.7}}):
            refused = client.post("/api/paint", json=wrong)
            assert refused.status_code == 400
            assert str(tmp_path) not in refused.text


def test_a_moving_gif_is_a_clip_where_one_is_asked_for(tmp_path: Path) -> None:
    content = io.BytesIO()
    frames = [Image.new("RGB", (48, 32), color) for color in ("red", "green", "blue")]
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=100)
    with opened(tmp_path) as client:
        for kind, found in (("", "picture"), ("clip", "clip")):
            file = {"file": ("moving.gif", content.getvalue())}
            answer = client.post("/api/files", params={"kind": kind}, files=file)
            assert answer.json()["kind"] == found
        asked = {"clip": answer.json()["id"], "styles": [{"name": "mosaic"}]}
        made = client.run_to_the_end(kind="video", **asked, settings={"size": 32})
        assert made["state"] == "done", made
