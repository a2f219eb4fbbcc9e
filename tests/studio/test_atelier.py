"""What the pages share: whose styles and works there are, and what becomes of results."""

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from impasto.errors import ImageError, MissingExtraError
from impasto.gallery.own import add_folder
from impasto.images import open_picture
from impasto.settings import Settings
from impasto.studio import StudioOptions, serve
from impasto.studio.atelier import Atelier
from impasto.studio.camera import CameraPage
from impasto.studio.clips import VideoPage
from impasto.studio.endpoints import _Endpoints
from impasto.studio.exploring import ExplorePage
from impasto.studio.many import BatchPage, Pairs
from impasto.studio.page import make_page
from impasto.studio.painting import PaintPage
from impasto.studio.past import HistoryPage
from impasto.studio.turns import Job

SMALL: dict[str, Any] = {"size": 64, "min_size": 64}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, with a style of his own."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "home"))
    own = tmp_path / "own"
    own.mkdir()
    Image.effect_noise((400, 400), 90).save(own / "secret_sketch.png")
    add_folder(own)
    return own


@pytest.fixture
def atelier(tmp_path: Path, home: Path) -> Iterator[Atelier]:
    made = Atelier(StudioOptions(history=tmp_path / "history", max_upload=0.05))
    yield made
    made.close()


def visitor(session: str = "session", host: str = "") -> Any:  # noqa: ANN401
    client = SimpleNamespace(host=host) if host else None
    return SimpleNamespace(session_hash=session, username=None, client=client)


def test_strangers_have_no_style_of_the_user(tmp_path: Path, home: Path, atelier: Atelier) -> None:
    name = "gallery:secret_sketch"
    assert atelier.found([name]) == [str(home / "secret_sketch.png")]
    public = Atelier(StudioOptions(history=tmp_path / "history", public=True))
    for asked in (name, "gallery:secret_sketc"):
        with pytest.raises(ImageError, match="there is no style") as caught:
            public.found([asked])
        assert "mean" not in str(caught.value)
    assert all(each.kind != "own" for each in public.styles())
    public.close()


def test_a_style_of_the_user_is_never_removed(home: Path, atelier: Atelier, picture: Path) -> None:
    own = home / "secret_sketch.png"
    assert own.stat().st_size > atelier.uploads.bytes
    with pytest.raises(ImageError, match="too much"):
        Pairs(atelier, [str(picture)], [str(own)], SMALL)
    assert own.exists()


def test_nothing_is_kept_for_visitors_without_a_token(tmp_path: Path) -> None:
    public = Atelier(StudioOptions(history=tmp_path / "history", public=True))
    with pytest.raises(ImageError, match="reload the page"):
        public.visitor(visitor("a"), "")
    assert public.visitor(visitor("a"), "t") == public.visitor(visitor("b"), "t")
    public.close()


