"""Small looks to choose from, and plans of large works."""

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from impasto.batch.looks import USUAL, vary
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.images import read_recipe
from impasto.runs import Plan, Stage, State
from impasto.settings import Settings
from impasto.studio import StudioOptions, exploring
from impasto.studio.atelier import Atelier
from impasto.studio.exploring import ExplorePage, Looks, in_words, worth
from impasto.studio.painter import is_large, plan_in_words
from impasto.studio.painting import PaintPage

VISITOR: Any = SimpleNamespace(session_hash="session", username=None, client=None)
PLAN = Plan([Stage((640, 480), 26, "pocket")], 2**30, 130, "cpu, 2 threads")


@pytest.fixture
def page(tmp_path: Path) -> Iterator[ExplorePage]:
    atelier = Atelier(StudioOptions(history=tmp_path / "history", public=True))
    with gr.Blocks():
        yield ExplorePage(atelier, PaintPage(atelier, gr.BrowserState("")), gr.Tabs())
    atelier.close()


def test_what_is_checked_is_varied_whatever_the_page_says_of_it() -> None:
    said = Settings(style_loss="nnfm", strength=0.5, content_weight=0.3)
    plain, axes = worth(said, ["style_loss", "strength"])
    assert axes == {name: USUAL[name] for name in ("style_loss", "strength")}
    cells = vary(plain, axes)
    assert len(cells) == 4
    assert {cell.settings.content_weight for cell in cells} == {0.3}
    assert worth(Settings(method="fast"), ["style_loss"])[1] == {}


def test_a_look_is_chosen(page: ExplorePage) -> None:
    changes = {"style_loss": "swd", "color": "match", "style_scale": 1.0, "strength": 0.6}
    event: Any = SimpleNamespace(index=0)
    chosen = page._choose([{"name": "07", "changes": changes}], event)
    painting = page.painting
    assert chosen[painting.strength] == 0.6
    assert chosen[painting.color] == "match"
    assert chosen[painting.advanced["style_loss"]] == "swd"
    assert chosen[painting.advanced["style_scale"]] == ""  # the default
    assert "07: swd, color match, scale 1.0, strength 0.6" in chosen[page.status]
    large = page._large(VISITOR, chosen[page.chosen], 1024)
    assert large[painting.size] == 1024
    assert large[painting.strength] == 0.6
    with pytest.raises(ImageError, match="not there any more"):
        page._choose([], event)
    with pytest.raises(ImageError, match="choose a look first"):
        page._large(VISITOR, None, 1024)


def test_looks_come_one_by_one(
    page: ExplorePage, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exploring, "sketched", lambda said: said.updated(size=64))
    order = page.atelier.order(str(picture), ["gallery:mosaic"], {"method": "fast"})
    looks = Looks(page.atelier, order, order.settings, {"strength": [0.5, 1]})
    painted = looks.painted()
    assert not looks.shown()
    assert not looks.listed()
    next(painted)
    assert looks.listed() == [{"name": "01", "changes": {"strength": 0.5}}]
    ((path, label),) = looks.shown()
    assert label == "01 strength 0.5"
    assert read_recipe(path)["settings"]["strength"] == 0.5
    assert len(list(painted)) == 1
    names = zipfile.ZipFile(looks.zipped()).namelist()
    assert names == ["01.json", "01.png", "02.json", "02.png", "looks.png"]


@pytest.mark.parametrize(
    "axes", [{"init": ["/etc/passwd"]}, {"keep": ["/etc/passwd"]}, {"size": [64, 9000]}]
)
def test_what_is_varied_is_checked(page: ExplorePage, picture: Path, axes: dict[str, Any]) -> None:
    order = page.atelier.order(str(picture), ["gallery:mosaic"], {})
    with pytest.raises(SettingsError, match=r"no names of files|at most 2048"):
        Looks(page.atelier, order, order.settings, {"strength": [0.5, 1], **axes})


def test_words_of_a_look() -> None:
    assert in_words({"style_loss": "gram", "style_scale": 0.6}) == "gram, scale 0.6"


def test_what_is_large() -> None:
    assert not is_large(Settings(size=1024))
    assert is_large(Settings(size=1088))
    assert is_large(Settings(size=512, encoder="vgg19"))
    assert not is_large(Settings(size=2048, method="fast"))
    assert not is_large(Settings(size=2048, time=20))


def test_a_plan_in_words() -> None:
    words = plan_in_words(PLAN, 10)
    assert "about 2 min 10 s and 1.0 GiB; cpu, 2 threads" in words
    assert "640x480: 26 steps of pocket" in words
    assert "ended after 1.5 minutes" in plan_in_words(PLAN, 1.5)
    assert "ended" not in words


def test_a_plan_is_told_before_and_what_does_not_fit_is_refused(
    page: ExplorePage, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter, asked = page.painting.painter, []

    def plan(who: str, order: object) -> Plan:
        asked.append(order)
        return PLAN

    monkeypatch.setattr(page.atelier.engine, "plan", plan)
    small, large = (
        page.atelier.order(str(picture), ["gallery:mosaic"], {"size": size, "steps": [1]})
        for size in (64, 1100)
    )
    assert painter.plan(VISITOR, lambda: small) == ""
    assert asked == []
    assert painter.plan(VISITOR, lambda: large).startswith("**This will take about 2 min")

    def states(_: object) -> Iterator[State]:
        time.sleep(1)
        return iter(())

    monkeypatch.setattr(page.atelier.engine, "run", lambda _: SimpleNamespace(plan=PLAN))
    monkeypatch.setattr(page.atelier.engine, "steps", states)
    told = [shown.get(painter.view.plan) for shown in painter.painted(VISITOR, "", large)]
    assert any(words and "2 min 10 s" in words for words in told)
    assert told[-1] == ""

    def full(*_: object) -> Plan:
        raise ImpastoError("painting needs about 9.0 GB of memory and 1.0 GB are free: try size 64")

    for name in ("plan", "run"):
        monkeypatch.setattr(page.atelier.engine, name, full)
    assert "needs about 9.0 GB" in painter.plan(VISITOR, lambda: large)
    with pytest.raises(ImpastoError, match="needs about"):
        list(painter.painted(VISITOR, "", large))


@pytest.mark.parametrize("axes", [{"size": [2048, 512]}, {"steps": [[500], [2]]}])
def test_looks_stay_small_and_short(
    page: ExplorePage, picture: Path, axes: dict[str, list[Any]]
) -> None:
    order = page.atelier.order(str(picture), ["gallery:mosaic"], {"steps": [1000]})
    with pytest.raises(SettingsError, match="sketch"):
        Looks(page.atelier, order, order.settings, axes)
    kept = Looks(page.atelier, order, order.settings, {"strength": [0.5, 1]})
    assert all(sum(cell.settings.steps or ()) < 50 for cell in kept.cells)
