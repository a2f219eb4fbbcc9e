"""What the brush paints becomes masks, and what it was told that is none does not."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from tests.studio.test_uploads import bomb

from impasto.errors import ImageError, SettingsError
from impasto.images import open_picture
from impasto.images.faces import Face
from impasto.images.masks import open_mask
from impasto.settings import Settings
from impasto.studio import StudioOptions
from impasto.studio import brush as module
from impasto.studio.atelier import Atelier
from impasto.studio.brush import Brush
from impasto.studio.painting import PaintPage
from impasto.studio.regions import Regions

CHOSEN: list[dict[str, Any]] = [
    {"path": f"/styles/{name}.png", "name": name, "weight": 1.0} for name in ("waves", "mosaic")
]


@pytest.fixture
def brush(tmp_path: Path) -> Iterator[Brush]:
    """Of a studio for strangers."""
    atelier = Atelier(StudioOptions(history=tmp_path / "history", public=True))
    with gr.Blocks():
        yield Brush(atelier)
    atelier.close()


def layer(left: int = 10, right: int = 60) -> str:
    """Return what the page says of a stripe."""
    mask = np.zeros((128, 128), np.float32)
    mask[:, left:right] = 1
    return module._inline(mask)


def said(picture: Path, **layers: object) -> dict[str, Any]:
    return {"of": module._mark(picture), "layers": layers}


def role(number: int) -> str:
    return module._role(CHOSEN[number]["path"])


def test_an_empty_brush_is_no_mask(brush: Brush, picture: Path) -> None:
    empty = module._inline(np.zeros((128, 128), np.float32))
    for painted in (None, {}, said(picture), said(picture, keep=""), said(picture, keep=empty)):
        regions = brush.regions(painted, str(picture), CHOSEN)
        assert regions.files == {}
        assert regions.put_into(Settings(method="fast")) == Settings(method="fast")
    assert brush.regions(said(picture, keep=layer()), None, CHOSEN).files == {}


def test_what_is_painted_is_the_mask(brush: Brush, picture: Path) -> None:
    painted = said(picture, **{"keep": layer(0, 30), role(1): layer(64, 128)})
    regions = brush.regions(painted, str(picture), CHOSEN)
    assert list(regions.files) == ["keep", "mask-2"]
    settings = regions.put_into(Settings(seed=3))
    assert settings.keep == str(regions.keep)
    assert settings.masks == ("rest", str(regions.styles[1]))
    mask = open_mask(regions.files["mask-2"], (256, 256))
    assert mask[:, 136:].min() == 1
    assert mask[:, :120].max() == 0
    assert brush.filled(picture, CHOSEN, regions)["layers"] == painted["layers"]


def test_it_belongs_to_one_picture_and_to_styles_that_are_chosen(
    brush: Brush, picture: Path, tmp_path: Path
) -> None:
    other = open_picture(picture, max_size=64).save(tmp_path / "other.png")
    painted = said(picture, **{role(0): layer()})
    assert brush.regions(painted, str(other), CHOSEN).files == {}
    assert brush.regions(painted, str(picture), CHOSEN[1:]).files == {}
    assert list(brush.regions(painted, str(picture), CHOSEN[::-1]).files) == ["mask-2"]
    shown = brush.shown(str(picture), CHOSEN, painted)
    assert shown is not None
    assert shown["layers"] == painted["layers"]
    assert [each["role"] for each in shown["brushes"]] == ["keep", role(0), role(1)]
    assert shown["picture"].startswith("data:image/jpeg")
    assert (brush.shown(str(other), CHOSEN, painted) or {})["layers"] == {}
    assert brush.shown(None, CHOSEN, painted) is None


@pytest.mark.parametrize(
    "layers",
    [
        {"keep": 7},
        {"keep": "/etc/passwd"},
        {"keep": "data:image/png;base64,!"},
        {"keep": "data:image/png;base64,aGVsbG8="},
        {"keep": "A" * 3_000_000},
        {"keep": "data:image/png;base64," + base64.b64encode(bomb(30_000, 30_000)).decode()},
    ],
)
def test_what_is_no_mask_is_refused(brush: Brush, picture: Path, layers: dict[str, Any]) -> None:
    painted = said(picture, **layers)
    with pytest.raises(ImageError) as caught:
        brush.regions(painted, str(picture), CHOSEN)
    assert "/" not in str(caught.value)
    left = [path.name for path in brush.atelier.folder.rglob("*") if path.is_file()]
    assert "layer.png" not in left


def test_painted_and_named_is_one_too_many() -> None:
    with pytest.raises(SettingsError, match="painted and named"):
        Regions(keep=Path("keep.png")).put_into(Settings(keep="faces"))
    with pytest.raises(SettingsError, match="does nothing with method fast"):
        Regions(keep=Path("keep.png")).put_into(Settings(method="fast"))


def test_faces_stay_besides_what_stays(
    brush: Brush, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Face] = []
    monkeypatch.setattr(module, "find_faces", lambda _: found)
    with pytest.raises(ImageError, match="no face was found"):
        brush._faces(str(picture), [], None)
    found.append(Face(0.3, 0.65, 0.3, 0.3))
    painted = brush._faces(str(picture), [], said(picture, keep=layer(0, 30)))
    keep = open_mask(brush.regions(painted, str(picture), []).files["keep"], (128, 128))
    assert keep[:, :30].min() == 1
    assert keep[58, 102] == pytest.approx(0.7, abs=0.01)


def test_masks_are_kept_and_painted_again(picture: Path, tmp_path: Path) -> None:
    atelier = Atelier(StudioOptions(history=tmp_path / "history", public=True))
    with gr.Blocks():
        page = PaintPage(atelier, gr.BrowserState(""))
    styles = atelier.found(["gallery:mosaic"])
    chosen = [{"path": styles[0], "name": "mosaic", "weight": 1.0}]
    controls = [each.value for each in page.advanced.values()]
    steps = list(page.advanced).index("steps")
    controls[steps] = "3"
    painted = said(picture, keep=layer(0, 64))
    order = page.order(str(picture), chosen, [1.0, 64, "style", painted, *controls])
    visitor: Any = type("Visitor", (), {"session_hash": "s", "username": None, "client": None})()
    *_, shown, _ = page.painter.painted(visitor, "token", order)
    last = shown[page.view.last]
    # What stays is the photograph, and the recipe says by which mask.
    result = open_picture(last["result"]).to_array()
    small = open_picture(picture).resized(64).to_array()
    assert np.abs(result.astype(int) - small)[:, :30].max() <= 3
    assert np.abs(result.astype(int) - small)[:, 34:].max() > 20
    assert shown[page.view.recipe]["keep"]["name"] == "keep.png"
    assert page._enlarged(last, 128).regions == order.regions
    (entry,) = atelier.history.entries("token token")
    assert entry.regions.keep is not None
    assert entry.regions.keep.parent == entry.folder
    copies = [Path(atelier.shelf.copied(path)) for path in (entry.content, *entry.styles)]
    filled = page.fill(entry, dict(zip([entry.content, *entry.styles], copies, strict=True)))
    assert filled[page.brush.canvas]["layers"].keys() == {"keep"}
    again = page.brush.regions(
        filled[page.brush.canvas], str(copies[0]), filled[page.styles.chosen]
    )
    assert again.keep is not None
    assert again.keep.read_bytes() == entry.regions.keep.read_bytes()
    atelier.close()