def test_a_turn_is_the_address_s_whatever_session_it_names(
    atelier: Atelier, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = visitor("a", "192.0.2.1"), visitor("b", "192.0.2.1")
    assert atelier.who(one) == atelier.who(other) == "192.0.2.1"
    assert atelier.who(visitor("a")) == "a"
    asked: list[str] = []

    def noted(who: str, *_: object) -> None:
        asked.append(who)
        raise ImageError("noted")

    for name in ("start", "quick", "plan"):
        monkeypatch.setattr(atelier.engine, name, noted)
    monkeypatch.setattr(atelier.uploads, "clip", Path)
    with gr.Blocks():
        paint = PaintPage(atelier, gr.BrowserState(""))
        video, many, camera = VideoPage(atelier), BatchPage(atelier), CameraPage(atelier)
        explore = ExplorePage(atelier, paint, gr.Tabs())
    said = [1.0, 64, "style", None, *(each.value for each in paint.advanced.values())]
    chosen = [{"path": str(picture), "name": "cat", "weight": 1.0}]
    order = atelier.order(str(picture), [str(picture)], SMALL)
    works: list[Callable[[], Any]] = [
        lambda: paint._quick(one, str(picture), chosen, 1.0, 64, "style"),
        lambda: next(paint.painter.painted(one, "", order)),
        lambda: next(explore._explore(one, ["strength"], str(picture), chosen, *said)),
        lambda: next(video._paint(one, str(picture), chosen, 1.0, 0.9, 64)),
        lambda: next(many._paint(one, [str(picture)], chosen, "fast", 64)),
        lambda: camera._paint(one, np.zeros((64, 64, 3), np.uint8), chosen, 1.0),
    ]
    for work in works:
        with pytest.raises(ImageError, match="noted"):
            work()
    assert asked == ["192.0.2.1"] * len(works)


def test_a_batch_that_never_came_to_work_is_told(
    atelier: Atelier, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atelier.engine, "start", lambda *_: None)
    monkeypatch.setattr(atelier, "watched", lambda *_: iter(()))
    monkeypatch.setattr(atelier, "found", lambda _: [str(picture)])
    with pytest.raises(ImageError, match="nothing was painted"):
        _Endpoints(atelier).batch(visitor(), [str(picture)], None, None, None)


def test_a_damaged_result_leaves_the_history_usable(atelier: Atelier, picture: Path) -> None:
    made = open_picture(picture, max_size=64)
    damaged, whole = (
        atelier.history.add("", made, picture, [picture], Settings(size=64)) for _ in range(2)
    )
    damaged.thumbnail.write_text("no picture")
    with gr.Blocks():
        token = gr.BrowserState("")
        page = HistoryPage(atelier, token, PaintPage(atelier, token), gr.Tabs())
    shown, names = page._list(visitor(), "")
    assert names == [whole.name]
    assert len(shown) == 1


def test_the_page_keeps_uploads_as_long_as_results(tmp_path: Path) -> None:
    atelier = Atelier(StudioOptions(history=tmp_path / "history", minutes=60))
    page = make_page(atelier)
    assert page.delete_cache is not None
    assert page.delete_cache[1] == 7200
    now = time.monotonic()
    kept, gone = atelier.shelf.place(), atelier.shelf.place()
    atelier.shelf._results.extendleft([(now - 7000, kept), (now - 7300, gone)])
    atelier.shelf.place()
    assert kept.is_dir()
    assert not gone.exists()
    atelier.close()


def test_stop_ends_the_works_of_its_page_only(atelier: Atelier) -> None:
    def endless() -> Iterator[int]:
        for number in itertools.count():
            time.sleep(0.01)
            yield number

    jobs: list[Job[int]] = [atelier.engine.start(str(n), endless) for n in range(3)]
    pages = ("paint", "paint", "video")
    looks = [atelier.watched(visitor(), job, page) for job, page in zip(jobs, pages, strict=True)]
    for look in looks:
        next(look)
    atelier.stop(visitor("other"), "paint")
    atelier.stop(visitor(), "paint")
    assert [job._stopped.is_set() for job in jobs] == [True, True, False]
    for look in looks:
        look.close()  # type: ignore[attr-defined]
    assert not atelier._running


def test_what_is_shown_beside_previews_outlives_them(atelier: Atelier, picture: Path) -> None:
    before = atelier.shelf.small(picture)
    some = open_picture(picture, max_size=16)
    previews = [atelier.shelf.preview(some) for _ in range(80)]
    assert Path(before).is_file()
    assert not Path(previews[0]).is_file()


def test_many_pictures_can_be_ended_after_each_step(atelier: Atelier, picture: Path) -> None:
    styles = atelier.found(["gallery:strokes"])
    atelier.uploads.bytes = 10_000_000
    work = Pairs(atelier, [str(picture)], styles, {**SMALL, "steps": [5]})
    outcomes = work.outcomes()
    next(outcomes)
    assert work.done == 0
    assert len(list(outcomes)) == 4
    assert work.report() == "1 of 1 pictures painted"
    assert open_picture(work.made[0]).size == (64, 64)


def test_a_painting_that_cannot_be_kept_is_shown(
    tmp_path: Path, atelier: Atelier, picture: Path
) -> None:
    with gr.Blocks():
        page = PaintPage(atelier, gr.BrowserState(""))
    (tmp_path / "file").write_text("")
    atelier.history.folder = tmp_path / "file"
    order = atelier.order(str(picture), ["gallery:strokes"], {**SMALL, "steps": [4]})
    *_, shown, process = page.painter.painted(visitor(), "token", order)
    assert "cannot be written" in shown[page.view.status]
    assert Path(shown[page.view.last]["result"]).is_file()
    assert Path(process[page.view.plot]).is_file()


def test_a_history_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    options = StudioOptions(port=7940, history=tmp_path / "file" / "history")
    with pytest.raises(ImageError, match="cannot be written"), serve(options):
        pass


def test_an_address_of_the_newer_kind_and_surroundings_as_before(tmp_path: Path) -> None:
    before = os.environ.get("GRADIO_TEMP_DIR")
    with serve(StudioOptions(host="::1", port=7940, history=tmp_path / "history")) as url:
        assert url.startswith("http://[::1]:")
        assert os.environ["GRADIO_TEMP_DIR"] != before
    assert os.environ.get("GRADIO_TEMP_DIR") == before


def test_nobody_is_told_that_a_studio_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}
    for name in names:
        monkeypatch.delenv(name)
    monkeypatch.setitem(sys.modules, "gradio", None)  # it reads them when it is imported
    with pytest.raises(MissingExtraError), serve():
        pass
    assert names.items() <= os.environ.items()
